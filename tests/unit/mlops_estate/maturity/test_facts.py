"""Facts of projects that have little, and workflow files of any shape."""

from __future__ import annotations

import pytest

from mlops_estate.graph import UNKNOWN, ResourceGraph
from mlops_estate.maturity import assess
from mlops_estate.maturity.facts import count_tests, gather, parsed
from mlops_estate.maturity.values import block, entries, number, texts
from mlops_estate.maturity.workflows import read_workflows


def test_an_empty_project_is_at_level_0_and_nothing_is_met(tmp_path):
    report = assess(gather(ResourceGraph("mlops-estate", "dev"), tmp_path, {}), "dev")
    assert {outcome.state for outcome in report.outcomes.values()} == {"unmet", "not applicable"}
    assert (report.level, report.automation_percent) == (0, 0.0)
    assert all(outcome.why for outcome in report.outcomes.values())


def test_a_model_without_resources_meets_nothing_that_is_asked_of_models(tmp_path):
    report = assess(gather(ResourceGraph("mlops-estate", "dev"), tmp_path, {"lonely": {}}), "dev")
    assert report.outcomes["trains"].state == report.outcomes["rollback"].state == "unmet"
    assert "lonely" in report.outcomes["rollback"].why


@pytest.mark.parametrize(
    "value", ["3", "[]", "[3]", "{x: 3}", "text", "{x: [3]}", "{x: {y: 3}}", "null", "[{run: [3]}]"]
)
@pytest.mark.parametrize(
    "key", ["on", "permissions", "jobs", "needs", "steps", "env", "with", "strategy", "environment", "uses"]
)
def test_a_workflow_of_any_shape_is_read_or_left_out(tmp_path, key, value):
    folder = tmp_path / ".github" / "workflows"
    folder.mkdir(parents=True)
    parts = {"on": "push", "permissions": "{}", "jobs": ""}
    job = {"needs": "[]", "steps": "[{run: pytest}]", "env": "{}", "with": "{}", "strategy": "{}", "environment": "dev"}
    (parts if key in parts else job)[key] = value
    body = ", ".join(f"{name}: {text}" for name, text in job.items())
    parts["jobs"] = parts["jobs"] or f"{{a: {{{body}}}}}"
    (folder / "x.yml").write_text("".join(f"{name}: {text}\n" for name, text in parts.items()), encoding="utf-8")
    found, notes = read_workflows(tmp_path)
    assert len(found) + len(notes) == 1


def test_test_functions_are_counted_by_side(tmp_path):
    for side, text in (("unit", "def test_a(): ...\nasync def test_b(): ...\nclass T:\n    def test_c(self): ...\n"),
                       ("end_to_end", "def helper(): ...\n# def test_x\n")):  # fmt: skip
        folder = tmp_path / "tests" / side / "deep"
        folder.mkdir(parents=True)
        (folder / "test_x.py").write_text(text, encoding="utf-8")
        (folder / "helper.py").write_text("def test_not_counted(): ...\n", encoding="utf-8")
    assert count_tests(tmp_path) == {"unit": 3, "integration": 0, "end_to_end": 0}


def test_documents_held_as_text_are_read_where_they_are_known():
    assert parsed('{"a": 1}') == parsed({"a": 1}) == {"a": 1}
    assert [parsed(value) for value in (UNKNOWN, "{", None, 3)] == [None] * 4


def test_values_of_another_shape_are_nothing():
    odd = (None, 3, True, UNKNOWN, [], {})
    assert all(not block(value) for value in (*odd, [1], "x"))
    assert all(not entries(value) for value in (*odd, ["x"], "x", {"a": 1}))
    assert all(not texts(value) for value in (*odd, [3], [UNKNOWN], {"a": 1}))
    assert [number(value) for value in (None, "3", True, [3], 2.5)] == [0, 0, 0, 0, 2.5]
    assert (texts("x"), texts(["x", 3]), entries([{"a": 1}, 3])) == (["x"], ["x"], [{"a": 1}])
