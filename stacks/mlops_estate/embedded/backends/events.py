"""EventBridge: patterns as the service matches them, topics as targets, and dead-letter queues.

moto neither looks into lists of objects nor publishes to topics. Here a topic gets an event when its policy and its
key's policy let EventBridge in; what they refuse goes to the target's dead-letter queue.
"""

from __future__ import annotations

import datetime
import functools
import json
from collections.abc import Mapping
from typing import Any

from moto.events.models import EventPattern, EventsBackend, Rule, events_backends
from moto.kms.models import kms_backends
from moto.sns.models import sns_backends
from moto.sqs.exceptions import QueueDoesNotExist
from moto.sqs.models import sqs_backends

from mlops_estate.embedded.backends.event_patterns import matches, transformed
from mlops_estate.embedded.iam.evaluation import Policies, Request, decide

_REFUSED = {
    "ErrorCode": "NotAuthorizedForSourceException",
    "ErrorMessage": "Not authorized for the source.",
}


def install() -> None:
    """Mend moto's event buses."""
    send, put = Rule.send_to_targets, EventsBackend.put_events

    @functools.wraps(send)
    def send_to_targets(self: Any, original_event: Any, transform_input: bool = True) -> None:
        if self.state != "ENABLED" or not self.event_pattern.matches_event(original_event):
            return
        topics = [target for target in self.targets if ":sns:" in target["Arn"]]
        for target in topics:
            _to_topic(self, target, original_event)
        held = self.targets
        self.targets = [target for target in held if target not in topics]
        try:
            send(self, original_event, transform_input)
        finally:
            self.targets = held

    @functools.wraps(put)
    def put_events(self: Any, events: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """A source that begins with `aws.` is a service's own (EventBridge API Reference, PutEventsRequestEntry)."""
        theirs = [str(event.get("Source", "")).startswith("aws.") for event in events]
        answers = iter(put(self, [event for event, own in zip(events, theirs, strict=True) if not own]))
        return [dict(_REFUSED) if own else next(answers) for own in theirs]

    EventPattern.matches_event = lambda self, event: matches(self._pattern, json.loads(json.dumps(event)))
    Rule.send_to_targets = send_to_targets
    EventsBackend.put_events = put_events
    EventsBackend.put_events_of_services = put


def publish(account_id: str, region: str, source: str, detail_type: str, detail: Mapping[str, Any]) -> None:
    """Publish an event as the AWS service that it is from would: no caller of PutEvents can."""
    event = {"Source": source, "DetailType": detail_type, "Detail": json.dumps(detail)}
    events_backends[account_id][region].put_events_of_services([event])


def _to_topic(rule: Any, target: Mapping[str, Any], event: Mapping[str, Any]) -> None:
    """Publish an event to a topic; what the topic or its key refuses goes to the dead-letter queue."""
    told = {**event, "time": _iso(event["time"])}
    told.pop("ingestion-time", None)
    backend = sns_backends[rule.account_id][rule.region_name]
    topic = backend.topics.get(target["Arn"])
    if topic is None:
        _to_queue(rule, target, told, "RESOURCE_NOT_FOUND", f"no topic {target['Arn']}")
        return
    # EventBridge tells a topic's policy no source of its own (user guide, Resource-based policies, SNS).
    if not _admits(topic.policy, "sns:Publish", topic.arn, {}):
        _to_queue(rule, target, told, "NO_PERMISSIONS", "the topic's policy does not let EventBridge publish")
        return
    if not _key_admits(rule, topic.kms_master_key_id, {"kms:EncryptionContext:aws:sns:topicArn": topic.arn}):
        _to_queue(rule, target, told, "NO_PERMISSIONS", "the key's policy does not let EventBridge use it")
        return
    transformer = target.get("InputTransformer")
    topic.publish(transformed(transformer, told) if transformer else json.dumps(told))


def _to_queue(rule: Any, target: Mapping[str, Any], event: Mapping[str, Any], code: str, message: str) -> None:
    """Keep what could not be delivered in the target's dead-letter queue, if it has one that takes it.

    Source: EventBridge user guide, Dead-letter queues.
    """
    arn = (target.get("DeadLetterConfig") or {}).get("Arn")
    if not arn:
        return
    backend = sqs_backends[rule.account_id][rule.region_name]
    name = arn.rsplit(":", 1)[-1]
    try:
        queue = backend.get_queue(name)
    except QueueDoesNotExist:
        return
    context = {"kms:EncryptionContext:aws:sqs:arn": queue.queue_arn}
    source = {"aws:SourceArn": rule.arn, "aws:SourceAccount": rule.account_id}
    if not queue.policy or not _admits(queue.policy, "sqs:SendMessage", arn, source):
        return
    if not _key_admits(rule, queue.kms_master_key_id, context):
        return
    attributes = {"RULE_ARN": rule.arn, "TARGET_ARN": target["Arn"], "ERROR_CODE": code, "ERROR_MESSAGE": message}
    sent = {key: {"DataType": "String", "StringValue": value} for key, value in attributes.items()}
    backend.send_message(name, json.dumps(event), message_attributes=sent)


def _key_admits(rule: Any, key_id: str | None, context: Mapping[str, str]) -> bool:
    if not key_id:
        return True
    backend = kms_backends[rule.account_id][rule.region_name]
    key = backend.keys[backend.any_id_to_key_id(key_id)]
    return all(_admits(key.policy, action, key.arn, context) for action in ("kms:Decrypt", "kms:GenerateDataKey"))


def _admits(policy: str | Mapping[str, Any], action: str, resource: str, told: Mapping[str, str]) -> bool:
    """Whether a resource's policy lets EventBridge do something, which asks over TLS and tells what `told` holds."""
    request = Request("events.amazonaws.com", action, resource, {"aws:SecureTransport": "true", **told})
    return decide(request, Policies(resource=policy)).allowed


def _iso(time: Any) -> str:
    if isinstance(time, str):
        return time
    return datetime.datetime.fromtimestamp(float(time), datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
