"""Event patterns and templates as EventBridge documents them."""

from __future__ import annotations

import pytest

from mlops_estate.embedded.backends.event_patterns import matches, transformed

EVENT = {
    "source": "aws.s3",
    "detail": {
        "severity": 7.5, "public": True, "status": None, "name": "Machine-7", "address": "10.0.1.9",
        "tags": ["red", "blue"], "empty": [],
        "findings": [{"label": "LOW", "state": "NEW"}, {"label": "HIGH", "state": "DONE"}],
    },
}  # fmt: skip


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ({}, True),
        ({"source": ["aws.s3", "aws.ec2"]}, True),
        ({"source": ["aws.ec2"]}, False),
        ({"detail": {"severity": [7.5]}}, True),
        ({"detail": {"severity": [{"numeric": [">=", 7, "<", 8]}]}}, True),
        ({"detail": {"severity": [{"numeric": [">", 7.5]}]}}, False),
        ({"detail": {"public": [True]}}, True),
        ({"detail": {"public": [1]}}, False),
        ({"detail": {"public": [{"numeric": ["=", 1]}]}}, False),
        ({"detail": {"status": [None]}}, True),
        ({"detail": {"absent": [None]}}, False),
        ({"detail": {"absent": [{"exists": False}]}}, True),
        ({"detail": {"name": [{"exists": True}]}}, True),
        ({"detail": {"absent": {"deeper": [{"exists": False}]}}}, True),
        ({"detail": {"absent": [{"anything-but": "x"}]}}, False),
        ({"detail": {"name": [{"anything-but": ["a", "Machine-7"]}]}}, False),
        ({"detail": {"name": [{"anything-but": {"prefix": "Mach"}}]}}, False),
        ({"detail": {"name": [{"prefix": "mach"}]}}, False),
        ({"detail": {"name": [{"prefix": {"equals-ignore-case": "mach"}}]}}, True),
        ({"detail": {"name": [{"suffix": "-7"}]}}, True),
        ({"detail": {"name": [{"equals-ignore-case": "machine-7"}]}}, True),
        ({"detail": {"name": [{"wildcard": "M*ne-?"}]}}, False),
        ({"detail": {"name": [{"wildcard": "M*-7"}]}}, True),
        ({"detail": {"address": [{"cidr": "10.0.1.0/24"}]}}, True),
        ({"detail": {"name": [{"cidr": "10.0.1.0/24"}]}}, False),
        ({"detail": {"tags": ["blue"]}}, True),
        ({"detail": {"tags": ["green"]}}, False),
        ({"detail": {"empty": [{"exists": True}]}}, True),
        ({"detail": {"findings": {"label": ["HIGH"]}}}, True),
        # Of one object, not of two different ones.
        ({"detail": {"findings": {"label": ["HIGH"], "state": ["NEW"]}}}, False),
        ({"$or": [{"source": ["x"]}, {"detail": {"public": [True]}}]}, True),
        ({"$or": [{"source": ["x"]}, {"source": ["y"]}]}, False),
    ],
)
def test_a_pattern_matches_as_documented(pattern, expected):
    assert matches(pattern, EVENT) is expected


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ('"Machine <name> is <severity>"', '"Machine Machine-7 is 7.5"'),
        ('"<name>"\n"<label>"', '"Machine-7"\n"HIGH"'),
        ('{"name": <name>, "tags": <tags>}', '{"name": "Machine-7", "tags": ["red", "blue"]}'),
        ('"gone: <absent>"', '"gone: "'),
        ('"<quoted>"', '"a \\"b\\""'),
    ],
)
def test_a_template_is_filled_as_documented(template, text):
    paths = {
        "name": "$.detail.name", "severity": "$.detail.severity", "label": "$.detail.findings[1].label",
        "tags": "$.detail.tags", "absent": "$.detail.findings[5].label", "quoted": "$['detail'].said",
    }  # fmt: skip
    event = {**EVENT, "detail": {**EVENT["detail"], "said": 'a "b"'}}
    assert transformed({"InputTemplate": template, "InputPathsMap": paths}, event) == text
