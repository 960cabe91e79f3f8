"""The verdict is one line that a reviewer can rely on."""

from __future__ import annotations

import pytest
from tests.support import report_documents as samples

from mlops_pipelines.reporting.verdict import judge

PASSED = {"gate": samples.gate()}
REFUSED = {"gate": samples.gate(metric=0.68)}
FAILED_STEP = [{"name": "Sign", "state": "failed", "reason": "step Sign failed: AccessDenied\nkms:Sign"}]


@pytest.mark.parametrize(
    ("registered", "headline"),
    [
        (
            {"version": "1.2.0", "registry_version": 5},
            "Registered as version 1.2.0 (registry version 5), pending approval",
        ),
        ({"version": "1.2.0", "status": "Approved"}, "Registered as version 1.2.0, approved"),
        ({"registry_version": 5, "status": "Rejected"}, "Registered as version 1.2.0 (registry version 5), rejected"),
        ({"status": "Unheard"}, "Registered as version 1.2.0, Unheard"),
    ],
)
def test_a_registered_version_is_named_with_its_status(registered, headline):
    found = judge(PASSED, registered, (), "")
    assert (found.kind, found.headline) == ("registered", headline)


def test_a_model_that_passed_goes_on():
    found = judge(PASSED, None, (), "")
    assert (found.kind, found.headline) == ("passed", "Passed all 8 gates: goes on to the registry as version 1.2.0")


def test_a_refusal_says_why_and_what_to_do_even_though_the_run_ended_as_failed():
    found = judge(REFUSED, None, [{"name": "Refused", "state": "failed"}], "step Refused failed: ...")
    assert (found.kind, found.headline) == ("refused", "Refused by 1 of 8 gates")
    assert found.reasons == ("metric is 0.68, roc_auc on the test set is at least the threshold",)
    assert found.fixes[0].startswith("metric: train with more data")


def test_a_failure_names_the_step_and_keeps_every_line():
    for found in (judge(PASSED, None, FAILED_STEP, ""), judge(PASSED, None, FAILED_STEP, FAILED_STEP[0]["reason"])):
        assert (found.kind, found.headline) == ("failed", "Failed at step Sign: AccessDenied")
        assert found.reasons == ("kms:Sign",)


def test_a_failure_after_registration_is_not_hidden():
    assert judge(PASSED, {"version": "1.2.0"}, (), "the copy failed").kind == "failed"


def test_a_failure_without_a_reason_says_so():
    assert judge({}, None, [{"name": "Train", "status": "Failed"}], "").headline == (
        "Failed at step Train: no reason was recorded"
    )


def test_a_run_without_a_gate_is_open():
    assert judge({}, None, (), "").kind == "open"
    assert judge({"gate": {}}, None, (), "").kind == "open"
