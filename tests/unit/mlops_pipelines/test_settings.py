"""A model's training settings: defaults by problem, reading back, and what is refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlops_pipelines.modelling.metrics import DEFAULT_METRIC, DEFAULT_THRESHOLD, ERRORS, METRICS
from mlops_pipelines.settings import FAMILIES, SEARCHES, problem_of, read_settings, resolve

LABELS = {
    "binary": {"type": "category", "values": ["no", "yes"]},
    "multiclass": {"type": "category", "values": ["a", "b", "c"]},
    "regression": {"type": "number", "minimum": 0, "maximum": 9},
}


def schema(problem="binary", protected=("group",)):
    columns = [{"name": "target", "role": "label", **LABELS[problem]}]
    columns += [{"name": name, "role": "protected", "type": "category", "values": ["x", "y"]} for name in protected]
    return {"columns": columns}


@pytest.mark.parametrize("problem", LABELS)
def test_the_problem_follows_from_the_label_and_brings_its_metric(problem):
    found = resolve("m", schema(problem))
    assert (problem_of(schema(problem)), found.problem) == (problem, problem)
    assert (found.gates.metric, found.gates.threshold) == (
        DEFAULT_METRIC[problem],
        DEFAULT_THRESHOLD[found.gates.metric],
    )
    assert (found.label, found.protected) == ("target", ("group",))


def test_what_is_given_counts_and_none_is_the_default():
    found = resolve("m", schema(), gates={"metric": "f1", "threshold": None, "champion_margin": 0.05},
                    search={"mode": "automl"}, card={"owner": "o"}, data={"min_records": 10})  # fmt: skip
    assert (found.gates.metric, found.gates.threshold, found.gates.champion_margin) == ("f1", 0.5, 0.05)
    assert (found.search.mode, found.card.owner, found.data.min_records) == ("automl", "o", 10)


def test_a_metric_of_another_problem_is_refused_by_name():
    with pytest.raises(ValueError, match="'rmse' is none of a binary model's: roc_auc"):
        resolve("m", schema(), gates={"metric": "rmse", "threshold": 1})


@pytest.mark.parametrize("metric", sorted(ERRORS))
def test_an_error_needs_a_threshold_since_it_has_the_labels_unit(metric):
    with pytest.raises(ValueError, match=r"gates\.threshold is missing"):
        resolve("m", schema("regression"), gates={"metric": metric})
    assert resolve("m", schema("regression"), gates={"metric": metric, "threshold": 2}).gates.threshold == 2.0


def test_every_metric_but_errors_has_a_default_threshold():
    every = {metric for metrics in METRICS.values() for metric in metrics}
    assert every == DEFAULT_THRESHOLD.keys() | ERRORS


@given(st.sampled_from(sorted(LABELS)), st.integers(0, 2**32 - 1), st.sampled_from(SEARCHES), st.sampled_from(FAMILIES))
def test_settings_survive_json_and_their_checksum_tells_them_apart(problem, seed, mode, family):
    one = resolve("m", schema(problem), seed=seed, search={"mode": mode, "family": family})
    again = read_settings(one.as_dict())
    assert (again, again.sha256()) == (one, one.sha256())
    assert read_settings({**one.as_dict(), "seed": seed + 1}).sha256() != one.sha256()


def test_every_fault_of_a_document_is_named_at_once():
    document = {"problem": "binary", "label": "y", "sead": 1, "gates": {"treshold": 1}, "data": {"split": [1, 0, 0]}}
    with pytest.raises(ValueError, match="no training settings") as caught:
        read_settings(document)
    assert all(
        part in str(caught.value) for part in ("model is missing", "sead is unknown", "gates.treshold is unknown")
    )
