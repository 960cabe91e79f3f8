"""Policy documents as rules read them: every form an element may have, and what is unknown in one."""

from __future__ import annotations

import json

import pytest

from mlops_policies.policy_documents import allowed, by_statement, sayings
from mlops_policies.resource import Resource
from mlops_policies.values import UNKNOWN, Malformed, UnknownValue


def statements(document):
    return sayings(Resource("aws:iam/policy:Policy", {"policy": document}, urn="urn::p"), "policy")


def one(**elements):
    (made,) = statements({"Statement": {"Effect": "Allow", **elements}})
    return made


@pytest.mark.parametrize("form", [lambda found: found, json.dumps, lambda found: [found]])
def test_a_document_is_text_map_or_a_list_of_one(form):
    (made,) = statements(form({"Statement": [{"Sid": "A", "Effect": "Allow", "Action": "s3:Get*", "Resource": ["*"]}]}))
    assert (made.named, made.path, made.actions, made.resources) == (
        "statement A", "policy.Statement[0]", ("s3:Get*",), ("*",),
    )  # fmt: skip


def test_no_document_has_no_statements():
    assert statements(None) == []
    assert statements({}) == []


@pytest.mark.parametrize(
    "document",
    [
        UNKNOWN,
        {"Statement": UNKNOWN},
        {"Statement": [UNKNOWN]},
        {"Statement": [{"Effect": UNKNOWN}]},
        {"Statement": [{"Effect": "Allow", "Condition": UNKNOWN}]},
        {"Statement": [{"Effect": "Allow", "Condition": {"StringEquals": UNKNOWN}}]},
        f'{{"Statement": [{{"Resource": "{UNKNOWN}/*"}}]}}',
    ],
)
def test_what_is_unknown_as_a_whole_is_not_judged(document):
    with pytest.raises(UnknownValue, match="policy"):
        statements(document)


@pytest.mark.parametrize("document", ["{", "[]", [1, 2], "3"])
def test_what_is_no_policy_says_so(document):
    with pytest.raises(Malformed, match="policy is no"):
        statements(document)


@pytest.mark.parametrize(
    ("elements", "action", "named"),
    [
        ({"Action": "S3:get*"}, "s3:GetObject", True),
        ({"Action": ["s3:PutObject", "s3:GetObject"]}, "s3:GetObject", True),
        ({"Action": "s3:PutObject"}, "s3:GetObject", False),
        ({"NotAction": "s3:GetObject"}, "s3:GetObject", False),
        ({"NotAction": "iam:*"}, "s3:GetObject", True),
        ({"Action": ["s3:GetObject", UNKNOWN]}, "s3:GetObject", True),
    ],
)
def test_actions_match_whatever_their_case_and_form(elements, action, named):
    assert one(**elements).names_action(action) is named


def test_an_action_that_only_an_unknown_pattern_could_name_is_not_known():
    with pytest.raises(UnknownValue):
        one(Action=["s3:PutObject", UNKNOWN]).names_action("s3:GetObject")


@pytest.mark.parametrize(
    ("elements", "every_action", "every_resource"),
    [
        ({"Action": "*", "Resource": "*"}, True, True),
        ({"Action": "*:*", "Resource": "arn:aws:s3:::a"}, True, False),
        ({"NotAction": "iam:*", "NotResource": "arn:aws:s3:::a"}, True, True),
        ({"Action": "s3:*", "Resource": UNKNOWN}, False, False),
    ],
)
def test_everything_is_a_wildcard_or_all_but_a_few(elements, every_action, every_resource):
    made = one(**elements)
    assert (made.every_action(), made.every_resource()) == (every_action, every_resource)


@pytest.mark.parametrize(
    ("elements", "public"),
    [
        ({"Principal": "*"}, True),
        ({"Principal": {"AWS": "*"}}, True),
        ({"Principal": {"AWS": ["arn:aws:iam::1:root", "*"]}}, True),
        ({"NotPrincipal": {"AWS": "arn:aws:iam::1:root"}}, True),
        ({"Principal": {"Service": "s3.amazonaws.com"}}, False),
        ({"Principal": {"AWS": "arn:aws:iam::1:root"}}, False),
        ({"Principal": "*", "Effect": "Deny"}, False),
        ({"Principal": "*", "Condition": {"StringEquals": {"aws:PrincipalOrgID": "o-1"}}}, False),
        ({"Principal": "*", "Condition": {"ForAnyValue:StringLike": {"aws:PrincipalOrgPaths": "o-1/*"}}}, False),
        ({"Principal": "*", "Condition": {"StringEquals": {"AWS:SourceAccount": UNKNOWN}}}, False),
        ({"Principal": "*", "Condition": {"StringLike": {"aws:PrincipalArn": "*"}}}, True),
        ({"Principal": "*", "Condition": {"StringNotEquals": {"aws:PrincipalOrgID": "o-1"}}}, True),
        ({"Principal": "*", "Condition": {"StringEqualsIfExists": {"aws:PrincipalOrgID": "o-1"}}}, True),
        ({"Principal": "*", "Condition": {"IpAddress": {"aws:SourceIp": "0.0.0.0/0"}}}, True),
        ({"Principal": "*", "Condition": {"Bool": {"aws:SecureTransport": "true"}}}, True),
    ],
)
def test_public_is_everybody_without_a_limit(elements, public):
    assert one(**elements).is_public() is public


@pytest.mark.parametrize(
    ("changes", "refuses"),
    [
        ({}, True),
        ({"Principal": {"AWS": "*"}}, True),
        ({"Action": "*"}, True),
        ({"Condition": {"Bool": {"aws:SecureTransport": False}}}, True),
        ({"Condition": {"BoolIfExists": {"aws:SecureTransport": "false"}}}, True),
        ({"Condition": {"Bool": {"aws:SecureTransport": "false", "aws:PrincipalIsAWSService": "false"}}}, True),
        ({"Condition": {"Bool": {"aws:SecureTransport": "false"}, "StringEquals": {"aws:SourceVpce": "v"}}}, False),
        ({"Effect": "Allow"}, False),
        ({"Principal": {"AWS": "arn:aws:iam::1:root"}}, False),
        ({"Action": "s3:GetObject"}, False),
        ({"Condition": {"Bool": {"aws:SecureTransport": "true"}}}, False),
        ({"Condition": {}}, False),
    ],
)
def test_plain_transport_is_refused_by_a_denial_of_all_to_all(changes, refuses):
    base = {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "*",
            "Condition": {"Bool": {"aws:SecureTransport": "false"}}}  # fmt: skip
    (made,) = statements({"Statement": [base | changes]})
    assert made.refuses_plain_transport() is refuses


def test_conditions_and_statements_are_asked_for_by_lower_case_keys():
    made = one(Condition={"StringEquals": {"AWS:SourceArn": "x"}})
    assert made.has_condition("aws:sourcearn")
    assert not made.has_condition("aws:sourceaccount")
    found = statements({"Statement": [{"Effect": "Deny"}, {"Effect": "Allow"}]})
    assert [saying.path for saying in allowed(found)] == ["policy.Statement[1]"]


def test_a_principal_that_is_unknown_may_be_everybody_unless_a_condition_limits_it():
    principal = {"AWS": [UNKNOWN, "arn:aws:iam::123456789012:role/a"]}
    with pytest.raises(UnknownValue, match="Principal"):
        one(Principal=principal).is_public()
    assert one(Principal={"AWS": [UNKNOWN, "*"]}).is_public()
    assert not one(Principal=principal, Condition={"StringEquals": {"aws:PrincipalOrgID": "o-1"}}).is_public()


def test_one_action_is_enough_to_refuse_plain_transport_where_it_is_named():
    plain = {"Principal": "*", "Condition": {"Bool": {"aws:SecureTransport": "false"}}}
    (made,) = statements({"Statement": {"Effect": "Deny", "Action": "sns:Publish", "Resource": "*", **plain}})
    assert not made.refuses_plain_transport()
    assert made.refuses_plain_transport("sns:Publish")
    assert not made.refuses_plain_transport("sns:Subscribe")


def test_an_unknown_statement_hides_no_fault_in_the_next():
    document = {"Statement": [UNKNOWN, {"Effect": "Allow", "Principal": "*"}, "no statement"]}
    it = Resource("aws:iam/policy:Policy", {"policy": document}, urn="urn::p")
    answers = list(by_statement(it, "policy", lambda said: [it.fails(said.path, "is read")]))
    assert [(answer.status.value, answer.path) for answer in answers] == [
        ("not_evaluated", "policy.Statement[0]"), ("fail", "policy.Statement[1]"), ("fail", "policy.Statement[2]"),
    ]  # fmt: skip
