"""What the plan needs of every quota, read from the planned graph: all models together, at the worst moment."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from mlops_estate.graph import ResourceGraph, ResourceNode
from mlops_estate.preflight.jobs import HOURS, hours_of, pipeline_jobs, release_peak
from mlops_estate.preflight.quotas import Need, instance_quota, quotas

COUNTED: Mapping[str, tuple[str, ...]] = {
    "sagemaker-pipelines": ("aws:sagemaker/pipeline:Pipeline",),
    "sagemaker-package-groups": ("aws:sagemaker/modelPackageGroup:ModelPackageGroup",),
    "sagemaker-domains": ("aws:sagemaker/domain:Domain",),
    "sagemaker-feature-groups": ("aws-native:sagemaker:FeatureGroup",),
    "sagemaker-monitoring-schedules": ("aws:sagemaker/monitoringSchedule:MonitoringSchedule",),
    "sagemaker-endpoints": ("aws-native:sagemaker:Endpoint",),
    "iam-roles": ("aws:iam/role:Role", "aws:iam/serviceLinkedRole:ServiceLinkedRole"),
    "iam-policies": ("aws:iam/policy:Policy",),
    "s3-buckets": ("aws:s3/bucket:Bucket",),
    "kms-keys": ("aws:kms/key:Key",),
    "vpc-vpcs": ("aws:ec2/vpc:Vpc",),
    "vpc-security-groups": ("aws:ec2/securityGroup:SecurityGroup",),
    "ec2-addresses": ("aws:ec2/eip:Eip",),
    "events-rules": ("aws:cloudwatch/eventRule:EventRule",),
    "config-recorders": ("aws:cfg/recorder:Recorder",),
    "guardduty-detectors": ("aws:guardduty/detector:Detector",),
    "cloudtrail-trails": ("aws:cloudtrail/trail:Trail",),
    "logs-groups": ("aws:cloudwatch/logGroup:LogGroup",),
    "cloudwatch-alarms": ("aws:cloudwatch/metricAlarm:MetricAlarm",),
    "sns-topics": ("aws:sns/topic:Topic",),
    "sqs-queues": ("aws:sqs/queue:Queue",),
    "scheduler-schedules": ("aws:scheduler/schedule:Schedule",),
    "scheduler-groups": ("aws:scheduler/scheduleGroup:ScheduleGroup",),
    "states-machines": ("aws:sfn/stateMachine:StateMachine",),
    "secrets": ("aws:secretsmanager/secret:Secret",),
    "budgets": ("aws:budgets/budget:Budget",),
    "backup-vaults": ("aws:backup/vault:Vault",),
    "backup-plans": ("aws:backup/plan:Plan",),
    "ecr-repositories": ("aws:ecr/repository:Repository",),
    "glue-databases": ("aws:glue/catalogDatabase:CatalogDatabase",),
    "scaling-targets": ("aws:appautoscaling/target:Target",),
}
"""Quotas on how many there are, with the types that count."""
PER_HOLDER: tuple[tuple[str, str, str], ...] = (
    ("kms-aliases", "aws:kms/alias:Alias", "targetKeyId"),
    ("vpc-subnets", "aws:ec2/subnet:Subnet", "vpcId"),
    ("vpc-route-tables", "aws:ec2/routeTable:RouteTable", "vpcId"),
    ("vpc-rules", "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule", "securityGroupId"),
    ("vpc-rules", "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule", "securityGroupId"),
    ("logs-filters", "aws:cloudwatch/logMetricFilter:LogMetricFilter", "logGroupName"),
    ("iam-attached", "aws:iam/rolePolicyAttachment:RolePolicyAttachment", "role"),
)
"""Quotas on how many one thing holds: the type that counts, and its input that names the holder."""
DEFINITIONS = (
    "aws:sagemaker/dataQualityJobDefinition:DataQualityJobDefinition",
    "aws-native:sagemaker:ModelQualityJobDefinition", "aws-native:sagemaker:ModelBiasJobDefinition",
    "aws-native:sagemaker:ModelExplainabilityJobDefinition",
)  # fmt: skip
SIZES: tuple[tuple[str, str, str], ...] = (
    ("iam-managed", "aws:iam/policy:Policy", "policy"),
    ("iam-trust", "aws:iam/role:Role", "assumeRolePolicy"),
    ("s3-policy", "aws:s3/bucketPolicy:BucketPolicy", "policy"),
    ("kms-policy", "aws:kms/key:Key", "policy"),
    ("events-pattern", "aws:cloudwatch/eventRule:EventRule", "eventPattern"),
)
"""Quotas on the length of a document: the type, and its input that is the document."""

ByType = Mapping[str, list[ResourceNode]]


def needs_of(graph: ResourceGraph, models: Mapping[str, str]) -> list[Need]:
    """Return the needs; `models` are the models of resources by URN."""
    by_type = graph.by_type()
    return [
        *_instances(by_type, models),
        *_counted(by_type),
        *_per_holder(by_type),
        *_sizes(by_type),
        *_network(by_type),
        *_others(by_type),
    ]


def _pack_rules(by_type: ByType) -> int:
    """Return how many rules the conformance packs bring."""
    packs = by_type.get("aws:cfg/conformancePack:ConformancePack", [])
    documents = [json.loads(node.inputs["templateBody"]) for node in packs if _text(node.inputs.get("templateBody"))]
    return sum(
        resource.get("Type") == "AWS::Config::ConfigRule"
        for document in documents
        for resource in document.get("Resources", {}).values()
    )


def _counted(by_type: ByType) -> Iterator[Need]:
    if rules := _pack_rules(by_type):
        pack = by_type["aws:cfg/conformancePack:ConformancePack"][0]
        yield Need(quotas()["config-rules"], rules, pack.urn, "rules of the conformance pack")
    for quota, types in COUNTED.items():
        found = [node for kind in types for node in by_type.get(kind, []) if not node.import_id]
        if found:
            yield Need(quotas()[quota], len(found), found[0].urn, "all resources of the plan" if len(found) > 1 else "")


def _per_holder(by_type: ByType) -> Iterator[Need]:
    most: dict[str, tuple[int, str]] = {}
    for quota, kind, key in PER_HOLDER:
        held: dict[str, list[str]] = {}
        for node in by_type.get(kind, []):
            held.setdefault(str(node.inputs.get(key)), []).append(node.urn)
        for urns in held.values():
            most[quota] = max(most.get(quota, (0, "")), (len(urns), urns[0]))
    yield from (Need(quotas()[quota], count, urn, "the most that one has") for quota, (count, urn) in most.items())


def _sizes(by_type: ByType) -> Iterator[Need]:
    for quota, kind, key in SIZES:
        sizes = [(_length(node.inputs[key]), node.urn) for node in by_type.get(kind, []) if _text(node.inputs.get(key))]
        if sizes:
            yield Need(quotas()[quota], *max(sizes), "the longest")
    inline: dict[str, list[tuple[int, str]]] = {}
    for node in by_type.get("aws:iam/rolePolicy:RolePolicy", []):
        if _text(node.inputs.get("policy")):
            inline.setdefault(str(node.inputs["role"]), []).append((_length(node.inputs["policy"]), node.urn))
    if inline:
        role, documents = max(inline.items(), key=lambda item: (sum(size for size, _ in item[1]), item[0]))
        yield Need(quotas()["iam-inline"], sum(size for size, _ in documents), documents[0][1], f"role {role}")


def _text(value: Any) -> bool:
    return isinstance(value, str) and value[:1] in "{["


def _length(document: str) -> int:
    """Return a document's characters without white space between its parts, as IAM counts them."""
    return len(json.dumps(json.loads(document), separators=(",", ":"), ensure_ascii=False))


def _network(by_type: ByType) -> Iterator[Need]:
    endpoints = by_type.get("aws:ec2/vpcEndpoint:VpcEndpoint", [])
    for quota, kind in (("vpc-interface-endpoints", "Interface"), ("vpc-gateway-endpoints", "Gateway")):
        found = [node for node in endpoints if (node.inputs.get("vpcEndpointType") or "Gateway") == kind]
        if found:
            yield Need(quotas()[quota], len(found), found[0].urn)


def _others(by_type: ByType) -> Iterator[Need]:
    for node in by_type.get("aws-native:sagemaker:FeatureGroup", [])[:1]:
        groups = by_type["aws-native:sagemaker:FeatureGroup"]
        yield Need(quotas()["sagemaker-feature-group-creations"], len(groups), node.urn, "in a first `up`")
        features = max(groups, key=lambda group: len(group.inputs.get("featureDefinitions") or []))
        count = len(features.inputs.get("featureDefinitions") or [])
        yield Need(quotas()["sagemaker-features-per-group"], count, features.urn, "the most that one has")
    email = [node for node in by_type.get("aws:sns/topicSubscription:TopicSubscription", [])
             if node.inputs.get("protocol") == "email"]  # fmt: skip
    if email:
        yield Need(quotas()["sns-pending"], len(email), email[0].urn, "until each is confirmed")
    reserved = [(node, int(node.inputs.get("reservedConcurrentExecutions") or 0))
                for node in by_type.get("aws:lambda/function:Function", [])]  # fmt: skip
    if total := sum(count for _, count in reserved if count > 0):
        # Lambda keeps 100 for functions without a reservation (Lambda developer guide, "Reserved concurrency").
        yield Need(quotas()["lambda-concurrency"], total + 100, reserved[0][0].urn, "reserved, and 100 left free")


def _instances(by_type: ByType, models: Mapping[str, str]) -> Iterator[Need]:
    """Yield needs of instances by use and type, the totals of each use, and what endpoints and pipelines take."""
    by_kind: dict[tuple[str, str], list[tuple[int, str, str]]] = {}
    for kind, count, node, why in (*_endpoints(by_type), *_pipelines(by_type), *_monitors(by_type)):
        by_kind.setdefault(kind, []).append((count, node.urn, why))
    totals: dict[str, int] = {}
    for (usage, instance_type), parts in sorted(by_kind.items()):
        amount = sum(count for count, _, _ in parts)
        totals[usage] = totals.get(usage, 0) + amount
        owners = {models.get(urn, "") for _, urn, _ in parts}
        why = _reasons(parts)
        yield Need(
            instance_quota(usage, instance_type), amount, parts[0][1], why, owners.pop() if len(owners) == 1 else ""
        )
    for usage, id_ in (
        ("training", "training"),
        ("spot", "spot"),
        ("processing", "processing"),
        ("endpoint", "endpoint"),
    ):
        if usage in totals:
            first = next(parts[0][1] for (used, _), parts in sorted(by_kind.items()) if used == usage)
            yield Need(quotas()[f"sagemaker-{id_}-instances"], totals[usage], first, "all models together")
    yield from _limits_of_endpoints(by_type)
    yield from _executions(by_type)


def _reasons(parts: Iterable[tuple[int, str, str]]) -> str:
    """Return the reasons, those of one kind together."""
    found: dict[str, list[int]] = {}
    for count, _, why in parts:
        found.setdefault(why, []).append(count)
    return "; ".join(
        f"{why}" if len(counts) == 1 else f"{len(counts)} times: {why}" for why, counts in sorted(found.items())
    )


Part = tuple[tuple[str, str], int, ResourceNode, str]


def _endpoints(by_type: ByType) -> Iterator[Part]:
    for node, variant, most in _fleets(by_type):
        peak, why = release_peak(most, node.inputs.get("deploymentConfig") or {})
        yield ("endpoint", str(variant["instanceType"])), peak, node, why


def _fleets(by_type: ByType) -> Iterator[tuple[ResourceNode, Mapping[str, Any], int]]:
    """Yield each endpoint's variants that have instances, with how many it may scale to."""
    kind = "aws:sagemaker/endpointConfiguration:EndpointConfiguration"
    configs = {_name(node): node for node in by_type.get(kind, [])}
    scaled = {str(node.inputs.get("resourceId")): node for node in by_type.get("aws:appautoscaling/target:Target", [])}
    for node in by_type.get("aws-native:sagemaker:Endpoint", []):
        config = configs.get(str(node.inputs.get("endpointConfigName")))
        for variant in _variants(config) if config is not None else ():
            if variant.get("instanceType"):
                target = scaled.get(f"endpoint/{node.inputs.get('endpointName')}/variant/{variant.get('variantName')}")
                most = int(variant.get("initialInstanceCount") or 1)
                yield node, variant, max(most, int(target.inputs["maxCapacity"]) if target is not None else 0)


def _variants(config: ResourceNode) -> list[Mapping[str, Any]]:
    return [
        variant
        for key in ("productionVariants", "shadowProductionVariants")
        for variant in config.inputs.get(key) or []
    ]


def _name(node: ResourceNode) -> str:
    return str(node.aws.get("name") or node.inputs.get("name") or node.name)


def _pipelines(by_type: ByType) -> Iterator[Part]:
    for node in by_type.get("aws:sagemaker/pipeline:Pipeline", []):
        definition = node.inputs.get("pipelineDefinition")
        if not _text(definition):
            continue
        parallel = (node.inputs.get("parallelismConfiguration") or {}).get("maxParallelExecutionSteps")
        for kind, count in pipeline_jobs(str(definition), int(parallel) if parallel else None).items():
            bound = f", of which {parallel} steps run at once" if parallel else ""
            yield kind, count, node, f"{count} in a run of a pipeline{bound}"


def _monitors(by_type: ByType) -> Iterator[Part]:
    """Yield the monitors' jobs of the hour in which most run; explainability also serves the model by itself."""
    definitions = {_name(node): node for kind in DEFINITIONS for node in by_type.get(kind, [])}
    at: dict[int, list[tuple[ResourceNode, tuple[str, str], int]]] = {hour: [] for hour in HOURS}
    for schedule in by_type.get("aws:sagemaker/monitoringSchedule:MonitoringSchedule", []):
        config = schedule.inputs.get("monitoringScheduleConfig") or {}
        definition = definitions.get(str(config.get("monitoringJobDefinitionName")))
        if definition is None:
            continue
        cluster = (definition.inputs.get("jobResources") or {}).get("clusterConfig") or {}
        part = (definition, ("processing", str(cluster.get("instanceType"))), int(cluster.get("instanceCount") or 1))
        for hour in hours_of(str((config.get("scheduleConfig") or {}).get("scheduleExpression"))):
            at[hour].append(part)
    peak = max(at.values(), key=lambda parts: sum(count for _, _, count in parts))
    for node, kind, count in peak:
        yield kind, count, node, "a monitor's job, all in one hour"
    yield from _shadows(by_type, [node for node, _, _ in peak])


def _shadows(by_type: ByType, definitions: Iterable[ResourceNode]) -> Iterator[Part]:
    """Yield the endpoint that Clarify makes for the time of an explainability job (Clarify developer guide)."""
    contents = {
        f"s3://{node.inputs.get('bucket')}/{node.inputs.get('key')}": node.inputs.get("content")
        for node in by_type.get("aws:s3/bucketObjectv2:BucketObjectv2", [])
    }
    for node in definitions:
        given = node.inputs.get("modelExplainabilityAppSpecification") or {}
        analysis = contents.get(str(given.get("configUri")))
        predictor = json.loads(analysis).get("predictor", {}) if isinstance(analysis, str) else {}
        if predictor.get("instance_type"):
            count = int(predictor.get("initial_instance_count") or 1)
            why = "Clarify's own endpoint during an explainability job"
            yield ("endpoint", str(predictor["instance_type"])), count, node, why


def _limits_of_endpoints(by_type: ByType) -> Iterator[Need]:
    configs = by_type.get("aws:sagemaker/endpointConfiguration:EndpointConfiguration", [])
    serverless = [variant["serverlessConfig"] for config in configs for variant in _variants(config)
                  if variant.get("serverlessConfig")]  # fmt: skip
    if serverless:
        concurrency = sum(int(given.get("maxConcurrency") or 0) for given in serverless)
        yield Need(quotas()["sagemaker-serverless-endpoints"], len(serverless), configs[0].urn)
        yield Need(quotas()["sagemaker-serverless-concurrency"], concurrency, configs[0].urn, "all endpoints together")
    of_one: dict[str, int] = {}
    for node, _, most in _fleets(by_type):
        of_one[node.urn] = of_one.get(node.urn, 0) + most
    if of_one:
        urn = max(sorted(of_one), key=lambda found: of_one[found])
        yield Need(quotas()["sagemaker-instances-per-endpoint"], of_one[urn], urn, "scaled out")


def _executions(by_type: ByType) -> Iterator[Need]:
    schedules = by_type.get("aws:scheduler/schedule:Schedule", [])
    together: dict[str, list[str]] = {}
    for node in schedules:
        together.setdefault(str(node.inputs.get("scheduleExpression")), []).append(node.urn)
    if together:
        urns = max(together.values(), key=lambda found: (len(found), found[0]))
        yield Need(quotas()["sagemaker-pipeline-executions"], len(urns), urns[0], "scheduled for the same moment")
