"""Findings in the embedded account: published as the services do, told on the topic of their urgency, or kept."""

from __future__ import annotations

import json

import pytest
from tests.support import sdk  # noqa: F401  # before any component
from tests.support.finding_samples import ACCOUNT, REGION, TOLD, UNTOLD

import mlops_components as components
from mlops_components.findings import SOURCES, URGENCIES
from mlops_estate.embedded.account import EmbeddedAccount
from mlops_estate.embedded.driver import AwsDriver
from mlops_estate.engine import read_back, run_program

PLACE = {"prefix": "mlops-dev", "account": ACCOUNT, "region": REGION}
TOPIC = f"arn:aws:sns:{REGION}:{ACCOUNT}:mlops-dev-"
SILENCE: dict[str, list[str]] = {urgency: [] for urgency in URGENCIES}
UNDELIVERED = "mlops-dev-undelivered-findings"


def declares(sources=tuple(SOURCES)):
    key = components.EncryptionKeys("keys", {**PLACE, "environment_class": "dev"}).operations_key_arn
    topics = components.AlertTopics("alerts", {**PLACE, "key_arn": key})
    told = {f"{urgency}_topic_arn": getattr(topics, f"{urgency}_topic_arn") for urgency in URGENCIES}
    components.FindingAlerts("findings", {**PLACE, **told, "key_arn": key, "sources": list(sources)})


class Listening:
    """The estate's topics, with a queue of our own behind each."""

    def __init__(self, account):
        self.account, self.driver = account, AwsDriver(account, seed="findings")
        self.graph = self.apply()
        for urgency in URGENCIES:
            account.client("sqs").create_queue(QueueName=f"heard-{urgency}")
            account.client("sns").subscribe(
                TopicArn=TOPIC + urgency, Protocol="sqs", Endpoint=f"arn:aws:sqs:{REGION}:{ACCOUNT}:heard-{urgency}",
                Attributes={"RawMessageDelivery": "true"},
            )  # fmt: skip

    def apply(self, **options):
        self.graph = run_program(
            lambda: declares(**options), stack="dev", config={}, driver=self.driver,
            previous=getattr(self, "graph", None),
        )  # fmt: skip
        return self.graph

    def publish(self, source, finding):
        from mlops_estate.embedded.backends.events import publish

        publish(ACCOUNT, REGION, SOURCES[source].event_source, SOURCES[source].detail_type, finding)

    def take(self, queue):
        """Return and delete all messages of a queue, with their attributes' values."""
        sqs, taken = self.account.client("sqs"), []
        url = sqs.get_queue_url(QueueName=queue)["QueueUrl"]
        while found := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, MessageAttributeNames=["All"]).get(
            "Messages"
        ):
            for message in found:
                told = {name: item["StringValue"] for name, item in message.get("MessageAttributes", {}).items()}
                taken.append((message["Body"], told))
                sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        return taken

    def heard(self):
        return {urgency: [body for body, _ in self.take(f"heard-{urgency}")] for urgency in URGENCIES}


@pytest.fixture
def listening():
    with EmbeddedAccount(seed=0) as account:
        yield Listening(account)


@pytest.mark.parametrize("source", SOURCES)
def test_each_severity_arrives_once_on_the_topic_it_belongs_to_and_nothing_else_does(listening, source):
    for finding, urgency in TOLD[source]:
        listening.publish(source, finding)
        heard = listening.heard()
        assert {name: len(messages) for name, messages in heard.items()} == {
            **dict.fromkeys(URGENCIES, 0), urgency: 1,
        }, (finding, heard)  # fmt: skip
        (text,) = heard[urgency]
        assert text.startswith(
            f'"{urgency.upper()}: {SOURCES[source].label} finding in account {ACCOUNT}, {REGION}, at 2'
        )
    for finding in UNTOLD.get(source, []):
        listening.publish(source, finding)
    assert listening.heard() == SILENCE
    assert listening.take(UNDELIVERED) == []


def test_what_a_topic_refuses_is_kept_with_the_reason(listening):
    sns = listening.account.client("sns")
    policy = json.loads(sns.get_topic_attributes(TopicArn=TOPIC + "critical")["Attributes"]["Policy"])
    for statement in policy["Statement"]:
        if statement["Sid"] == "EventBridgeRules":
            statement["Condition"] = {"StringEquals": {"aws:SourceAccount": ACCOUNT}}
    sns.set_topic_attributes(TopicArn=TOPIC + "critical", AttributeName="Policy", AttributeValue=json.dumps(policy))
    finding, urgency = TOLD["guardduty"][-1]
    assert urgency == "critical"
    listening.publish("guardduty", finding)
    ((body, told),) = listening.take(UNDELIVERED)
    assert json.loads(body)["detail"] == finding
    assert (told["ERROR_CODE"], told["TARGET_ARN"]) == ("NO_PERMISSIONS", TOPIC + "critical")
    assert told["RULE_ARN"].endswith(":rule/mlops-dev-guardduty-critical")
    assert listening.heard()["critical"] == []


def test_a_key_that_does_not_let_eventbridge_in_keeps_findings_from_the_topic_and_then_from_the_queue(listening):
    account = listening.account
    key = account.client("sns").get_topic_attributes(TopicArn=TOPIC + "info")["Attributes"]["KmsMasterKeyId"]
    policy = json.loads(account.client("kms").get_key_policy(KeyId=key, PolicyName="default")["Policy"])
    policy["Statement"] = [item for item in policy["Statement"] if item["Sid"] != "EventBridgeToTopics"]
    account.client("kms").put_key_policy(KeyId=key, PolicyName="default", Policy=json.dumps(policy))
    listening.publish("macie", TOLD["macie"][0][0])
    assert listening.heard()["info"] == []
    assert [told["ERROR_CODE"] for _, told in listening.take(UNDELIVERED)] == ["NO_PERMISSIONS"]
    policy["Statement"] = [item for item in policy["Statement"] if item["Sid"] != "EventBridgeToQueues"]
    account.client("kms").put_key_policy(KeyId=key, PolicyName="default", Policy=json.dumps(policy))
    listening.publish("macie", TOLD["macie"][0][0])
    assert listening.take(UNDELIVERED) == []


def test_rules_read_back_stay_when_nothing_changes_and_go_with_their_source(listening):
    assert {urn: back.differences for urn, back in read_back(listening.graph, listening.driver) if not back.equal} == {}
    again = listening.apply()
    assert {node.status for node in again.custom_nodes() if not node.is_provider} == {"unchanged"}
    listening.apply(sources=["guardduty"])
    rules = [rule["Name"] for rule in listening.account.client("events").list_rules()["Rules"]]
    assert sorted(rules) == sorted(f"mlops-dev-guardduty-{urgency}" for urgency in URGENCIES)
    listening.account.client("events").disable_rule(Name="mlops-dev-guardduty-info")
    listening.publish("guardduty", TOLD["guardduty"][0][0])
    listening.publish("macie", TOLD["macie"][0][0])
    assert listening.heard() == SILENCE
