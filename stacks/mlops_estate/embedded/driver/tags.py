"""Tags: the provider's default tags under a resource's own, in the form each service takes them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mlops_estate.embedded.driver.mapping import At
from mlops_estate.embedded.driver.operations import Call, Operations
from mlops_estate.embedded.driver.outputs import declared

# How each service changes tags: operation to add, to remove, the member that names the resource, what fills it, and the
# member that lists the keys to remove. From the services' API references.
TAGGING: Mapping[str, tuple[str, str, str, str, str]] = {
    "sagemaker": ("AddTags", "DeleteTags", "ResourceArn", "arn", "TagKeys"),
    "kms": ("TagResource", "UntagResource", "KeyId", "id", "TagKeys"),
    "logs": ("TagResource", "UntagResource", "resourceArn", "arn", "tagKeys"),
    "sns": ("TagResource", "UntagResource", "ResourceArn", "arn", "TagKeys"),
    "cloudwatch": ("TagResource", "UntagResource", "ResourceARN", "arn", "TagKeys"),
    "backup": ("TagResource", "UntagResource", "ResourceArn", "arn", "TagKeyList"),
    "events": ("TagResource", "UntagResource", "ResourceARN", "arn", "TagKeys"),
    "glue": ("TagResource", "UntagResource", "ResourceArn", "arn", "TagsToRemove"),
    "budgets": ("TagResource", "UntagResource", "ResourceARN", "arn", "ResourceTagKeys"),
    "ce": ("TagResource", "UntagResource", "ResourceArn", "arn", "ResourceTagKeys"),
    "athena": ("TagResource", "UntagResource", "ResourceARN", "arn", "TagKeys"),
    "cloudtrail": ("AddTags", "RemoveTags", "ResourceId", "arn", "TagsList"),
    "ecr": ("TagResource", "UntagResource", "resourceArn", "arn", "tagKeys"),
    "lambda": ("TagResource", "UntagResource", "Resource", "arn", "TagKeys"),
    "secretsmanager": ("TagResource", "UntagResource", "SecretId", "arn", "TagKeys"),
    "sqs": ("TagQueue", "UntagQueue", "QueueUrl", "id", "TagKeys"),
    "scheduler": ("TagResource", "UntagResource", "ResourceArn", "arn", "TagKeys"),
    "guardduty": ("TagResource", "UntagResource", "ResourceArn", "arn", "TagKeys"),
    "macie2": ("TagResource", "UntagResource", "resourceArn", "arn", "tagKeys"),
    "accessanalyzer": ("TagResource", "UntagResource", "resourceArn", "arn", "tagKeys"),
    "application-autoscaling": ("TagResource", "UntagResource", "ResourceARN", "arn", "TagKeys"),
}


def merged(type_token: str, inputs: Mapping[str, Any], default_tags: Mapping[str, str]) -> dict[str, str]:
    """Return a resource's tags with the provider's default tags under them, as a mapping."""
    if "tags" not in declared(type_token):
        return {}
    own = inputs.get("tags") or {}
    if isinstance(own, list):
        own = {item.get("key"): item.get("value") for item in own if isinstance(item, Mapping)}
    return {**default_tags, **(own if isinstance(own, Mapping) else {})}


def with_tags(
    type_token: str, row: Operations, inputs: dict[str, Any], default_tags: Mapping[str, str]
) -> dict[str, Any]:
    """Return the inputs with merged tags, in the form the create operation takes."""
    given = inputs.get("tags")
    if given is not None and not isinstance(given, (Mapping, list)):
        return inputs  # wrong, and for validation to say
    if isinstance(given, list) and not all(isinstance(item, Mapping) for item in given):
        return inputs
    tags = merged(type_token, inputs, default_tags)
    rest = {key: value for key, value in inputs.items() if key not in {"tags", "tagsAll"}}
    if not tags:
        return rest
    if row.ec2_resource:
        pairs = [{"key": key, "value": At(value, f"tags.{key}")} for key, value in tags.items()]
        specification = {"resourceType": row.ec2_resource, "tags": At(pairs, "tags")}
        return {**rest, "tagSpecifications": At([specification], "tags")}
    return {**rest, "tags": tags}


def retag(row: Operations, before: Mapping[str, str], after: Mapping[str, str], known: Mapping[str, Any]) -> list[Call]:
    """Return the calls that bring a resource's tags from `before` to `after`."""
    gone = sorted(before.keys() - after.keys())
    changed = {key: value for key, value in after.items() if before.get(key) != value}
    if row.service == "ec2":
        resource = {"Resources": [known["id"]]}
        pairs = [{"Key": key, "Value": At(value, f"tags.{key}")} for key, value in changed.items()]
        removed = [Call("DeleteTags", {**resource, "Tags": [{"Key": key} for key in gone]})] if gone else []
        return removed + ([Call("CreateTags", {**resource, "Tags": pairs})] if pairs else [])
    if row.service == "iam":
        return _retag_identity(known, gone, changed)
    add, remove, member, source, keys_member = TAGGING[row.service]
    resource = {member: known[source]}
    # CloudTrail lists what to remove as tags too.
    listed: list[Any] = [{"Key": key} for key in gone] if row.service == "cloudtrail" else list(gone)
    calls = [Call(remove, {**resource, keys_member: listed})] if gone else []
    if changed:
        calls.append(Call(add, {**resource, **_tags_member(row.service, changed)}))
    return calls


def _retag_identity(known: Mapping[str, Any], gone: list[str], changed: Mapping[str, str]) -> list[Call]:
    """Return the calls for a role or a managed policy: IAM has operations of its own for each."""
    noun, member = ("Role", "RoleName") if "RoleName" in known else ("Policy", "PolicyArn")
    named = {member: known[member]}
    pairs = [{"Key": key, "Value": At(value, f"tags.{key}")} for key, value in changed.items()]
    removed = [Call(f"Untag{noun}", {**named, "TagKeys": gone})] if gone else []
    return removed + ([Call(f"Tag{noun}", {**named, "Tags": pairs})] if pairs else [])


def _tags_member(service: str, tags: Mapping[str, str]) -> dict[str, Any]:
    lower, upper = (
        {"logs", "macie2", "accessanalyzer"},
        {"lambda", "application-autoscaling", "backup", "guardduty", "sqs"},
    )
    if service in lower | upper:
        member = "tags" if service in lower else "Tags"
        return {member: {key: At(value, f"tags.{key}") for key, value in tags.items()}}
    if service == "glue":
        return {"TagsToAdd": {key: At(value, f"tags.{key}") for key, value in tags.items()}}
    key_member, value_member = ("TagKey", "TagValue") if service == "kms" else ("Key", "Value")
    member = {"budgets": "ResourceTags", "ce": "ResourceTags", "cloudtrail": "TagsList", "ecr": "tags"}.get(
        service, "Tags"
    )
    return {member: [{key_member: key, value_member: At(value, f"tags.{key}")} for key, value in tags.items()]}
