"""Secrets Manager, and secrets that are none: credentials in clear in a stack's state."""

from __future__ import annotations

import re
from collections.abc import Iterator

from mlops_policies.policy_documents import Saying, by_statement
from mlops_policies.resource import Resource
from mlops_policies.rule import Use, resource_rule, stack_rule
from mlops_policies.secret_values import is_secret, plain_credentials
from mlops_policies.stack import Stack
from mlops_policies.verdicts import Status, Verdict, each, not_applicable

SECRET = "aws:secretsmanager/secret:Secret"  # noqa: S105 -- a type
SECRET_POLICY = "aws:secretsmanager/secretPolicy:SecretPolicy"  # noqa: S105 -- a type
ROTATION = "aws:secretsmanager/secretRotation:SecretRotation"

_GUIDE = "https://docs.aws.amazon.com/secretsmanager/latest/userguide"
_RATE = re.compile(r"^rate\((\d+) (hour|day)s?\)$")


@resource_rule(
    "secret-cmk",
    on=[SECRET],
    title="Secrets are encrypted with a key of one's own.",
    severity="medium",
    level="mandatory",
    why="Under AWS's key everybody in the account whom IAM lets read the secret reads it; your key's policy is asked "
    "nothing, and no other account can be let in.",
    fix="Set kmsKeyId",
    source=f"{_GUIDE}/security-encryption.html",
)
def secret_cmk(it: Resource, use: Use) -> Iterator[Verdict]:
    """AWS's own key by its alias is none of one's own."""
    yield it.requires("kmsKeyId")
    if str(it.raw("kmsKeyId")).endswith("alias/aws/secretsmanager"):
        yield it.fails("kmsKeyId", "is AWS's own key")


@stack_rule(
    "secret-rotation",
    on=[SECRET],
    title="Secrets are rotated.",
    severity="medium",
    level="mandatory",
    why="A credential that leaks unseen is good for as long as it stays the same.",
    fix="Add a rotation with automaticallyAfterDays of 90 or less",
    source=f"{_GUIDE}/rotating-secrets.html",
    settings={
        "rotation_days": {
            "type": "integer",
            "minimum": 1,
            "default": 90,
            "description": "The most days between two rotations.",
        }
    },
)
def secret_rotation(it: Resource, stack: Stack, use: Use) -> Iterator[Verdict]:
    """By days or by a rate; how often a cron expression comes up is not worked out, and passes. Every secret is asked,
    since nothing tells which of them is for a database: one that nothing can rotate takes an exemption.
    """
    found = stack.referring(it, ROTATION, "secretId")
    if not found:
        yield it.fails("", "has no rotation in this stack")

    def check(rotation: Resource) -> Iterator[Verdict]:
        days = rotation.get("rotationRules.automaticallyAfterDays")
        schedule = rotation.get("rotationRules.scheduleExpression", "")
        rate = _RATE.match(schedule)
        if rate:
            days = int(rate[1]) / (24 if rate[2] == "hour" else 1)
        if days is None and not schedule:
            yield it.fails("", f"has a rotation without a schedule, {rotation.name}")
        elif days is not None and days > use["rotation_days"]:
            yield it.fails("", f"is rotated every {days:g} days by {rotation.name}; {use['rotation_days']} is the most")

    yield from each(found, check)


@resource_rule(
    "secret-policy-not-public",
    on=[SECRET_POLICY, SECRET],
    title="Secrets are open to named principals only.",
    severity="critical",
    level="mandatory",
    why="Everybody whom the policy lets in reads the secret; blockPublicPolicy has such a policy refused.",
    fix="Name the principals, and set blockPublicPolicy to true",
    source=f"{_GUIDE}/auth-and-access_resource-policies.html",
)
def secret_policy_not_public(it: Resource, use: Use) -> Iterator[Verdict]:
    """blockPublicPolicy is false where nothing is said; a policy within the secret has no such property."""
    if not it.present("policy"):
        yield not_applicable("it has no policy of its own")
        return
    if it.type == SECRET_POLICY:
        yield it.equals("blockPublicPolicy", True, default=False)

    def check(said: Saying) -> Iterator[Verdict]:
        if said.is_public():
            yield it.fails(said.path, "lets everybody in", key="*")

    yield from by_statement(it, "policy", check)


@resource_rule(
    "secret-recovery-window",
    on=[SECRET],
    title="Deleted secrets can be brought back for a week or more.",
    severity="medium",
    level="advisory",
    category="reliability",
    only=["prod"],
    why="With a window of 0 a secret is gone the moment it is deleted, and with it whatever it opens.",
    fix="Set recoveryWindowInDays to 7 or more",
    source="https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_DeleteSecret.html",
)
def secret_recovery_window(it: Resource, use: Use) -> Iterator[Verdict]:
    """30 days where nothing is said. `aws-native` has no such property."""
    if it.token.startswith("aws-native:"):
        yield not_applicable("aws-native sets no window")
        return
    yield it.holds("recoveryWindowInDays", lambda days: days >= 7, "must be 7 or more", default=30)


@resource_rule(
    "no-plaintext-secret-in-state",
    on=["aws:*", "aws-native:*", "kubernetes:*"],
    title="No credential stands in the stack's state in clear.",
    severity="critical",
    level="mandatory",
    why="State, previews and logs show plain values to everybody who may read them, and old states keep them.",
    fix="Wrap the value in pulumi.Output.secret, or refer to where it is kept",
    source="https://www.pulumi.com/docs/iac/concepts/secrets/",
)
def no_plaintext_secret_in_state(it: Resource, use: Use) -> Iterator[Verdict]:
    """Formats of known tokens, passwords under their names, and what is secret whatever it looks like (the data of a
    Kubernetes secret, a secret's string). Policies, code and certificates are not searched.

    Of Cloud Control's resources the whole desired state is marked, or nothing. Where the engine doesn't tell what is
    secret, a credential is not evaluated: it may be marked, and to block a stack that does it right would teach people
    to switch the rule off.
    """
    for path, kind in plain_credentials(it.type, it.value):
        written = it.path(path)
        if it.secrets is None:
            yield Verdict(Status.UNKNOWN, f"{written} holds {kind}; the engine doesn't tell if it is a secret", written)
        elif not is_secret(written, it.secrets) and "desiredState" not in it.secrets:
            yield it.fails(path, f"holds {kind} and is no Pulumi secret", key=written)
