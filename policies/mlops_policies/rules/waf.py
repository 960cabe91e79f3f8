"""Web ACLs: what they stop, and what they log."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from mlops_policies.resource import Resource
from mlops_policies.rule import Use, stack_rule
from mlops_policies.stack import Stack
from mlops_policies.values import UnknownValue
from mlops_policies.verdicts import Verdict, not_evaluated

WEB_ACL = "aws:wafv2/webAcl:WebAcl"
ACL_RULE = "aws:wafv2/webAclRule:WebAclRule"
GROUP_ASSOCIATION = "aws:wafv2/webAclRuleGroupAssociation:WebAclRuleGroupAssociation"
LOGGING = "aws:wafv2/webAclLoggingConfiguration:WebAclLoggingConfiguration"
_CONTROLS = "https://docs.aws.amazon.com/securityhub/latest/userguide/waf-controls.html"
_GUIDE = "https://docs.aws.amazon.com/waf/latest/developerguide/"


@stack_rule(
    "waf-has-rules",
    on=[WEB_ACL],
    title="Web ACLs have rules, one of which limits the rate of requests, and are measured.",
    severity="high",
    level="mandatory",
    why="A web ACL without rules stops nothing; without a rate limit one caller can run up the bill of inferences.",
    fix="Add managed rule groups and a rate-based rule that blocks, and switch the metrics on",
    source=(f"{_CONTROLS}#waf-10", f"{_GUIDE}waf-rule-statement-type-rate-based.html"),
)
def has_rules(it: Resource, stack: Stack, use: Use) -> Iterator[Verdict]:
    """Rules count in all forms: `rules`, `ruleJson`, and as resources of their own. A rate-based rule that only counts
    limits nothing. The limit may be within a rule group, which is not looked into."""
    yield it.equals("visibilityConfig.cloudwatchMetricsEnabled", True, default=False)
    try:
        separate = stack.referring(it, ACL_RULE, by="webAclArn")
        rules = [*_listed(it), *(rule.value for rule in separate)]
        groups = stack.referring(it, GROUP_ASSOCIATION, by="webAclArn")
    except UnknownValue as unknown:
        yield not_evaluated(unknown.path)
        return
    if not rules and not groups:
        yield it.fails("rules", "is empty")
    elif not any(_limits_rate(rule) for rule in rules):
        it.whole("rules")
        for rule in separate:
            rule.whole("statement")
        yield it.fails("rules", "have no rate-based one that blocks")


def _listed(it: Resource) -> list[Any]:
    return [*(it.document("ruleJson") or []), *(it.get("rules") or [])]


def _limits_rate(rule: Any) -> bool:
    """Whether a rule has a rate-based statement and does more than count; in JSON text all names begin in capitals."""
    if not isinstance(rule, Mapping):
        return False
    statement, action = (rule.get(name, rule.get(name.capitalize())) for name in ("statement", "action"))
    if not isinstance(statement, Mapping):
        return False
    counts = isinstance(action, Mapping) and any(kind.lower() == "count" for kind in action)
    return not counts and any(kind.lower() == "ratebasedstatement" and value for kind, value in statement.items())


@stack_rule(
    "waf-logging",
    on=[WEB_ACL],
    title="Web ACLs log requests, without their credentials.",
    severity="low",
    level="advisory",
    why="Without a log nobody can tell an attack from a rule that is too strict; a log with tokens is a theft to come.",
    fix="Add a logging configuration that redacts the authorization header",
    source=(f"{_CONTROLS}#waf-11", f"{_GUIDE}logging.html"),
)
def logs(it: Resource, stack: Stack, use: Use) -> Iterator[Verdict]:
    """Header names are compared in lower case, as WAF does."""
    configurations = stack.referring(it, LOGGING, by="resourceArn")
    if not configurations:
        yield it.fails("", "the web ACL has no logging configuration")
    for configuration in configurations:
        headers = [field.get("singleHeader.name") for field in configuration.items("redactedFields")]
        if "authorization" not in [str(header).lower() for header in headers]:
            yield it.fails("", f"the logging configuration {configuration.name} does not redact authorization")
