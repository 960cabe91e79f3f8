"""Conditions: each operator with what passes and what doesn't, absent keys, sets of values, policy variables."""

from __future__ import annotations

import pytest

from mlops_estate.embedded.iam import condition_holds
from mlops_policies.iam.conditions import UnknownOperator, operator

ARN = "arn:aws:s3:::raw:a/b"
PASSES = [
    # operator, value of the policy, value of the request, whether it passes
    ("StringEquals", "a", "a", True),
    ("StringEquals", "a*", "ab", False),
    ("StringEquals", ["b", "a"], "a", True),
    ("StringNotEquals", ["b", "a"], "a", False),
    ("StringNotEquals", ["b", "c"], "a", True),
    ("StringEqualsIgnoreCase", "Abc", "aBC", True),
    ("StringNotEqualsIgnoreCase", "Abc", "aBC", False),
    ("StringLike", "a*c?", "abbcd", True),
    ("StringLike", "a*c?", "abbc", False),
    ("StringLike", "a.c", "abc", False),
    ("StringNotLike", "a*", "ab", False),
    ("StringNotLike", "a*", "ba", True),
    ("NumericEquals", "10", "10.0", True),
    ("NumericNotEquals", "10", "11", True),
    ("NumericNotEquals", "ten", "11", False),
    ("NumericLessThan", "10", "10", False),
    ("NumericLessThanEquals", "10", "10", True),
    ("NumericGreaterThan", "10", "9", False),
    ("NumericGreaterThan", "10", "100", True),
    ("NumericGreaterThanEquals", 10, "10", True),
    ("DateEquals", "2026-01-01T00:00:00Z", "2026-01-01T01:00:00+01:00", True),
    ("DateNotEquals", "2026-01-01", "2026-01-01T00:00:00Z", False),
    ("DateLessThan", "1700000000", "2020-01-01T00:00:00Z", True),
    ("DateLessThan", "2020", "2019-12-31T23:59:59Z", True),
    ("DateLessThanEquals", "2020-05", "2020-05-01T00:00:01Z", False),
    ("DateGreaterThan", "soon", "2020-05-01T00:00:01Z", False),
    ("Bool", True, "true", True),
    ("Bool", "false", "true", False),
    ("Bool", "perhaps", "perhaps", False),
    ("BinaryEquals", "YQ==", "YQ==", True),
    ("BinaryEquals", "YQ==", "Yg==", False),
    ("IpAddress", "10.0.0.0/8", "10.2.3.4", True),
    ("IpAddress", "2001:db8::/32", "2001:db8::1", True),
    ("IpAddress", "10.0.0.0/8", "192.0.2.1", False),
    ("NotIpAddress", "10.0.0.0/8", "2001:db8::1", True),
    ("NotIpAddress", ["192.0.2.0/24", "10.0.0.0/8"], "10.0.0.1", False),
    ("NotIpAddress", "nowhere", "10.0.0.1", False),
    ("ArnEquals", "arn:aws:s3:::raw*", ARN, True),
    ("ArnLike", "arn:aws:*:::raw:?/b", ARN, True),
    ("ArnLike", "arn:aws:s3*", ARN, False),
    ("ArnLike", "*", ARN, False),
    ("ArnNotEquals", "arn:aws:s3:::*", ARN, False),
    ("ArnNotLike", "arn:aws:sns:::*", ARN, True),
    ("ArnNotLike", "arn:aws:sns:::*", "no arn", False),
]


@pytest.mark.parametrize(("name", "wanted", "given", "passes"), PASSES)
def test_an_operator_passes(name, wanted, given, passes):
    assert condition_holds({name: {"aws:PrincipalTag/x": wanted}}, {"aws:PrincipalTag/x": given}) is passes
    assert condition_holds({f"{name}IfExists": {"aws:PrincipalTag/x": wanted}}, {"aws:PrincipalTag/x": given}) is passes


@pytest.mark.parametrize("name", sorted({name for name, *_ in PASSES}))
def test_an_absent_key_passes_only_a_negated_operator_or_if_exists(name):
    wanted = next(wanted for known, wanted, *_ in PASSES if known == name)
    assert condition_holds({name: {"aws:x": wanted}}, {}) is ("Not" in name)
    assert condition_holds({f"{name}IfExists": {"aws:x": wanted}}, {})


@pytest.mark.parametrize(
    ("name", "given", "passes"),
    [
        ("ForAllValues:StringEquals", ["a", "b"], True),
        ("ForAllValues:StringEquals", ["a", "c"], False),
        ("ForAllValues:StringEquals", None, True),
        ("ForAllValues:StringNotEquals", ["c", "d"], True),
        ("ForAllValues:StringNotEquals", ["a", "d"], False),
        ("ForAnyValue:StringEquals", ["a", "c"], True),
        ("ForAnyValue:StringEquals", ["c"], False),
        ("ForAnyValue:StringEquals", None, False),
        ("ForAnyValue:StringNotEquals", ["a", "c"], True),
        ("ForAnyValue:StringNotEquals", ["a", "b"], False),
        ("StringEquals", ["a"], True),
        ("StringEquals", ["a", "b"], False),
    ],
)
def test_several_values_of_a_request(name, given, passes):
    context = {} if given is None else {"aws:TagKeys": given}
    assert condition_holds({name: {"aws:TagKeys": ["a", "b"]}}, context) is passes


@pytest.mark.parametrize(("wanted", "context", "passes"), [
    ("true", {}, True), ("true", {"aws:x": "1"}, False), ("false", {}, False), ("false", {"aws:x": "1"}, True),
    ("true", {"aws:x": []}, True),
])  # fmt: skip
def test_null_asks_whether_a_key_is_absent(wanted, context, passes):
    assert condition_holds({"Null": {"aws:x": wanted}}, context) is passes


@pytest.mark.parametrize(
    ("wanted", "given", "passes"),
    [
        ("${aws:PrincipalTag/team}", "ml*", True),
        ("${aws:PrincipalTag/team}", "mlops", False),
        ("${aws:principaltag/TEAM}", "ml*", True),
        ("${aws:PrincipalTag/none, 'ops'}", "ops", True),
        ("${aws:PrincipalTag/none}", "${aws:PrincipalTag/none}", False),
        ("ml${*}", "ml*", True),
        ("ml${*}", "mlops", False),
        ("ml${?}", "ml?", True),
    ],
)
def test_a_policy_variable_stands_for_its_value_literally(wanted, given, passes):
    context = {"aws:PrincipalTag/team": "ml*", "aws:x": given}
    assert condition_holds({"StringLike": {"aws:x": wanted}}, context) is passes


def test_a_policy_variables_case_does_not_count_where_the_operator_ignores_it():
    context = {"aws:PrincipalTag/team": "MLOps", "aws:x": "mlOPS", "aws:TagKeys": ["a"]}
    assert condition_holds({"StringEqualsIgnoreCase": {"aws:x": "${aws:PrincipalTag/team}"}}, context)


def test_a_variable_without_value_passes_no_negated_operator_either():
    assert not condition_holds({"StringNotEquals": {"aws:x": "${aws:none}"}}, {"aws:x": "a"})


def test_variables_are_plain_text_where_they_do_not_count():
    assert condition_holds(
        {"StringEquals": {"aws:x": "${aws:y}"}}, {"aws:x": "${aws:y}", "aws:y": "b"}, variables=False
    )


def test_every_operator_and_every_key_must_hold():
    both = {"StringEquals": {"aws:x": "1", "aws:y": "2"}, "Bool": {"aws:z": "true"}}
    context = {"AWS:X": "1", "aws:y": "2", "aws:Z": "true"}
    assert condition_holds(both, context)
    for key in context:
        assert not condition_holds(both, {**context, key: "other"})


@pytest.mark.parametrize("name", ["StringEqual", "ForSomeValues:StringEquals", "NullIfExists", "ForAllValues:Null"])
def test_an_operator_that_iam_does_not_have_is_refused(name):
    with pytest.raises(UnknownOperator, match=name):
        operator(name)
