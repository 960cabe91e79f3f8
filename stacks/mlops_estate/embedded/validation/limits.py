"""Documented limits that the service models lack: a small table, each rule with its source.

A rule looks at one operation's parameters and yields faults; it may rely on the types, which `check_model` has checked.
"""

from __future__ import annotations

import ipaddress
import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from mlops_estate.embedded.validation.model import CallFault

Rule = Callable[[Mapping[str, Any]], Iterator[CallFault]]
RULES: dict[tuple[str, str], list[Rule]] = {}


def check_limits(service: str, operation: str, params: Mapping[str, Any]) -> list[CallFault]:
    """Return the faults of a call by the documented limits of its operation."""
    return [fault for rule in RULES.get((service, operation), ()) for fault in rule(params)]


def _rule(service: str, *operations: str) -> Callable[[Rule], Rule]:
    def register(rule: Rule) -> Rule:
        for operation in operations:
            RULES.setdefault((service, operation), []).append(rule)
        return rule

    return register


def _between(value: Any, low: float, high: float, path: str, source: str, what: str) -> Iterator[CallFault]:
    if value is not None and not low <= value <= high:
        yield CallFault(path, value, f"{what} must be {low} to {high}", f"{low} to {high}", "limit", source)


GUARDRAILS = "SageMaker Developer Guide, Deployment guardrails"


def _waits(routing: Mapping[str, Any]) -> float:
    """Return the seconds that the shifts of a blue/green deployment wait in all."""
    wait = routing.get("WaitIntervalInSeconds", 0)
    if routing.get("Type") == "LINEAR":
        step = (routing.get("LinearStepSize") or {}).get("Value") or 100
        return float(wait * -(-100 // step))
    return float(wait * (2 if routing.get("Type") == "CANARY" else 1))


@_rule("sagemaker", "CreateEndpoint", "UpdateEndpoint")
def _deployment(params: Mapping[str, Any]) -> Iterator[CallFault]:
    config = params.get("DeploymentConfig") or {}
    blue_green, rolling = config.get("BlueGreenUpdatePolicy"), config.get("RollingUpdatePolicy")
    path = "DeploymentConfig"
    if blue_green and rolling:
        rule = "one policy only: blue/green or rolling"
        yield CallFault(path, sorted(config), rule, "leave one out", "limit", GUARDRAILS)
    if blue_green:
        yield from _blue_green(blue_green, f"{path}.BlueGreenUpdatePolicy")
    if rolling:
        yield from _rolling(rolling, f"{path}.RollingUpdatePolicy")


def _blue_green(policy: Mapping[str, Any], path: str) -> Iterator[CallFault]:
    routing, route = policy["TrafficRoutingConfiguration"], f"{path}.TrafficRoutingConfiguration"
    needed = {"CANARY": "CanarySize", "LINEAR": "LinearStepSize"}.get(routing["Type"])
    for member in ("CanarySize", "LinearStepSize"):
        size = routing.get(member)
        if (member == needed) != (size is not None):
            wanted = "is required" if member == needed else "is not allowed"
            rule = f"{member} {wanted} with {routing['Type']}"
            yield CallFault(f"{route}.{member}", size, rule, "match the size to the type", "limit", GUARDRAILS)
        elif size is not None and size["Type"] == "CAPACITY_PERCENT":
            low = 1 if member == "CanarySize" else 10
            yield from _between(
                size["Value"], low, 50, f"{route}.{member}.Value", GUARDRAILS, "share of the capacity in %"
            )
    longest = policy.get("MaximumExecutionTimeoutInSeconds")
    total = _waits(routing) + policy.get("TerminationWaitInSeconds", 0)
    if longest is not None and longest <= total:
        rule = f"must be longer than all waits together ({total:.0f} s)"
        fix = f"more than {total:.0f}"
        yield CallFault(f"{path}.MaximumExecutionTimeoutInSeconds", longest, rule, fix, "limit", GUARDRAILS)


def _rolling(policy: Mapping[str, Any], path: str) -> Iterator[CallFault]:
    size = policy["MaximumBatchSize"]
    if size["Type"] == "CAPACITY_PERCENT":
        yield from _between(size["Value"], 5, 50, f"{path}.MaximumBatchSize.Value", GUARDRAILS, "batch in %")
    back = policy.get("RollbackMaximumBatchSize")
    if back and back["Type"] == "CAPACITY_PERCENT":
        yield from _between(back["Value"], 5, 100, f"{path}.RollbackMaximumBatchSize.Value", GUARDRAILS, "batch in %")


@_rule("sagemaker", "CreateEndpointConfig")
def _variants(params: Mapping[str, Any]) -> Iterator[CallFault]:
    source = "SageMaker API Reference, ProductionVariant and CreateEndpointConfig"
    variants, shadows = params.get("ProductionVariants") or [], params.get("ShadowProductionVariants") or []
    if shadows and (len(variants) != 1 or len(shadows) != 1):
        rule = "a shadow test has exactly one production and one shadow variant"
        yield CallFault("ShadowProductionVariants", len(shadows), rule, "one of each", "limit", source)
    for index, variant in enumerate(variants):
        path = f"ProductionVariants[{index}]"
        serverless = variant.get("ServerlessConfig")
        if serverless is None and "ModelName" in variant and "InstanceType" not in variant:
            rule = "an instance type or a serverless configuration is required"
            yield CallFault(f"{path}.InstanceType", None, rule, "give InstanceType", "missing", source)
        if serverless is not None and "InstanceType" in variant:
            rule = "a serverless variant has no instance type"
            yield CallFault(f"{path}.InstanceType", variant["InstanceType"], rule, "leave it out", "limit", source)
        if serverless is not None and serverless["MemorySizeInMB"] % 1024:
            rule, size = "memory comes in steps of 1024 MB", serverless["MemorySizeInMB"]
            yield CallFault(f"{path}.ServerlessConfig.MemorySizeInMB", size, rule, "1024 to 6144", "limit", source)


RESERVED_FEATURES = frozenset({"is_deleted", "write_time", "api_invocation_time"})


@_rule("sagemaker", "CreateFeatureGroup")
def _features(params: Mapping[str, Any]) -> Iterator[CallFault]:
    source = "SageMaker API Reference, CreateFeatureGroup and FeatureDefinition"
    names = [feature.get("FeatureName") for feature in params["FeatureDefinitions"]]
    for index, name in enumerate(names):
        if name in RESERVED_FEATURES:
            rule = f"reserved: {', '.join(sorted(RESERVED_FEATURES))}"
            yield CallFault(f"FeatureDefinitions[{index}].FeatureName", name, rule, "rename it", "limit", source)
        if name in names[:index]:
            path = f"FeatureDefinitions[{index}].FeatureName"
            yield CallFault(path, name, "defined twice", "leave one out", "limit", source)
    for key in ("RecordIdentifierFeatureName", "EventTimeFeatureName"):
        if params[key] not in names:
            yield CallFault(
                key, params[key], "must name a defined feature", f"one of: {', '.join(names[:12])}", "limit", source
            )


def _json_rule(service: str, operation: str, member: str, source: str, needs: str = "") -> None:
    """Register the rule that a string member holds a JSON object, with `needs` as a key of it."""

    @_rule(service, operation)
    def rule(params: Mapping[str, Any]) -> Iterator[CallFault]:
        text = params.get(member)
        if text is None:
            return
        try:
            document = json.loads(text)
        except ValueError as error:
            yield CallFault(member, text[:80], f"must be JSON: {error}", "write a JSON document", "limit", source)
            return
        if not isinstance(document, dict) or (needs and needs not in document):
            shown = f"must be a JSON object with {needs}" if needs else "must be a JSON object"
            yield CallFault(member, text[:80], shown, f"add {needs}" if needs else "write an object", "limit", source)


POLICY_GRAMMAR = "IAM User Guide, Grammar of the IAM JSON policy language"
for _service, _operation, _member in (
    ("iam", "CreateRole", "AssumeRolePolicyDocument"),
    ("iam", "UpdateAssumeRolePolicy", "PolicyDocument"),
    ("iam", "PutRolePolicy", "PolicyDocument"),
    ("iam", "CreatePolicy", "PolicyDocument"),
    ("kms", "CreateKey", "Policy"),
    ("kms", "PutKeyPolicy", "Policy"),
    ("s3", "PutBucketPolicy", "Policy"),
    ("ec2", "CreateVpcEndpoint", "PolicyDocument"),
    ("sagemaker", "PutModelPackageGroupPolicy", "ResourcePolicy"),
):
    _json_rule(_service, _operation, _member, POLICY_GRAMMAR, "Statement")
for _operation in ("CreatePipeline", "UpdatePipeline"):
    _json_rule("sagemaker", _operation, "PipelineDefinition", "SageMaker API Reference, CreatePipeline", "Steps")


@_rule("kms", "ScheduleKeyDeletion")
def _key_window(params: Mapping[str, Any]) -> Iterator[CallFault]:
    source = "KMS API Reference, ScheduleKeyDeletion"
    yield from _between(params.get("PendingWindowInDays"), 7, 30, "PendingWindowInDays", source, "days")


RETENTION_DAYS = (
    1,
    3,
    5,
    7,
    14,
    30,
    60,
    90,
    120,
    150,
    180,
    365,
    400,
    545,
    731,
    1096,
    1827,
    2192,
    2557,
    2922,
    3288,
    3653,
)


@_rule("logs", "PutRetentionPolicy")
def _retention(params: Mapping[str, Any]) -> Iterator[CallFault]:
    days = params["retentionInDays"]
    if days not in RETENTION_DAYS:
        fix = f"one of: {', '.join(map(str, RETENTION_DAYS))}"
        source = "CloudWatch Logs API Reference, PutRetentionPolicy"
        yield CallFault("retentionInDays", days, "must be one of the service's periods", fix, "limit", source)


@_rule("cloudwatch", "PutMetricAlarm")
def _alarm(params: Mapping[str, Any]) -> Iterator[CallFault]:
    source = "CloudWatch API Reference, PutMetricAlarm"
    period = params.get("Period")
    if period is not None and period not in (10, 20, 30) and period % 60:
        yield CallFault("Period", period, "must be 10, 20, 30 or a multiple of 60 seconds", "60", "limit", source)
    periods = params.get("EvaluationPeriods")
    if periods is None:
        return  # the service model says that it is missing
    if period is not None and period * periods > 7 * 86_400:
        rule = "period times evaluation periods may not exceed 7 days"
        yield CallFault("EvaluationPeriods", periods, rule, "fewer periods", "limit", source)
    points = params.get("DatapointsToAlarm")
    if points is not None and points > periods:
        rule = "cannot exceed the evaluation periods"
        yield CallFault("DatapointsToAlarm", points, rule, f"at most {periods}", "limit", source)


@_rule("application-autoscaling", "RegisterScalableTarget")
def _scaling(params: Mapping[str, Any]) -> Iterator[CallFault]:
    low, high = params.get("MinCapacity"), params.get("MaxCapacity")
    source = "Application Auto Scaling API Reference, RegisterScalableTarget"
    for key in ("MinCapacity", "MaxCapacity"):
        if params.get(key) is not None and params[key] < 0:
            yield CallFault(key, params[key], "must not be negative", "0 or more", "limit", source)
    if low is not None and high is not None and low > high:
        yield CallFault("MaxCapacity", high, f"must be at least MinCapacity ({low})", f"{low} or more", "limit", source)


BUCKET_NAME = re.compile(r"(?!xn--)(?!.*\.\.)[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
ADDRESS = re.compile(r"\d+\.\d+\.\d+\.\d+")


@_rule("s3", "CreateBucket")
def _bucket(params: Mapping[str, Any]) -> Iterator[CallFault]:
    name = params["Bucket"]
    if not BUCKET_NAME.fullmatch(name) or ADDRESS.fullmatch(name) or name.endswith(("-s3alias", "--ol-s3")):
        rule = "3 to 63 lower-case letters, digits, dots and hyphens, no address, none of the reserved endings"
        yield CallFault("Bucket", name, rule, "rename it", "limit", "S3 User Guide, Bucket naming rules")


@_rule("s3", "PutBucketTagging")
def _bucket_tags(params: Mapping[str, Any]) -> Iterator[CallFault]:
    source = "S3 User Guide, Tagging: at most 50 tags, keys of at most 128 characters, values of at most 256"
    tags = params["Tagging"]["TagSet"]
    yield from _between(len(tags), 0, 50, "Tagging.TagSet", source, "number of tags")
    for index, tag in enumerate(tags):
        path = f"Tagging.TagSet[{index}]"
        for member, high in (("Key", 128), ("Value", 256)):
            if len(tag[member]) > high:
                rule = f"length must be at most {high}, is {len(tag[member])}"
                yield CallFault(f"{path}.{member}", tag[member], rule, f"at most {high}", "limit", source)


def _cidr(value: Any, path: str, low: int, high: int, source: str) -> Iterator[CallFault]:
    if value is None:
        return
    try:
        network = ipaddress.ip_network(value)
    except ValueError as error:
        yield CallFault(path, value, f"must be a CIDR block: {error}", "such as 10.0.0.0/16", "limit", source)
        return
    if not low <= network.prefixlen <= high:
        rule = f"the prefix must be /{low} to /{high}"
        yield CallFault(path, value, rule, f"/{low} to /{high}", "limit", source)


@_rule("ec2", "CreateVpc", "CreateSubnet")
def _network(params: Mapping[str, Any]) -> Iterator[CallFault]:
    yield from _cidr(params.get("CidrBlock"), "CidrBlock", 16, 28, "VPC User Guide, VPC CIDR blocks")


@_rule("ec2", "AuthorizeSecurityGroupIngress", "AuthorizeSecurityGroupEgress")
def _permissions(params: Mapping[str, Any]) -> Iterator[CallFault]:
    source = "EC2 API Reference, IpPermission"
    for index, permission in enumerate(params.get("IpPermissions") or []):
        path = f"IpPermissions[{index}]"
        if permission.get("IpProtocol") in ("tcp", "udp"):
            for key in ("FromPort", "ToPort"):
                if permission.get(key) is None:
                    yield CallFault(f"{path}.{key}", None, "a port is required", "0 to 65535", "missing", source)
                yield from _between(permission.get(key), 0, 65_535, f"{path}.{key}", source, "port")
        for number, block in enumerate(permission.get("IpRanges") or []):
            yield from _cidr(block.get("CidrIp"), f"{path}.IpRanges[{number}].CidrIp", 0, 32, source)


@_rule("ec2", "CreateFlowLogs")
def _flow_logs(params: Mapping[str, Any]) -> Iterator[CallFault]:
    interval = params.get("MaxAggregationInterval")
    if interval is not None and interval not in (60, 600):
        source = "EC2 API Reference, CreateFlowLogs"
        yield CallFault("MaxAggregationInterval", interval, "must be 60 or 600 seconds", "600", "limit", source)


@_rule("budgets", "CreateBudget", "UpdateBudget")
def _budget(params: Mapping[str, Any]) -> Iterator[CallFault]:
    source = "AWS Budgets API Reference, CreateBudget and Spend"
    path = "Budget" if "Budget" in params else "NewBudget"
    budget = params.get(path) or {}
    limit = budget.get("BudgetLimit")
    if limit is not None:
        try:
            positive = float(limit["Amount"]) > 0
        except ValueError:
            positive = False
        if not positive:
            rule = "must be a positive number"
            yield CallFault(f"{path}.BudgetLimit.Amount", limit["Amount"], rule, "such as 100", "limit", source)
    notifications = params.get("NotificationsWithSubscribers") or []
    if len(notifications) > 10:
        rule = "a budget has at most 10 notifications"
        yield CallFault("NotificationsWithSubscribers", len(notifications), rule, "at most 10", "limit", source)


@_rule("s3", "PutObjectLockConfiguration")
def _object_lock(params: Mapping[str, Any]) -> Iterator[CallFault]:
    source = "S3 API Reference, DefaultRetention"
    rule = ((params.get("ObjectLockConfiguration") or {}).get("Rule") or {}).get("DefaultRetention")
    path = "ObjectLockConfiguration.Rule.DefaultRetention"
    if rule is not None and ("Days" in rule) == ("Years" in rule):
        yield CallFault(path, sorted(rule), "give either days or years", "Days: 1", "limit", source)
    if rule is not None:
        yield from _between(rule.get("Days"), 1, 36_500, f"{path}.Days", source, "days")
        yield from _between(rule.get("Years"), 1, 100, f"{path}.Years", source, "years")
