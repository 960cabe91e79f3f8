"""Health: what the graph declares, looked up in an account that answers as AWS does."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError

from mlops_estate.delivery.health import (
    ALARM,
    ENDPOINT,
    PIPELINE,
    Finding,
    Health,
    check_health,
    require_account,
    settled,
)
from mlops_estate.faults import FaultsFound
from mlops_estate.graph import UNKNOWN, ResourceGraph, ResourceNode


class Account:
    """Answers from three tables; what is in none is missing as the services say it."""

    def __init__(self, endpoints=None, pipelines=None, alarms=None, denied=False):
        self.endpoints, self.pipelines, self.alarms = endpoints or {}, pipelines or {}, alarms or {}
        self.denied = denied
        self.asked = []

    def client(self, service):
        return self

    def describe_endpoint(self, EndpointName):  # noqa: N803 -- AWS's names
        if self.denied:
            raise refused("AccessDeniedException", "not yours")
        if EndpointName not in self.endpoints:
            raise refused("ValidationException", f'Could not find endpoint "{EndpointName}".')
        return {"EndpointStatus": self.endpoints[EndpointName], "FailureReason": "no capacity"}

    def describe_pipeline(self, PipelineName):  # noqa: N803 -- as above
        if PipelineName not in self.pipelines:
            raise refused("ResourceNotFound", f"Pipeline {PipelineName} does not exist.")
        return {"PipelineStatus": self.pipelines[PipelineName]}

    def describe_alarms(self, AlarmNames, AlarmTypes):  # noqa: N803 -- as above
        self.asked.append(len(AlarmNames))
        return {"MetricAlarms": [{"AlarmName": name, "StateValue": self.alarms[name], "StateReason": "too many errors"}
                                 for name in AlarmNames if name in self.alarms]}  # fmt: skip


def refused(code, message):
    return ClientError({"Error": {"Code": code, "Message": message}}, "Describe")


def graph(*resources):
    made = ResourceGraph("mlops-estate", "prod")
    for type_, inputs in resources:
        name = str(inputs)
        made.nodes[name] = ResourceNode(urn=name, type=type_, name=name, custom=True, inputs=inputs)
    return made


def endpoint(name):
    return ENDPOINT, {"endpointName": name}


def alarm(name, namespace="AWS/SageMaker"):
    return ALARM, {"name": name, "namespace": namespace}


def look(account, *resources):
    return check_health(graph(*resources), account, environment="prod", account_id="123456789012")


def test_all_is_well_where_everything_is_there_and_works():
    account = Account({"e": "InService"}, {"p": "Active"}, {"a": "OK", "b": "INSUFFICIENT_DATA"})
    found = look(account, endpoint("e"), (PIPELINE, {"pipelineName": "p"}), alarm("a"), alarm("b"))
    assert found.ok
    assert [(one.kind, one.name, one.state) for one in found.findings] == [
        ("endpoint", "e", "InService"), ("pipeline", "p", "Active"), ("alarm", "a", "OK"),
        ("alarm", "b", "INSUFFICIENT_DATA"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("state", "settles"),
    [("Creating", True), ("Updating", True), ("SystemUpdating", True), ("RollingBack", True), ("Failed", False),
     ("OutOfService", False), ("UpdateRollbackFailed", False)],
)  # fmt: skip
def test_an_endpoint_has_to_be_in_service(state, settles):
    (reason,) = look(Account({"e": state}), endpoint("e")).reasons
    assert (reason.kind, reason.state, reason.why, reason.settles) == ("endpoint", state, "no capacity", settles)


def test_what_is_missing_is_a_reason_each():
    found = look(Account(), endpoint("e"), (PIPELINE, {"pipelineName": "p"}), alarm("a", "AWS/SQS"))
    assert [(one.kind, one.state) for one in found.reasons] == [
        ("endpoint", "missing"), ("pipeline", "missing"), ("alarm", "missing"),
    ]  # fmt: skip
    assert not any(one.settles for one in found.reasons)


def test_a_pipeline_that_is_deleting_is_a_reason():
    assert not look(Account(pipelines={"p": "Deleting"}), (PIPELINE, {"pipelineName": "p"})).ok


@pytest.mark.parametrize("namespace", ["AWS/SageMaker", "/aws/sagemaker/Endpoints"])
def test_an_alarm_on_an_endpoint_is_a_reason_with_its_own(namespace):
    (reason,) = look(Account(alarms={"a": "ALARM"}), alarm("a", namespace)).reasons
    assert (reason.state, reason.why) == ("ALARM", "too many errors")


def test_another_alarm_that_sounds_is_told_and_blocks_nothing():
    found = look(Account(alarms={"a": "ALARM"}), alarm("a", "mlops-prod/audit"))
    assert found.ok
    assert [(one.ok, one.why) for one in found.findings] == [(False, "too many errors")]


def test_alarms_are_asked_for_a_hundred_at_a_time():
    names = [f"a{number:03}" for number in range(205)]
    account = Account(alarms=dict.fromkeys(names, "OK"))
    found = look(account, *(alarm(name) for name in names))
    assert found.ok
    assert account.asked == [100, 100, 5]
    assert [one.name for one in found.findings] == names


def test_an_account_that_lets_nobody_ask_is_a_fault():
    with pytest.raises(FaultsFound, match="sagemaker:DescribeEndpoint"):
        look(Account(denied=True), endpoint("e"))


@pytest.mark.parametrize("name", [UNKNOWN, None])
def test_a_resource_without_a_known_name_is_a_fault(name):
    with pytest.raises(FaultsFound, match="unknown before the update"):
        look(Account(), endpoint(name))


def health(*states):
    findings = tuple(Finding("endpoint", "e", state, state == "InService", "", state == "Updating") for state in states)
    return Health("prod", "123456789012", findings)


def waited(looks, wait):
    """Return what was found at last, and the pauses before."""
    now, pauses, left = [0.0], [], list(looks)

    def pause(seconds):
        pauses.append(seconds)
        now[0] += seconds

    found = settled(lambda: left.pop(0) if len(left) > 1 else left[0], wait=wait, pause=pause, clock=lambda: now[0])
    return found, pauses


def test_it_waits_for_what_settles():
    found, pauses = waited([health("Updating"), health("Updating"), health("InService")], wait=900)
    assert found.ok
    assert pauses == [15, 15]


def test_it_does_not_wait_for_what_never_settles():
    found, pauses = waited([health("Failed")], wait=900)
    assert not found.ok
    assert pauses == []


def test_it_waits_no_longer_than_asked():
    found, pauses = waited([health("Updating")], wait=40)
    assert not found.ok
    assert pauses == [15, 15, 10]
    assert waited([health("Updating")], wait=0)[1] == []


class Identity:
    def __init__(self, account):
        self.account = account

    def client(self, service):
        assert service == "sts"
        return self

    def get_caller_identity(self):
        if self.account is None:
            raise refused("ExpiredToken", "expired")
        return {"Account": self.account}


@pytest.mark.parametrize("account", ["210987654321", None])
def test_credentials_of_another_account_or_none_are_refused(account):
    with pytest.raises(FaultsFound, match="account"):
        require_account(Identity(account), "123456789012")


def test_credentials_of_the_account_are_taken():
    require_account(Identity("123456789012"), "123456789012")
