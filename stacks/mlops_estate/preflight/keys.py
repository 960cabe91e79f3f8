"""Keys: whether everyone who has to use one may, by the key's own policy and the user's, as IAM decides it.

Who uses a key follows from the plan: a role that may read or write objects of an encrypted bucket, the service that
writes an encrypted log group, trail or topic, the role of a job with an encrypted volume. Sources: KMS developer guide,
"Key policies", "Grants"; S3 user guide, "Using SSE-KMS" and "S3 Bucket Keys" (the encryption context is the bucket);
CloudWatch Logs user guide, "Encrypt log data"; CloudTrail user guide, "Configure KMS key policies"; SNS developer
guide, "Key management" (what publishes to an encrypted topic needs Decrypt and GenerateDataKey).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from mlops_estate.embedded.iam.estate import Estate, estate_of
from mlops_estate.graph import ResourceGraph, ResourceNode
from mlops_estate.preflight.calls import KEY_USES, key_arns
from mlops_estate.preflight.finding import Finding, named
from mlops_estate.preflight.quotas import Need, quotas
from mlops_policies.iam.patterns import resource_matches
from mlops_policies.iam.statements import parse

SOURCE = "https://docs.aws.amazon.com/kms/latest/developerguide/key-policies.html"
_FIXED = re.compile(r"[*?$]")
OBJECTS = {"s3:GetObject": "kms:Decrypt", "s3:PutObject": "kms:GenerateDataKey"}


@dataclass(frozen=True, slots=True)
class Use:
    """One use of a key: who, what, on which key, with what told, for which resource."""

    principal: str
    action: str
    key: str
    context: tuple[tuple[str, str], ...]
    urn: str
    what: str


def key_findings(graph: ResourceGraph) -> Iterator[Finding]:
    """Yield what may not use a key that it has to use, and what is unusual of the keys themselves."""
    estate = estate_of(graph)
    uses = list(dict.fromkeys(_uses(graph, estate)))
    keys = {str(node.aws["arn"]): node for node in graph.by_type().get("aws:kms/key:Key", []) if node.aws}
    refused, named_by_the_job = 0, []
    for use in uses:
        if use.key not in keys:
            continue  # a key of another account, or an adopted one, whose policy is not the plan's
        decision = estate.decide(use.principal, use.action, use.key, dict(use.context))
        if not decision.allowed and _other_key(estate, use, keys):
            named_by_the_job.append(use)
        elif not decision.allowed:
            refused += 1
            who = use.principal.rsplit("/", 1)[-1]
            title = f"{who} may not {use.action} with {keys[use.key].name}, which {use.what} takes"
            fix = "allow it in the key's policy, and in the role's own"
            yield Finding("blocks", "key", title, use.urn, use.action, decision.why, fix, SOURCE)
    if not refused:
        known = sum(use.key in keys for use in uses)
        yield Finding("ok", "key", "who has to use a key may", graph.stack, f"{known} uses", "all allowed", "", SOURCE)
    if named_by_the_job:
        title = f"{len(named_by_the_job)} uses of buckets rely on a key that the job names, not on the bucket's own"
        who = named(use.principal for use in named_by_the_job)
        yield Finding("ok", "key", title, named_by_the_job[0].urn, who, "another key of the plan, allowed", "", SOURCE)
    yield from _rotation(keys)


def _other_key(estate: Estate, use: Use, keys: Mapping[str, ResourceNode]) -> bool:
    """Whether objects may be meant to be encrypted with another key of the plan, which a request to S3 can name."""
    told = dict(use.context)
    if not told.get("kms:ViaService", "").startswith("s3."):
        return False
    return any(estate.decide(use.principal, use.action, key, told).allowed for key in keys)


def _rotation(keys: Mapping[str, ResourceNode]) -> Iterator[Finding]:
    for node in keys.values():
        symmetric = node.inputs.get("customerMasterKeySpec") in (None, "SYMMETRIC_DEFAULT")
        if symmetric and not node.inputs.get("enableKeyRotation"):
            title, fix = f"{node.name} is not rotated", "set enableKeyRotation: keys.rotation_days"
            yield Finding("warns", "key", title, node.urn, "rotation", "off", fix, SOURCE)
    if keys:
        days = sorted({int(node.inputs.get("deletionWindowInDays") or 30) for node in keys.values()})
        title = "a deleted key waits before it is gone, and its alias is free at once"
        yield Finding("ok", "key", title, next(iter(keys.values())).urn, f"{days[0]} to {days[-1]} days", "7 to 30")


def grant_needs(graph: ResourceGraph) -> list[Need]:
    """Return how many grants the key with the most would get from what the plan makes: one for each use."""
    held: dict[str, list[str]] = {}
    for node in graph.custom_nodes():
        operation = str(node.aws.get("operation") or "")
        if "kms:CreateGrant" in KEY_USES.get(operation, ()):
            for key in set(key_arns(node.aws["params"])):
                held.setdefault(key, []).append(node.urn)
    if not held:
        return []
    urns = max(held.values(), key=lambda found: (len(found), found[0]))
    return [Need(quotas()["kms-grants"], len(urns), urns[0], "made by the plan; jobs add theirs while they run")]


def _uses(graph: ResourceGraph, estate: Estate) -> Iterator[Use]:
    by_type = graph.by_type()
    yield from _buckets(by_type, estate)
    yield from _services(by_type, estate)
    yield from _volumes(by_type)


def _buckets(by_type: Mapping[str, list[ResourceNode]], estate: Estate) -> Iterator[Use]:
    """Yield what roles do with the objects of encrypted buckets."""
    kind = "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration"
    for node in by_type.get(kind, []):
        keys = [
            rule.get("applyServerSideEncryptionByDefault", {}).get("kmsMasterKeyId") for rule in node.inputs["rules"]
        ]
        bucket = f"arn:aws:s3:::{node.inputs['bucket']}"
        for key in filter(None, keys):
            told = (("kms:ViaService", f"s3.{estate.region}.amazonaws.com"),
                    ("kms:EncryptionContext:aws:s3:arn", bucket), ("kms:CallerAccount", estate.account))  # fmt: skip
            for role in estate.roles:
                for action, use in OBJECTS.items():
                    if _reaches(estate, role, action, bucket):
                        yield Use(role, use, str(key), told, node.urn, f"{action} in {node.inputs['bucket']}")


def _reaches(estate: Estate, role: str, action: str, bucket: str) -> bool:
    """Whether a role's own policies let it do something with some object of a bucket, its boundary included."""
    for document in estate.roles[role].identity:
        for statement in document:
            if not (statement.allows and statement.names(action)):
                continue
            for pattern in statement.resource or ():
                fixed = _FIXED.split(pattern, maxsplit=1)[0]
                if not (f"{bucket}/x".startswith(fixed) or fixed.startswith(f"{bucket}/")):
                    continue  # it names something else, whatever its wildcards stand for
                sample = pattern.replace("*", "x").replace("?", "x")
                told = {"aws:PrincipalAccount": estate.account, "aws:ResourceAccount": estate.account}
                if sample.startswith(f"{bucket}/") and estate.decide(role, action, sample, told).allowed:
                    return True
                if pattern == "*" or (
                    resource_matches(pattern, f"{bucket}/x", {})
                    and estate.decide(role, action, f"{bucket}/x", told).allowed
                ):
                    return True
    return False


def _services(by_type: Mapping[str, list[ResourceNode]], estate: Estate) -> Iterator[Use]:
    """Yield what services do with keys of what they write to."""
    region, account = estate.region, estate.account
    source = (("aws:SourceAccount", account),)
    for node in by_type.get("aws:cloudwatch/logGroup:LogGroup", []):
        if key := node.inputs.get("kmsKeyId"):
            told = (
                ("kms:EncryptionContext:aws:logs:arn", node.aws["arn"]),
                ("aws:SourceArn", node.aws["arn"]),
                *source,
            )
            for action in ("kms:Decrypt", "kms:GenerateDataKey"):
                yield Use(f"logs.{region}.amazonaws.com", action, str(key), told, node.urn, node.aws["name"])
    for node in by_type.get("aws:cloudtrail/trail:Trail", []):
        if key := node.inputs.get("kmsKeyId"):
            trail = (("kms:EncryptionContext:aws:cloudtrail:arn", node.aws["arn"]), ("aws:SourceArn", node.aws["arn"]),
                    *source)  # fmt: skip
            yield Use("cloudtrail.amazonaws.com", "kms:GenerateDataKey", str(key), trail, node.urn, node.aws["name"])
    keys = {node.aws["arn"]: (node.inputs.get("kmsMasterKeyId"), node)
            for node in by_type.get("aws:sns/topic:Topic", [])}  # fmt: skip
    for policy in by_type.get("aws:sns/topicPolicy:TopicPolicy", []):
        key, topic = keys.get(policy.inputs.get("arn"), (None, policy))
        if not key or not str(key).startswith("arn:"):
            continue
        for statement in parse(policy.inputs["policy"]):
            for service in (statement.principal or {}).get("Service", ()) if statement.allows else ():
                asked = (
                    ("kms:EncryptionContext:aws:sns:topicArn", topic.aws["arn"]),
                    *_source_of(statement.condition),
                    *source,
                )
                for action in ("kms:Decrypt", "kms:GenerateDataKey"):
                    yield Use(service, action, str(key), asked, topic.urn, f"publishing to {topic.aws['name']}")


def _source_of(condition: Mapping[str, Mapping[str, Any]]) -> tuple[tuple[str, str], ...]:
    """Return the source ARN that a topic's policy asks of a service: what it publishes for is what uses the key."""
    for tests in condition.values():
        for name, wanted in tests.items():
            if name.lower() == "aws:sourcearn":
                first = wanted if isinstance(wanted, str) else next(iter(wanted))
                return (("aws:SourceArn", str(first).replace("*", "x")),)
    return ()


def _volumes(by_type: Mapping[str, list[ResourceNode]]) -> Iterator[Use]:
    """Yield the grants that roles of jobs make for the volumes of their instances (SageMaker AI roles)."""
    for node in by_type.get("aws:sagemaker/pipeline:Pipeline", []):
        definition = node.inputs.get("pipelineDefinition")
        if isinstance(definition, str) and definition.startswith("{"):
            for role, key in sorted(set(_jobs(json.loads(definition)))):
                told = (("kms:GrantIsForAWSResource", "true"),
                        ("kms:ViaService", f"sagemaker.{node.aws['arn'].split(':')[3]}.amazonaws.com"))  # fmt: skip
                yield Use(role.rsplit("/", 1)[-1], "kms:CreateGrant", key, told, node.urn, "the volume of a job")


def _jobs(value: Any) -> Iterator[tuple[str, str]]:
    """Yield the role and the volume's key of every job in a definition."""
    if isinstance(value, Mapping):
        role = value.get("RoleArn")
        if isinstance(role, str):
            for cluster in (
                value.get("ProcessingResources", {}).get("ClusterConfig", {}),
                value.get("ResourceConfig", {}),
            ):
                if isinstance(cluster.get("VolumeKmsKeyId"), str):
                    yield role, cluster["VolumeKmsKeyId"]
        for item in value.values():
            yield from _jobs(item)
    elif isinstance(value, list):
        for item in value:
            yield from _jobs(item)
