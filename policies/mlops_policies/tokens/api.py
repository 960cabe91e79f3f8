"""API Gateway: `aws-native` names of what the `aws` provider has."""

from __future__ import annotations

from typing import Any

from mlops_policies.tokens import Alias
from mlops_policies.values import is_unknown


def _v2_domain(props: dict[str, Any]) -> dict[str, Any]:
    """Natively a domain has a list of configurations, of which API Gateway takes one."""
    given = props.get("domainNameConfiguration")
    return {**props, "domainNameConfiguration": given[0] if isinstance(given, list) and given else given}


def _v2_stage(props: dict[str, Any]) -> dict[str, Any]:
    """Turn settings by route key into a list of settings."""
    settings = props.get("routeSettings")
    if not isinstance(settings, dict):
        return props
    turned = [value if is_unknown(value) else {"routeKey": key, **value} for key, value in settings.items()]
    return {**props, "routeSettings": turned}


ALIASES: dict[str, Alias] = {
    "aws-native:apigateway:RestApi": Alias("aws:apigateway/restApi:RestApi"),
    "aws-native:apigateway:Stage": Alias(
        "aws:apigateway/stage:Stage",
        {
            "restApiId": "restApi",
            "deploymentId": "deployment",
            "accessLogSetting": "accessLogSettings",
            "tracingEnabled": "xrayTracingEnabled",
        },
    ),
    "aws-native:apigateway:Method": Alias(
        "aws:apigateway/method:Method", {"restApiId": "restApi", "authorizationType": "authorization"}
    ),
    "aws-native:apigateway:DomainName": Alias("aws:apigateway/domainName:DomainName"),
    "aws-native:apigateway:DomainNameV2": Alias("aws:apigateway/domainName:DomainName"),
    "aws-native:apigatewayv2:Api": Alias("aws:apigatewayv2/api:Api"),
    "aws-native:apigatewayv2:Stage": Alias("aws:apigatewayv2/stage:Stage", {"stageName": "name"}, _v2_stage),
    "aws-native:apigatewayv2:Route": Alias("aws:apigatewayv2/route:Route"),
    "aws-native:apigatewayv2:DomainName": Alias(
        "aws:apigatewayv2/domainName:DomainName", {"domainNameConfigurations": "domainNameConfiguration"}, _v2_domain
    ),
}
