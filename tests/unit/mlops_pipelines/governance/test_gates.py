"""The gates: what passes, what is refused and why, and that a missing figure never passes."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.governed import champion_found, compared, documents, settings

from mlops_pipelines.governance.gates import decide
from mlops_pipelines.governance.registration import refused
from mlops_pipelines.settings import CardSettings, GateSettings

NAMES = ["quality", "champion", "generalisation", "drift", "selection_rate_difference", "equalized_odds_difference",
         "robustness", "optimised"]  # fmt: skip
NUMBERS = (
    ("quality", "evaluation__metric__value"), ("generalisation", "evaluation__generalisation_gap"),
    ("selection_rate_difference", "fairness__worst__selection_rate_difference"),
    ("equalized_odds_difference", "fairness__worst__equalized_odds_difference"),
    ("robustness", "robustness__flipped_percent"), ("robustness", "robustness__epsilon"),
    ("optimised", "optimisation__loss"),
)  # fmt: skip


def failed(found: dict[str, Any]) -> list[str]:
    return [check["gate"] for check in found["checks"] if not check["passed"]]


def check(found: dict[str, Any], gate: str) -> dict[str, Any]:
    return next(one for one in found["checks"] if one["gate"] == gate)


def test_a_good_model_passes_every_gate_with_the_figures_and_limits_told() -> None:
    found = decide(documents(), settings())
    assert found["passed"] is True
    assert found["reason"] == ""
    assert [one["gate"] for one in found["checks"]] == NAMES
    told = {one["gate"]: (one["value"], one["limit"]) for one in found["checks"]}
    assert told == {
        "quality": (0.8, 0.7), "champion": (None, -0.01), "generalisation": (0.05, 0.15), "drift": (0.0, None),
        "selection_rate_difference": (0.1, 0.3), "equalized_odds_difference": (0.2, 0.35), "robustness": (5.0, 20.0),
        "optimised": (0.0, 0.005),
    }  # fmt: skip
    assert found["warnings"] == ["there is no champion to compare with"]
    assert all(one["rule"] for one in found["checks"])


@pytest.mark.parametrize(
    ("gate", "path", "at_limit", "beyond"),
    [
        ("quality", "evaluation__metric__value", 0.7, 0.699),
        ("generalisation", "evaluation__generalisation_gap", 0.15, 0.151),
        ("selection_rate_difference", "fairness__worst__selection_rate_difference", 0.3, 0.301),
        ("equalized_odds_difference", "fairness__worst__equalized_odds_difference", 0.35, 0.351),
        ("robustness", "robustness__flipped_percent", 20.0, 20.1),
        ("optimised", "optimisation__loss", 0.005, 0.0051),
    ],
)
def test_a_limit_is_the_last_value_that_passes(gate: str, path: str, at_limit: float, beyond: float) -> None:
    assert failed(decide(documents(**{path: at_limit}), settings())) == []
    found = decide(documents(**{path: beyond}), settings())
    assert failed(found) == [gate]
    assert found["passed"] is False
    assert found["reason"].startswith(f"{gate}: {beyond:g}, but ")
    assert check(found, gate)["fix"] in found["reason"]


def test_an_error_is_a_limit_from_above() -> None:
    errors = settings(problem="regression", gates=GateSettings(metric="rmse", threshold=2.0))
    changes = {"evaluation__metric": {"name": "rmse", "value": 2.0, "low": 1.9, "high": 2.1, "confidence": 0.95}}
    assert "quality" not in failed(decide(documents(**changes), errors))
    changes["evaluation__metric"]["value"] = 2.01
    found = decide(documents(**changes), errors)
    assert "quality" in failed(found)
    assert "rmse on the test set <= 2" in found["reason"]


@pytest.mark.parametrize("value", [None, math.nan, math.inf, -math.inf, "0.9", True, [], {}])
@pytest.mark.parametrize(("gate", "path"), NUMBERS)
def test_a_figure_that_is_none_never_passes(gate: str, path: str, value: Any) -> None:
    found = decide(documents(**{path: value}), settings())
    assert failed(found) == [gate]
    assert gate in found["reason"]


@pytest.mark.parametrize("name", ["evaluation", "fairness", "robustness", "optimisation", "validation"])
def test_an_empty_document_never_passes(name: str) -> None:
    assert decide(documents(**{name: {}}), settings())["passed"] is False


def test_another_metric_than_the_gates_never_passes() -> None:
    found = decide(documents(evaluation__metric__name="accuracy"), settings())
    assert failed(found) == ["quality"]
    assert "measured 'accuracy', and not roc_auc" in found["reason"]


@pytest.mark.parametrize(("difference", "passes"), [(0.05, True), (0.0, True), (-0.01, True), (-0.011, False)])
def test_a_model_may_be_worse_than_the_champion_by_the_margin(difference: float, passes: bool) -> None:
    found = decide(compared(difference), settings())
    assert (failed(found) == []) is passes
    assert check(found, "champion")["value"] == pytest.approx(difference)
    assert found["challenger_of"] == "arn:aws:sagemaker:eu-west-1:123456789012:model-package/credit/1"


def test_a_difference_that_its_own_scores_belie_is_refused() -> None:
    told = compared(-0.2)
    told["evaluation"]["champion"]["difference"] = 0.2
    found = decide(told, settings())
    assert failed(found) == ["champion"]
    assert "its own scores give -0.2" in found["reason"]


@pytest.mark.parametrize("key", ["value", "difference"])
def test_a_comparison_without_figures_is_refused(key: str) -> None:
    told = compared(0.01)
    told["evaluation"]["champion"][key] = None
    assert failed(decide(told, settings())) == ["champion"]


def test_an_evaluation_that_says_there_is_no_champion_where_there_is_one_is_refused() -> None:
    found = decide(documents(champion=champion_found()), settings())
    assert failed(found) == ["champion"]
    assert "evaluation.json says 'none' of the champion, and champion.json says 'found'" in found["reason"]


def test_a_champion_that_cannot_be_compared_is_a_warning_if_a_reason_is_told() -> None:
    told = documents(
        champion=champion_found(), evaluation__champion={"status": "not comparable", "reason": "other label"}
    )
    found = decide(told, settings())
    assert failed(found) == []
    assert any("other label" in warning for warning in found["warnings"])
    told["evaluation"]["champion"]["reason"] = ""
    assert failed(decide(told, settings())) == ["champion"]


def test_drift_is_recorded_with_a_warning_and_has_to_have_been_looked_for() -> None:
    drifted = {"status": "measured", "drifted": ["income", "debt"], "columns": []}
    found = decide(documents(validation__drift=drifted), settings())
    assert found["passed"] is True
    assert check(found, "drift")["value"] == 2.0
    assert "these columns drifted: income, debt" in found["warnings"]
    first = decide(documents(validation__drift={"status": "no reference", "drifted": []}), settings())
    assert any("no snapshot to compare with" in warning for warning in first["warnings"])
    assert failed(decide(documents(validation__drift={"status": "skipped"}), settings())) == ["drift"]


def test_without_a_protected_column_a_model_of_high_risk_passes_with_a_warning() -> None:
    told = documents(fairness={"status": "no protected attribute", "attributes": {}, "worst": {}})
    found = decide(told, settings(protected=()))
    assert found["passed"] is True
    assert sum("high risk" in warning for warning in found["warnings"]) == 2
    low = decide(told, settings(protected=(), card=CardSettings(risk="minimal")))
    assert not any("high risk" in warning for warning in low["warnings"])


def test_a_fairness_report_that_measured_nothing_is_refused_where_a_column_is_protected() -> None:
    found = decide(documents(fairness={"status": "no protected attribute", "worst": {}}), settings())
    assert failed(found) == ["selection_rate_difference", "equalized_odds_difference"]
    assert "the schema protects sex" in found["reason"]


def test_rates_do_not_exist_for_a_number() -> None:
    worst = {"selection_rate_difference": None, "equalized_odds_difference": None}
    numeric = replace(settings(), problem="regression")
    found = decide(documents(fairness__worst=worst), numeric)
    assert "selection_rate_difference" not in failed(found)
    assert any("does not exist for a number" in warning for warning in found["warnings"])


def test_robustness_measured_at_another_size_is_refused() -> None:
    found = decide(documents(robustness__epsilon=0.01), settings())
    assert failed(found) == ["robustness"]
    assert "measured at 0.01, not at 0.1" in found["reason"]


def test_a_reason_names_every_failed_gate_or_says_how_many_more_there_are() -> None:
    changes = dict.fromkeys([path for _, path in NUMBERS])
    found = decide(documents(**changes), settings())
    assert len(failed(found)) == 6
    assert len(found["reason"]) <= 1024
    assert "more: see gate.json" in found["reason"]


def test_a_version_follows_from_what_changed() -> None:
    assert decide(documents(), settings())["version"] == "1.0.0"
    found = decide(compared(0.1), settings())
    assert (found["version"], found["summary"]["version"]) == ("1.1.0", "1.1.0")
    assert found["version_reason"] == "the data changed, the schema did not since 1.0.0"


def test_a_summary_is_text_that_the_registry_takes() -> None:
    for found in (decide(documents(), settings()), decide(compared(0.1), settings())):
        assert refused(found["summary"]) == []
    assert found["summary"]["score_interval"] == "0.78 to 0.82 at 95 percent"
    assert float(found["summary"]["score"]) == 0.8
    assert decide(documents(), settings())["summary"]["challenger_of"] == "none"


@given(
    st.dictionaries(
        st.sampled_from(
            [path for _, path in NUMBERS] + ["fairness__status", "evaluation__champion", "validation__drift"]
        ),
        st.one_of(st.none(), st.floats(), st.text(max_size=5), st.booleans(), st.just({})),
        max_size=6,
    )
)
def test_whatever_documents_hold_a_passed_gate_has_its_figure_within_the_limit(changes: dict[str, Any]) -> None:
    found = decide(documents(**dict(sorted(changes.items()))), settings())
    assert found["passed"] is all(one["passed"] for one in found["checks"])
    assert len(found["reason"]) <= 1024
    assert (found["reason"] == "") is found["passed"]
    assert refused(found["summary"]) == []
    for one in found["checks"]:
        if not one["passed"] or one["warning"]:
            continue
        assert isinstance(one["value"], float)
        assert one["limit"] is None or (
            one["value"] >= one["limit"] if one["gate"] in ("quality", "champion") else one["value"] <= one["limit"]
        )
