"""Our evaluator against another one: both must answer every generated case alike."""

from __future__ import annotations

from tests.support import iam_simulate
from tests.support.iam_cases import cases

from mlops_estate.embedded.iam import decide

COUNT = 4000


def test_both_evaluators_agree_on_generated_cases():
    iam_simulate.required()
    made = list(cases(COUNT, seed=7))
    answered = iam_simulate.verdicts(made)
    assert [verdict["error"] for verdict in answered if "error" in verdict] == []
    ours = [decide(request, policies).allowed for request, policies in made]
    assert 0.2 < sum(ours) / COUNT < 0.8
    assert [made[index] for index, verdict in enumerate(answered) if verdict["allowed"] != ours[index]] == []


def test_the_generated_cases_use_every_part_of_the_evaluator():
    text = str(list(cases(COUNT, seed=7)))
    for part in ("NotAction", "NotResource", "ForAllValues", "ForAnyValue", "IfExists", "'Null'", "Service", "Deny"):
        assert text.count(part) > 20, part
    assert len({decide(request, policies).why for request, policies in cases(COUNT, seed=7)}) >= 10
