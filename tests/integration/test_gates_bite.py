"""Every gate stops what it is there for: at the right step, with the reason, and nothing is registered."""

from __future__ import annotations

import numpy as np
import pytest
from tests.support.executed import bench, real

pytestmark = pytest.mark.xdist_group("gates")


@pytest.fixture(scope="module")
def account(tmp_path_factory):
    with bench(tmp_path_factory.mktemp("gates")) as made:
        yield made


@pytest.fixture(scope="module")
def champion(account):
    """A first model, on the shipped data, registered and approved."""
    executed = account.execute()
    assert executed.step == "", executed.reason
    account.approve(executed)
    return executed


@pytest.fixture
def kept(account, champion):
    """How many packages there are before a test, which has to leave it so."""
    before = account.packages()
    yield account
    account.changed = lambda _definition: None
    assert account.packages() == before


def test_good_data_end_with_a_signed_package(account, champion):
    assert champion.steps[-4:] == ["ModelCard", "Sign", "VerifySignature", "Register"]
    package = account.account.client("sagemaker").describe_model_package(ModelPackageName=champion.package_arn)
    assert package["CustomerMetadataProperties"]["version"] == "1.0.0"
    assert package["CustomerMetadataProperties"]["manifest_sha256"]
    assert "intended_uses" in package["ModelCard"]["ModelCardContent"]


def test_data_of_a_broken_schema_stop_at_validation(kept):
    frame = real()
    frame.loc[3, "hirat"] = "high"
    executed = kept.execute(frame)
    assert (executed.step, executed.steps) == ("ValidateData", ["Champion"])
    assert "data.csv" in executed.reason
    assert "hirat" in executed.reason
    assert "'high'" in executed.reason


def test_drifted_data_stop_at_validation(kept):
    frame = real()
    frame["lvrat"] = (frame["lvrat"].astype(float) * 1.6).round(6).clip(upper=5).astype(str)
    executed = kept.execute(frame)
    assert executed.step == "ValidateData"
    assert "lvrat" in executed.reason
    assert "drift" in executed.reason


def test_a_model_that_does_not_converge_stops_at_training(kept):
    frame = real()
    random = np.random.default_rng(1)
    frame["deny"] = random.permutation(frame["deny"].to_numpy())  # nothing left to learn
    executed = kept.execute(frame, parameters={"OnDrift": "record"})
    assert executed.step == "Train"
    assert "converge" in executed.reason


def test_a_model_below_the_champion_stops_at_the_gates(kept):
    weak = {"mode": "none", "hyperparameters": {"trees": 20, "depth": 1}}
    executed = kept.execute(search=weak)
    assert executed.step == "Refused"
    assert executed.reason.startswith("The gates refused the model: champion: -0.")


def test_a_biased_model_stops_at_the_gates(kept):
    frame = real()
    frame.loc[(frame["afam"] == "yes") & (frame["phist"] == "no"), ["phist", "deny"]] = ["yes", "yes"]
    executed = kept.execute(frame, parameters={"OnDrift": "record"})
    assert executed.step == "Refused"
    assert "selection rate" in executed.reason.replace("_", " ")


def test_a_fragile_model_stops_at_the_gates(kept):
    executed = kept.execute(gates={"max_flipped_percent": 0.5, "robustness_epsilon": 0.5})
    assert executed.step == "Refused"
    assert "flip" in executed.reason


def test_what_is_not_signed_stops_at_verification(kept):
    def unsigned(definition):
        """Let the signing step leave its folder empty, as one whose key was taken away would not even do."""
        gates = next(step for step in definition["Steps"] if step["Name"] == "GatesPassed")
        sign = next(step for step in gates["Arguments"]["IfSteps"] if step["Name"] == "Sign")
        sign["Arguments"]["ProcessingOutputConfig"]["Outputs"][0]["S3Output"]["LocalPath"] += "-elsewhere"

    kept.changed = unsigned
    executed = kept.execute()
    assert executed.step == "VerifySignature"
    assert "signature" in executed.reason
