"""Queues, and schedules with their groups."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mlops_estate.embedded.driver.mapping import At
from mlops_estate.embedded.driver.operations import Operations, Place

# The provider's inputs that SQS takes as a map of attributes (API reference, SetQueueAttributes).
QUEUE_ATTRIBUTES = {
    "contentBasedDeduplication": "ContentBasedDeduplication",
    "deduplicationScope": "DeduplicationScope",
    "delaySeconds": "DelaySeconds",
    "fifoQueue": "FifoQueue",
    "fifoThroughputLimit": "FifoThroughputLimit",
    "kmsDataKeyReusePeriodSeconds": "KmsDataKeyReusePeriodSeconds",
    "kmsMasterKeyId": "KmsMasterKeyId",
    "maxMessageSize": "MaximumMessageSize",
    "messageRetentionSeconds": "MessageRetentionPeriod",
    "policy": "Policy",
    "receiveWaitTimeSeconds": "ReceiveMessageWaitTimeSeconds",
    "redriveAllowPolicy": "RedriveAllowPolicy",
    "redrivePolicy": "RedrivePolicy",
    "sqsManagedSseEnabled": "SqsManagedSseEnabled",
    "visibilityTimeoutSeconds": "VisibilityTimeout",
}


def _text(value: Any) -> str:
    """Return an attribute as SQS takes it: a text, booleans in lower case, whole numbers without a point."""
    if isinstance(value, bool):
        return str(value).lower()
    return str(int(value)) if isinstance(value, float) else str(value)


def _attributes(inputs: Mapping[str, Any]) -> At:
    given = {
        member: At(_text(inputs[key]), key) for key, member in QUEUE_ATTRIBUTES.items() if inputs.get(key) is not None
    }
    return At(given, "")


def _queue(inputs: dict[str, Any], _place: Place) -> dict[str, Any]:
    kept = {key: value for key, value in inputs.items() if key not in QUEUE_ATTRIBUTES}
    return {**kept, "attributes": _attributes(inputs)}


def _policy(inputs: dict[str, Any], _place: Place) -> dict[str, Any]:
    return {
        "queueUrl": At(inputs.get("queueUrl"), "queueUrl"),
        "attributes": At({"Policy": At(inputs.get("policy"), "policy")}, "policy"),
    }


def _read_queue(keys: Mapping[str, Any]) -> dict[str, Any]:
    return {"QueueUrl": keys["QueueUrl"], "AttributeNames": ["All"]}


def _without_policy(_inputs: Any, keys: Mapping[str, Any]) -> dict[str, Any]:
    """A queue has no operation that takes its policy away: the provider sets an empty one."""
    return {"QueueUrl": keys["QueueUrl"], "Attributes": {"Policy": ""}}


ROWS = {
    "aws:sqs/queue:Queue": Operations(
        "sqs", "CreateQueue", "GetQueueAttributes", "DeleteQueue", "SetQueueAttributes", root="Attributes",
        keys={"QueueUrl": "response.QueueUrl", "QueueName": "params.QueueName"}, id="{QueueUrl}", noun="Queue",
        auto_name="name", auto_name_limit=80,
        before=_queue, update_before=_queue, update_drop=("name",), read_before=_read_queue,
        outputs={"arn": "arn:aws:sqs:{region}:{account}:{QueueName}", "url": "{QueueUrl}"},
        unread=("QueueName",), why_unread="the ARN holds the name",
    ),
    "aws:sqs/queuePolicy:QueuePolicy": Operations(
        "sqs", "SetQueueAttributes", "GetQueueAttributes", "SetQueueAttributes", "SetQueueAttributes",
        root="Attributes", keys={"QueueUrl": "params.QueueUrl"}, id="{QueueUrl}",
        before=_policy, update_before=_policy, read_before=_read_queue, delete_before=_without_policy,
        unread=("QueueUrl",), why_unread="it is what the queue is read by",
    ),
    "aws:scheduler/scheduleGroup:ScheduleGroup": Operations(
        "scheduler", "CreateScheduleGroup", "GetScheduleGroup", "DeleteScheduleGroup",
        keys={"Name": "params.Name"}, id="{Name}", auto_name="name", auto_name_limit=64,
        outputs={"arn": "arn:aws:scheduler:{region}:{account}:schedule-group/{Name}"},
        unread=("Tags",), why_unread="GetScheduleGroup shows no tags",
    ),
    "aws:scheduler/schedule:Schedule": Operations(
        "scheduler", "CreateSchedule", "GetSchedule", "DeleteSchedule", "UpdateSchedule",
        keys={"Name": "params.Name", "GroupName": "params.GroupName || 'default'"}, id="{GroupName}/{Name}",
        auto_name="name", auto_name_limit=64,
        outputs={"arn": "arn:aws:scheduler:{region}:{account}:schedule/{GroupName}/{Name}"},
    ),
}  # fmt: skip
