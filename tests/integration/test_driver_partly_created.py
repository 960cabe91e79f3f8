"""A creation that breaks off after its first call: the resource stands, is in the graph, and can be taken down."""

from __future__ import annotations

import pulumi_aws as aws
import pytest

from mlops_estate.embedded.account import EmbeddedAccount
from mlops_estate.embedded.driver import AwsDriver
from mlops_estate.engine import EngineFault, destroy, run_program
from mlops_estate.faults import Fault, FaultsFound


class BreaksOff(AwsDriver):
    """Fails the first call of an operation."""

    broken = "EnableKeyRotation"

    def _send(self, call, row, request):
        if call.operation == self.broken:
            self.broken = ""
            raise FaultsFound(
                [Fault("enableKeyRotation", True, "the service is not available", "try again", request.urn)]
            )
        return super()._send(call, row, request)


def program():
    aws.kms.Key("key", enable_key_rotation=True, deletion_window_in_days=7)


@pytest.fixture
def broken_off():
    with EmbeddedAccount() as account:
        driver = BreaksOff(account)
        with pytest.raises(EngineFault) as found:
            run_program(program, stack="test", config={}, driver=driver)
        yield account, driver, found.value


def test_what_stands_is_in_the_graph_and_is_taken_down(broken_off):
    account, driver, fault = broken_off
    (key,) = fault.graph.custom_nodes()
    assert key.status == "failed"
    assert account.client("kms").describe_key(KeyId=key.id)["KeyMetadata"]["KeyState"] == "Enabled"
    made = key.id
    assert destroy(fault.graph, driver).deleted == [key.urn]
    assert account.client("kms").describe_key(KeyId=made)["KeyMetadata"]["KeyState"] == "PendingDeletion"


def test_the_next_run_starts_it_anew(broken_off):
    account, driver, fault = broken_off
    (before,) = fault.graph.custom_nodes()
    first = before.id
    graph = run_program(program, stack="test", config={}, driver=driver, previous=fault.graph)
    (after,) = graph.custom_nodes()
    assert (after.status, after.id != first) == ("replaced", True)
    assert account.client("kms").get_key_rotation_status(KeyId=after.id)["KeyRotationEnabled"]
    assert account.client("kms").describe_key(KeyId=first)["KeyMetadata"]["KeyState"] == "PendingDeletion"
