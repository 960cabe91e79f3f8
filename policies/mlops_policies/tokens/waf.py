"""WAF: `aws-native` names of what the `aws` provider has."""

from __future__ import annotations

from typing import Any

from mlops_policies.tokens import Alias


def _web_acl(props: dict[str, Any]) -> dict[str, Any]:
    metrics = props.get("visibilityConfig")
    if not isinstance(metrics, dict):
        return props
    return {
        **props,
        "visibilityConfig": {**metrics, "cloudwatchMetricsEnabled": metrics.get("cloudWatchMetricsEnabled")},
    }


ALIASES: dict[str, Alias] = {
    "aws-native:wafv2:WebAcl": Alias("aws:wafv2/webAcl:WebAcl", {}, _web_acl),
    "aws-native:wafv2:WebAclAssociation": Alias("aws:wafv2/webAclAssociation:WebAclAssociation"),
    "aws-native:wafv2:LoggingConfiguration": Alias("aws:wafv2/webAclLoggingConfiguration:WebAclLoggingConfiguration"),
}
