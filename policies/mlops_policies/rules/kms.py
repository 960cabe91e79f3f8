"""KMS keys: rotation, key policies, deletion; and who may decrypt with all of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from mlops_policies.identity_policies import IDENTITY_POLICIES, is_broad, judged, limited_to
from mlops_policies.policy_documents import Saying, by_statement
from mlops_policies.remedies_storage import key_rotation
from mlops_policies.resource import Resource
from mlops_policies.rule import Use, resource_rule, stack_rule
from mlops_policies.stack import Stack
from mlops_policies.verdicts import Verdict, not_applicable

KEY = "aws:kms/key:Key"
EXTERNAL_KEY = "aws:kms/externalKey:ExternalKey"
REPLICA_KEY = "aws:kms/replicaKey:ReplicaKey"
REPLICA_EXTERNAL_KEY = "aws:kms/replicaExternalKey:ReplicaExternalKey"
KEY_POLICY = "aws:kms/keyPolicy:KeyPolicy"
KEYS = (KEY, EXTERNAL_KEY, REPLICA_KEY, REPLICA_EXTERNAL_KEY)
_GUIDE = "https://docs.aws.amazon.com/kms/latest/developerguide/"


@resource_rule(
    "kms-rotation",
    on=[KEY],
    title="KMS keys are rotated every year.",
    severity="medium",
    level="mandatory",
    why="A key that never changes protects ever more data; whoever once got its material reads all of it.",
    fix="Set enableKeyRotation to true",
    source=f"{_GUIDE}rotate-keys.html",
    remedy=key_rotation,
)
def rotation(it: Resource, use: Use) -> Iterator[Verdict]:
    """Only for keys that KMS rotates by itself: symmetric ones whose material it made. Asymmetric and HMAC keys,
    imported material and custom key stores are left alone, and so are replicas: they rotate with their primary key."""
    if it.get("keyUsage", "ENCRYPT_DECRYPT") != "ENCRYPT_DECRYPT":
        yield not_applicable("it is for signatures or codes")
    elif it.get("customerMasterKeySpec", "SYMMETRIC_DEFAULT") != "SYMMETRIC_DEFAULT":
        yield not_applicable("it is asymmetric")
    elif it.get("origin", "AWS_KMS") != "AWS_KMS" or it.present("customKeyStoreId") or it.present("xksKeyId"):
        yield not_applicable("KMS did not make its material")
    else:
        yield it.equals("enableKeyRotation", True, default=False)


@resource_rule(
    "kms-policy-not-public",
    on=[*KEYS, KEY_POLICY],
    title="No key policy allows everybody.",
    severity="critical",
    level="mandatory",
    why="Whoever may use the key, from any account, reads what it encrypts as soon as they get at the data.",
    fix="Name the principals, or limit the statement by kms:CallerAccount or aws:PrincipalOrgID",
    source=f"{_GUIDE}key-policies.html",
)
def policy_not_public(it: Resource, use: Use) -> Iterator[Verdict]:
    """kms:ViaService limits how a key is used, not by whom, and is no excuse. The default policy is not public."""

    def check(said: Saying) -> Iterator[Verdict]:
        if said.is_public():
            yield it.fails(said.path, "allows everybody, and no condition limits it", key=said.sid)

    yield from by_statement(it, "policy", check)


@stack_rule(
    "kms-policy-defined",
    on=KEYS,
    title="Every KMS key has a key policy that is written out.",
    severity="low",
    level="advisory",
    why="KMS's default policy leaves a key to all identity policies of the account; it doesn't tell who can decrypt.",
    fix="Write a key policy that names who administers and who uses the key",
    source=f"{_GUIDE}key-policy-default.html",
)
def policy_defined(it: Resource, stack: Stack, use: Use) -> Iterator[Verdict]:
    """A KeyPolicy of its own counts. What the provider reads back of KMS's default policy doesn't: the program has to
    give it."""
    own = it.present("policy") and it.declares("policy")
    if not own and not stack.referring(it, KEY_POLICY, by="keyId"):
        yield it.fails("", "has no key policy, and so KMS's default one")


@resource_rule(
    "kms-deletion-window",
    on=KEYS,
    title="In production, keys wait for their deletion as long as can be.",
    severity="high",
    level="mandatory",
    category="reliability",
    only=["prod"],
    why="What a deleted key has encrypted is lost; the window is the time to notice that it is still needed.",
    fix="Set deletionWindowInDays to 30, or leave it out",
    source=f"{_GUIDE}deleting-keys.html",
    settings={
        "minimum_window_days": {
            "type": "integer",
            "minimum": 7,
            "maximum": 30,
            "default": 30,
            "description": "The fewest days between the request to delete a key and its deletion.",
        }
    },
)
def deletion_window(it: Resource, use: Use) -> Iterator[Verdict]:
    """Absent is 30 days, the longest there is. Elsewhere a short window is what throw-away stacks want."""
    least = use["minimum_window_days"]
    yield it.holds("deletionWindowInDays", lambda days: days >= least, f"must be at least {least}", default=30)


@resource_rule(
    "kms-enabled-and-no-lockout-bypass",
    on=[*KEYS, KEY_POLICY],
    title="KMS keys are enabled, and their policies can't lock their owners out.",
    severity="medium",
    level="mandatory",
    why="What a disabled key encrypts can't be read, and a key whose policy allows nobody to change it stays as it is.",
    fix="Remove bypassPolicyLockoutSafetyCheck, and enable the key",
    source="https://docs.aws.amazon.com/kms/latest/APIReference/API_CreateKey.html",
)
def enabled_without_bypass(it: Resource, use: Use) -> Iterator[Verdict]:
    """Keys are enabled unless told otherwise. A key whose material was not imported yet is disabled by itself; it is
    judged by what the program says."""
    yield it.equals("isEnabled" if it.type == KEY else "enabled", True, default=True)
    yield it.equals("bypassPolicyLockoutSafetyCheck", False, default=False)


_CHOOSING = ("kms:resourcealiases", "kms:requestalias", "aws:resourcetag/*", "kms:encryptioncontext:*")
"""Conditions by which a statement about all keys is about some."""


@stack_rule(
    "kms-decrypt-not-on-all-keys",
    on=IDENTITY_POLICIES,
    title="No identity may decrypt with every key.",
    severity="medium",
    level="mandatory",
    why="An identity that may decrypt with every key reads what any team has encrypted, once it gets at the data.",
    fix="Name the ARNs of the keys, or choose them by kms:ResourceAliases or aws:ResourceTag",
    source="https://docs.aws.amazon.com/securityhub/latest/userguide/kms-controls.html#kms-1",
)
def decrypt_not_on_all_keys(it: Resource, stack: Stack, use: Use) -> Iterator[Verdict]:
    """All keys of an account or a region are all keys too. Security Hub reads no conditions; here those that choose
    keys or data count, and kms:ViaService does not: it says through which service, not with which key. A statement
    about everything is iam-no-admin-statement's."""

    def check(said: Saying) -> Iterator[Verdict]:
        everything = said.every_action() and said.every_resource()
        if not said.allows or everything or not _all_keys(said) or limited_to(said, *_CHOOSING):
            return
        for action in ("kms:Decrypt", "kms:ReEncryptFrom"):
            if said.names_action(action):
                yield it.fails(said.path, f"allows {action} with every key", key=action)

    return judged(it, stack, check)


def _all_keys(said: Saying) -> bool:
    return bool(said.not_resources) or any(_is_every_key(resource) for resource in said.resources)


def _is_every_key(resource: Any) -> bool:
    parts = str(resource).split(":", 5)
    return is_broad(resource) and (len(parts) < 6 or parts[2] in ("kms", "*"))
