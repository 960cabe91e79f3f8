"""Requests and policies made at random, from a seed: for comparing two evaluators."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

from mlops_estate.embedded.iam import Policies, Request

HOME, OTHER = "123456789012", "111122223333"
ROLE, SESSION = f"arn:aws:iam::{HOME}:role/alice", f"arn:aws:sts::{HOME}:assumed-role/alice/monday"
USER = f"arn:aws:iam::{HOME}:user/bob"
FAR_ROLE, FAR_SESSION = f"arn:aws:iam::{OTHER}:role/carol", f"arn:aws:sts::{OTHER}:assumed-role/carol/monday"
KEY = f"arn:aws:kms:eu-west-1:{HOME}:key/1234abcd-12ab-34cd-56ef-1234567890ab"
ENDPOINT = f"arn:aws:sagemaker:eu-west-1:{HOME}:endpoint/mlops-dev"
ASKED = {
    "s3:GetObject": ["arn:aws:s3:::raw/a/b", "arn:aws:s3:::raw/a:b", "arn:aws:s3:::models/x"],
    "s3:PutObject": ["arn:aws:s3:::raw/a/b", "arn:aws:s3:::models/x"],
    "kms:Decrypt": [KEY],
    "sts:AssumeRole": [f"arn:aws:iam::{HOME}:role/dave"],
    "sagemaker:AddTags": [ENDPOINT],
    "sns:Publish": [f"arn:aws:sns:eu-west-1:{HOME}:top"],
}
ACTIONS = ["*", "s3:*", "s3:Get*", "S3:get?bject", "kms:*", "sts:AssumeRole", "sagemaker:Add*", "sns:Publish", "ec2:*"]
RESOURCES = [
    "*", "arn:aws:s3:::raw/*", "arn:aws:s3:::raw/a?b", "arn:aws:s3:::*/x", "arn:aws:s3:::${aws:PrincipalTag/home}/*",
    "arn:aws:kms:*:*:key/*", KEY, f"arn:aws:iam::{HOME}:role/*", "arn:aws:sagemaker:eu-west-?:*:endpoint/mlops-*",
    f"arn:aws:sns:*:{HOME}:*", f"arn:aws:sns:*:{OTHER}:*",
]  # fmt: skip
PRINCIPALS = [ROLE, SESSION, USER, FAR_ROLE, FAR_SESSION, f"arn:aws:iam::{HOME}:root", HOME, OTHER, "*"]
TEXTS = ["mlops", "MLOPS", "ml*", "m?ops", "${aws:PrincipalTag/home}", "${aws:PrincipalTag/none, 'mlops'}"]
VALUES: dict[str, tuple[tuple[str, ...], list[str], list[str]]] = {
    # key -> (operators, values of policies, values of requests)
    "aws:PrincipalTag/team": (
        ("StringEquals", "StringNotEquals", "StringLike", "StringNotLike", "StringEqualsIgnoreCase",
         "StringNotEqualsIgnoreCase"), TEXTS, ["mlops", "raw", "ml*"],
    ),
    "aws:PrincipalTag/home": (("StringLike", "StringNotLike"), ["raw", "ml${*}"], ["raw", "models", "ml*"]),
    "aws:SourceIp": (
        ("IpAddress", "NotIpAddress"), ["10.0.0.0/8", "10.1.2.3", "192.0.0.0/8"],
        ["10.1.2.3", "192.0.2.1", "198.51.100.7"],
    ),
    "aws:CurrentTime": (
        ("DateLessThan", "DateGreaterThanEquals", "DateEquals", "DateNotEquals"),
        ["2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z"], ["2026-01-01T00:00:00Z", "2026-06-01T12:00:00Z"],
    ),
    "aws:MultiFactorAuthPresent": (("Bool",), ["true", "false"], ["true", "false"]),
    "aws:MultiFactorAuthAge": (
        ("NumericLessThan", "NumericLessThanEquals", "NumericGreaterThan", "NumericNotEquals", "NumericEquals"),
        ["3600", "60.5"], ["3600", "5", "60.5"],
    ),
    "aws:SourceArn": (
        ("ArnLike", "ArnEquals", "ArnNotLike", "ArnNotEquals"),
        ["arn:aws:s3:::*", "arn:aws:sns:*:*:a*", "arn:aws:sns:eu-west-1:123456789012:a:b"],
        ["arn:aws:s3:::raw", "arn:aws:sns:eu-west-1:123456789012:a:b"],
    ),
}  # fmt: skip


def cases(count: int, seed: int) -> Iterator[tuple[Request, Policies]]:
    """Yield requests with the policies that have a say.

    Left out is where the other evaluator is known to differ from the IAM user guide: a session policy beside a resource
    policy that names the session (it doesn't limit that), dates as seconds since 1970, the range 0.0.0.0/0, a range of
    one IP version against an address of the other, `${*}` outside of StringLike, and variables in
    NotResource (where the guide leaves open what one without value does).
    """
    dice = random.Random(seed)
    for _ in range(count):
        action = dice.choice(list(ASKED))
        resource = dice.choice(ASKED[action])
        who = dice.choice([SESSION, SESSION, SESSION, ROLE, USER, FAR_SESSION, "cloudwatch.amazonaws.com"])
        person = not who.endswith(".amazonaws.com")
        has_resource_policy = action in ("kms:Decrypt", "sts:AssumeRole") or not person or dice.random() < 0.5
        policies = Policies(
            [_document(dice, action) for _ in range(dice.randint(1, 2))] if person else [],
            _document(dice, action) if person and dice.random() < 0.4 else None,
            _document(dice, action) if who == SESSION and not has_resource_policy and dice.random() < 0.4 else None,
            _document(dice, action, who) if has_resource_policy else None,
        )
        yield Request(who, action, resource, _context(dice, who, action), HOME), policies


def _document(dice: random.Random, asked: str, who: str = "") -> dict[str, Any]:
    made = [_statement(dice, index, asked, who) for index in range(dice.randint(1, 3))]
    return {"Version": "2012-10-17", "Statement": made}


def _statement(dice: random.Random, index: int, asked: str, who: str) -> dict[str, Any]:
    made: dict[str, Any] = {"Sid": f"S{index}", "Effect": "Deny" if dice.random() < 0.15 else "Allow"}
    made["NotAction" if dice.random() < 0.1 else "Action"] = dice.sample([*ACTIONS, asked, asked], dice.randint(2, 4))
    if not (who and asked == "sts:AssumeRole"):
        element = "NotResource" if dice.random() < 0.1 else "Resource"
        usable = [text for text in RESOURCES if element == "Resource" or "${" not in text]
        made[element] = dice.sample([*usable, "*", "*"], 3)
    if who.endswith(".amazonaws.com"):
        made["Principal"] = dice.choice(["*", {"AWS": HOME}, {"Service": who}, {"Service": [who, "s3.amazonaws.com"]}])
    elif who:
        made["Principal"] = {"AWS": dice.sample(PRINCIPALS, dice.randint(1, 3))}
    if dice.random() < 0.5:
        made["Condition"] = _condition(dice)
    return made


def _condition(dice: random.Random) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for key in dice.sample(list(VALUES), dice.randint(1, 2)):
        operators, wanted, _ = VALUES[key]
        if dice.random() < 0.1:
            made.setdefault("Null", {})[key] = dice.choice(["true", "false"])
            continue
        name = dice.choice(operators) + ("IfExists" if dice.random() < 0.3 else "")
        made.setdefault(name, {})[key] = dice.sample(wanted, dice.randint(1, 2))
    if dice.random() < 0.3:
        over = dice.choice(["ForAllValues:", "ForAnyValue:"])
        name = over + dice.choice(["StringEquals", "StringNotEquals", "StringLike"])
        made[name] = {"aws:TagKeys": dice.sample(["team", "owner", "o*"], 2)}
    return made


def _context(dice: random.Random, who: str, action: str) -> dict[str, Any]:
    made: dict[str, Any] = {key: dice.choice(given) for key, (_, _, given) in VALUES.items() if dice.random() < 0.7}
    if "assumed-role" in who:
        made["aws:PrincipalArn"] = ROLE if who == SESSION else FAR_ROLE
    if action == "sagemaker:AddTags" and dice.random() < 0.7:
        made["aws:TagKeys"] = dice.sample(["team", "owner", "other"], dice.randint(1, 2))
    return made
