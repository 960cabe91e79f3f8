"""Masking rules: every fault at once, and safe defaults."""

from __future__ import annotations

import pytest

from mlops_pipelines.features.schema import Schema
from mlops_pipelines.masking import MaskingFaults, read_rules, rule_faults

SCHEMA = Schema.of(
    {
        "record_identifier": "ssn",
        "event_time": "event_time",
        "columns": [
            {"name": "ssn", "type": "text", "role": "identifier", "description": "."},
            {"name": "remarks", "type": "text", "role": "ignored", "description": "."},
            {"name": "branch", "type": "integer", "role": "ignored", "minimum": 0, "maximum": 9, "description": "."},
            {"name": "income", "type": "integer", "minimum": 0, "maximum": 900000, "description": "."},
            {"name": "rate", "type": "number", "minimum": 0, "maximum": 1, "description": "."},
            {"name": "job", "type": "category", "values": ["clerk", "cook", "nurse"], "description": "."},
            {"name": "sex", "type": "category", "role": "protected", "values": ["f", "m"], "description": "."},
            {"name": "bad", "type": "category", "role": "label", "values": ["no", "yes"], "description": "."},
        ],
    }
)


def _faults(columns):
    return [(".".join(fault.where), fault.rule, fault.fix) for fault in rule_faults({"columns": columns}, SCHEMA)]


def test_identifiers_texts_and_unused_columns_are_dropped_unless_a_rule_says_otherwise():
    rules = read_rules({}, SCHEMA)
    dropped = {name for name, rule in rules.columns.items() if rule.method == "drop"}
    assert dropped == {"ssn", "remarks", "branch"}
    assert all(rule.method == "keep" and rule.default for name, rule in rules.columns.items() if name not in dropped)
    given = read_rules({"columns": {"ssn": {"method": "hash", "length": None}}, "minimum_group": 9}, SCHEMA)
    assert (given.columns["ssn"].method, given.columns["ssn"].parameters, given.minimum_group) == ("hash", {}, 9)


@pytest.mark.parametrize(
    ("rule", "where", "words", "fix"),
    [
        ({"incom": {"method": "drop"}}, "columns.incom", "no column of that name", "did you mean `income`?"),
        ({"income": {"method": "hashh"}}, "columns.income.method", "is no method", "did you mean `hash`?"),
        ({"income": {"step": 5}}, "columns.income.method", "is required", "use one of drop"),
        ({"income": "drop"}, "columns.income", "must be a block", "{method: drop}"),
        ({"income": {"method": "drop", "step": 5}}, "columns.income.step", "no parameter of drop", "remove it"),
        ({"income": {"method": "hash"}}, "columns.income.method", "a pseudonym is no integer", "generalise"),
        ({"bad": {"method": "drop"}}, "columns.bad.method", "the copy trains for", "keep"),
        ({"bad": {"method": "hash"}}, "columns.bad.method", "positive one would be lost", "keep"),
        ({"bad": {"method": "synthesise"}}, "columns.bad.method", "nothing to do with the record", "keep"),
        ({"ssn": {"method": "synthesise"}}, "columns.ssn.method", "no distribution", "hash"),
        ({"ssn": {"method": "hash", "length": 8}}, "columns.ssn.length", "from 16 to 64", "32"),
        ({"ssn": {"method": "hash", "domain": ""}}, "columns.ssn.domain", "must be a name", "customer"),
        ({"ssn": {"method": "generalise", "year": True}}, "columns.ssn.year", "not for a column", "prefix"),
        ({"remarks": {"method": "keep", "scan": "no"}}, "columns.remarks.scan", "one of refuse, report", "refuse"),
        ({"income": {"method": "generalise"}}, "columns.income", "takes one of step, bands", "exactly one"),
        ({"income": {"method": "generalise", "step": 0}}, "columns.income.step", "above 0", "5000"),
        ({"income": {"method": "generalise", "step": 2.5}}, "columns.income.step", "must be whole", "use 3"),
        ({"rate": {"method": "generalise", "step": float("nan")}}, "columns.rate.step", "above 0", "5000"),
        ({"income": {"method": "generalise", "bands": [5, 1]}}, "columns.income.bands", "edges must rise", "[1, 5]"),
        ({"income": {"method": "generalise", "bands": [5, 9]}}, "columns.income.bands", "the column's minimum", "0"),
        ({"income": {"method": "generalise", "prefix": 1}}, "columns.income.prefix", "not for", "step or bands"),
        ({"remarks": {"method": "generalise", "prefix": 0}}, "columns.remarks.prefix", "from 1 to 32", "such as 2"),
        ({"remarks": {"method": "generalise", "year": 1}}, "columns.remarks.year", "must be true", "prefix"),
        ({"job": {"method": "generalise", "groups": {"a": ["cok"]}, "other": "b"}}, "columns.job.groups.a",
         "no value of the column", "did you mean `cook`?"),
        ({"job": {"method": "generalise", "groups": {"a": ["cook", "clerk"]}}}, "columns.job.groups",
         "in no group", "other"),
        ({"job": {"method": "generalise", "groups": {"a": ["cook"], "b": ["cook"]}, "other": "c"}},
         "columns.job.groups", "is in two groups", "one"),
        ({"job": {"method": "generalise", "groups": {"cook": ["cook"]}, "other": "c"}}, "columns.job.groups.cook",
         "a value of the column itself", "another name"),
        ({"job": {"method": "generalise", "groups": {"a": ["cook", "clerk", "nurse"]}}}, "columns.job.groups",
         "one group says nothing", "at least two"),
    ],
)  # fmt: skip
def test_a_rule_that_cannot_be_followed_is_named_with_place_and_fix(rule, where, words, fix):
    found = [fault for fault in _faults(rule) if fault[0] == where and words in fault[1]]
    assert found
    assert fix in found[0][2]


def test_every_fault_comes_at_once():
    document = {
        "columns": {"incom": {"method": "drop"}, "bad": {"method": "drop"}}, "minimum_group": 1, "extra": True,
    }  # fmt: skip
    with pytest.raises(MaskingFaults) as caught:
        read_rules(document, SCHEMA)
    assert {".".join(fault.where) for fault in caught.value.faults} == {
        "columns.incom", "columns.bad.method", "minimum_group", "extra",
    }  # fmt: skip
    assert "masking.columns.incom" in str(caught.value)


def test_a_copy_without_a_feature_is_refused():
    names = ("income", "rate", "job")
    assert any("nothing is left" in rule for _, rule, _ in _faults({name: {"method": "drop"} for name in names}))
    assert not _faults({name: {"method": "drop"} for name in names[1:]})


@pytest.mark.parametrize("document", [None, [], "drop"])
def test_what_is_no_block_is_one_fault(document):
    assert len(rule_faults(document, SCHEMA)) == 1


def test_sound_rules_have_no_fault():
    assert not _faults(
        {
            "ssn": {"method": "hash", "domain": "person", "length": 20},
            "remarks": {"method": "generalise", "prefix": 3},
            "branch": {"method": "hash"},
            "income": {"method": "generalise", "bands": [0, 20000, 60000]},
            "rate": {"method": "synthesise"},
            "job": {"method": "generalise", "groups": {"kitchen": ["cook"]}, "other": "elsewhere"},
            "sex": {"method": "keep"},
            "bad": {"method": "generalise", "groups": {"good": ["no"], "poor": ["yes"]}},
        }
    )
