"""Walking lineage: up, down, both, as deep as asked, and what lies on the way to a result."""

from __future__ import annotations

import datetime

import pytest

from mlops_estate.embedded.backends.lineage import on_the_way, page, walk, within

# records -> snapshot -> run -> model -> endpoint, and another model of the same snapshot.
EDGES = [("records", "snapshot"), ("snapshot", "run"), ("run", "model"), ("model", "endpoint"), ("snapshot", "other")]


@pytest.mark.parametrize(
    ("start", "direction", "depth", "reached"),
    [
        ("endpoint", "Ascendants", 10, ["model", "run", "snapshot", "records"]),
        ("endpoint", "Ascendants", 2, ["model", "run"]),
        ("endpoint", "Descendants", 10, []),
        ("snapshot", "Descendants", 1, ["run", "other"]),
        ("run", "Both", 10, ["snapshot", "records", "model", "endpoint"]),
    ],
)
def test_a_walk_goes_one_way_and_does_not_turn(start, direction, depth, reached):
    assert walk(EDGES, [start], direction, depth)[0] == reached


def test_a_circle_ends():
    assert walk([("a", "b"), ("b", "a")], ["a"], "Descendants", 10)[0] == ["b"]


def test_only_the_way_to_a_result_is_drawn():
    ways = walk(EDGES, ["snapshot"], "Both", 10)[1]
    assert on_the_way(ways, ["model"]) == [("run", "model"), ("snapshot", "run")]
    assert on_the_way(ways, ["records"]) == [("records", "snapshot")]
    assert on_the_way(ways, []) == []


def test_pages_follow_each_other():
    first = page([1, 2, 3], {"MaxResults": 2}, "Vertices", 50)
    assert first == {"Vertices": [1, 2], "NextToken": "2"}
    assert page([1, 2, 3], {"MaxResults": 2, "NextToken": "2"}, "Vertices", 50) == {"Vertices": [3]}
    assert page([], {}, "Vertices", 50) == {"Vertices": []}


@pytest.mark.parametrize(
    ("params", "holds"),
    [
        ({}, True),
        ({"CreatedAfter": 0}, True),
        ({"CreatedBefore": 0}, False),
        ({"CreatedAfter": "2026-01-02T00:00:00Z"}, False),
        ({"CreatedBefore": "2026-01-02T00:00:00Z"}, True),
        ({"ModifiedAfter": 0}, False),
    ],
)
def test_times_bound_what_is_returned(params, holds):
    row = {"CreationTime": datetime.datetime(2026, 1, 1)}
    assert within(row, params, {"Created": "CreationTime", "Modified": "LastModifiedTime"}) is holds
