"""Policy documents: what a statement applies to, and what IAM would refuse."""

from __future__ import annotations

import json

import pytest

from mlops_estate.embedded.iam import InvalidPolicy, parse

OBJECT = "arn:aws:s3:::raw/alice/x"


def one(version="2012-10-17", **elements):
    statement = {"Effect": "Allow", **elements}
    (made,) = parse({"Version": version, "Statement": statement})
    return made


@pytest.mark.parametrize(
    ("elements", "applies"),
    [
        ({"Action": "s3:GetObject", "Resource": "*"}, True),
        ({"Action": ["ec2:*", "S3:get*"], "Resource": OBJECT}, True),
        ({"Action": "s3:Get?bject", "Resource": "arn:aws:s3:::raw/*"}, True),
        ({"Action": "s3:Get", "Resource": "*"}, False),
        ({"Action": "*", "Resource": "arn:aws:s3:::models/*"}, False),
        ({"Action": "*", "Resource": "arn:aws:s3:::RAW/*"}, False),
        ({"Action": "*", "Resource": "arn:aws:s3:::raw/${aws:PrincipalTag/home}/*"}, True),
        ({"Action": "*", "Resource": "arn:aws:s3:::raw/${aws:PrincipalTag/none}/*"}, False),
        ({"NotAction": "s3:Put*", "Resource": "*"}, True),
        ({"NotAction": "s3:*", "Resource": "*"}, False),
        ({"Action": "*", "NotResource": "arn:aws:s3:::models/*"}, True),
        ({"Action": "*", "NotResource": ["arn:aws:s3:::raw/*", "arn:aws:s3:::x"]}, False),
        ({"Action": "*", "NotResource": "arn:aws:s3:::raw/${aws:PrincipalTag/none}/*"}, False),
        ({"Action": "*", "Resource": "*", "Condition": {"Bool": {"aws:SecureTransport": "true"}}}, False),
        ({"Action": "s3:*"}, True),
    ],
)
def test_a_statement_applies(elements, applies):
    assert one(**elements).applies("s3:GetObject", OBJECT, {"aws:principaltag/home": "alice"}) is applies


def test_an_older_version_takes_variables_literally():
    text = "arn:aws:s3:::raw/${aws:PrincipalTag/home}/x"
    made = one("2008-10-17", Action="*", Resource=text)
    assert made.applies("s3:GetObject", text, {"aws:principaltag/home": "alice"})
    assert not made.applies("s3:GetObject", OBJECT, {"aws:principaltag/home": "alice"})


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        ("{", "no JSON"),
        ({}, "no Statement"),
        ([], "no Statement"),
        ({"Statement": [{"Effect": "allow", "Action": "*"}]}, "needs an Effect"),
        ({"Statement": [{"Effect": "Allow", "Actions": "*"}]}, "no such element: Actions"),
        ({"Statement": [{"Effect": "Allow", "Resource": "*"}]}, "either Action or NotAction"),
        ({"Statement": [{"Effect": "Allow", "Action": "*", "NotAction": "*"}]}, "either Action or NotAction"),
        ({"Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*", "NotResource": "*"}]}, "both Resource"),
        ({"Statement": [{"Effect": "Deny", "Action": "*", "Condition": {"StringIs": {}}}]}, "no condition operator"),
    ],
)
def test_what_iam_would_refuse_is_refused(document, reason):
    with pytest.raises(InvalidPolicy, match=reason):
        parse(document)


def test_text_and_mapping_are_read_alike():
    document = {"Version": "2012-10-17", "Statement": [{"Sid": "A", "Effect": "Deny", "Action": "*", "Resource": "*"}]}
    assert parse(document) == parse(json.dumps(document))
    assert [(made.sid, made.allows) for made in parse(document)] == [("A", False)]
