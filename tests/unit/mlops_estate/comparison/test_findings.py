"""Policy findings of two checks: new, fixed, unchanged; what is the same finding from run to run."""

from __future__ import annotations

import copy
from typing import Any

from tests.support.compared import graph, node

from mlops_estate.checks import CheckReport, check_graph
from mlops_estate.comparison.findings import policy_changes
from mlops_estate.graph import UNKNOWN, ResourceGraph
from mlops_policies.configuration import Configuration

KEY = "aws:kms/key:Key"
RULE = "kms-rotation"


def key(name: str, *, rotates: Any, source: str = "a.py:1") -> Any:
    return node(KEY, name, {"enableKeyRotation": rotates, "deletionWindowInDays": 30}, source=source)


def checked(estate: ResourceGraph) -> CheckReport:
    return check_graph(estate, Configuration(), environment="prod", only=[RULE])


def changes(before: ResourceGraph, after: ResourceGraph) -> dict[str, Any]:
    return policy_changes(checked(before), checked(after))


def test_a_fault_that_comes_is_new_and_one_that_goes_is_fixed():
    good, bad = graph(key("k", rotates=True)), graph(key("k", rotates=False))
    found = changes(good, bad)
    assert [(finding["rule"], finding["name"]) for finding in found["new"]] == [(RULE, "k")]
    assert (found["fixed"], found["new_mandatory"]) == ([], int(found["new"][0]["level"] == "mandatory"))
    back = changes(bad, good)
    assert ([finding["name"] for finding in back["fixed"]], back["new"], back["new_mandatory"]) == (["k"], [], 0)


def test_a_fault_that_stays_is_counted_and_neither_new_nor_fixed():
    bad = graph(key("k", rotates=False))
    found = changes(bad, copy.deepcopy(bad))
    assert (found["new"], found["fixed"]) == ([], [])
    assert sum(found["unchanged"].values()) == 1


def test_a_line_that_shifts_makes_no_new_finding():
    before, after = (graph(key("k", rotates=False, source=source)) for source in ("a.py:1", "a.py:90"))
    found = changes(before, after)
    assert (found["new"], found["fixed"]) == ([], [])


def test_a_fault_of_another_resource_is_another_finding():
    before, after = graph(key("one", rotates=False)), graph(key("two", rotates=False))
    found = changes(before, after)
    assert [finding["name"] for finding in (*found["new"], *found["fixed"])] == ["two", "one"]


def test_answers_that_could_not_be_given_are_counted_on_both_sides():
    before, after = graph(key("k", rotates=True)), graph(key("k", rotates=UNKNOWN))
    assert changes(before, after)["not_evaluated"] == {"before": 0, "after": 1}


def policy(*statements: dict[str, Any]) -> ResourceGraph:
    document = {"Version": "2012-10-17", "Statement": list(statements)}
    return graph(node("aws:iam/policy:Policy", "p", {"name": "p", "policy": document}))


def test_a_place_in_a_list_that_moves_makes_no_new_finding():
    everything = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    harmless = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::data/x"}
    sides = [
        check_graph(policy(*statements), Configuration(), environment="prod", only=["iam-no-admin-statement"])
        for statements in ([everything], [harmless, everything])
    ]
    assert all(len(side.findings) == 1 for side in sides)
    assert sides[0].findings[0].path != sides[1].findings[0].path
    found = policy_changes(*sides)
    assert (found["new"], found["fixed"]) == ([], [])


def test_a_second_fault_of_one_kind_is_new_by_number():
    everything = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    sides = [
        check_graph(policy(*statements), Configuration(), environment="prod", only=["iam-no-admin-statement"])
        for statements in ([everything], [everything, everything])
    ]
    found = policy_changes(*sides)
    assert (len(found["new"]), found["fixed"]) == (1, [])
