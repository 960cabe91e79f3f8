"""Decisions: explicit deny, ceilings, one account and two, keys and roles that answer to their own policy."""

from __future__ import annotations

import pytest

from mlops_estate.embedded.iam import Policies, Request, decide

HOME, OTHER = "123456789012", "111122223333"
ROLE, SESSION = f"arn:aws:iam::{HOME}:role/alice", f"arn:aws:sts::{HOME}:assumed-role/alice/monday"
USER, ROOT = f"arn:aws:iam::{HOME}:user/bob", f"arn:aws:iam::{HOME}:root"
FAR = f"arn:aws:sts::{OTHER}:assumed-role/carol/monday"
OBJECT = "arn:aws:s3:::raw/x"
KEY = f"arn:aws:kms:eu-west-1:{HOME}:key/k"
PROVIDER = f"arn:aws:iam::{HOME}:oidc-provider/host"
DAVE = f"arn:aws:iam::{HOME}:role/dave"


def document(effect="Allow", action="*", sid="It", **elements):
    statement = {"Sid": sid, "Effect": effect, "Action": action, "Resource": "*", **elements}
    return {"Version": "2012-10-17", "Statement": [statement]}


ALL, NOTHING, DENY = document(), document(action="ec2:Nothing"), document("Deny", sid="No")


def to(*names, effect="Allow", kind="AWS", **elements):
    return document(effect, Principal={kind: list(names)}, **elements)


def asked(principal=SESSION, **policies):
    given = {"identity": [NOTHING], **policies}
    return decide(Request(principal, "s3:GetObject", OBJECT, {}, HOME), Policies(**given))


def test_nothing_is_allowed_without_a_policy_that_says_so():
    assert asked(identity=[]).allowed is False
    assert asked().why == "no policy allows it"
    assert asked(identity=[NOTHING, ALL]).why == "the identity policy"


@pytest.mark.parametrize("where", ["identity", "boundary", "session", "resource"])
def test_an_explicit_deny_anywhere_wins(where):
    policies = {"identity": [ALL], "boundary": ALL, "session": ALL, "resource": to(SESSION)}
    assert asked(**policies).allowed
    denied = {**policies, where: [ALL, DENY] if where == "identity" else DENY}
    if where == "resource":
        denied[where] = to(ROLE, effect="Deny", Sid="No")
    found = asked(**denied)
    assert (found.allowed, found.sids) == (False, ("No",))
    assert "explicit deny" in found.why


@pytest.mark.parametrize("ceiling", ["boundary", "session"])
def test_a_ceiling_limits_what_identity_policies_allow(ceiling):
    assert not asked(identity=[ALL], **{ceiling: NOTHING}).allowed
    assert asked(identity=[ALL], **{ceiling: ALL}).allowed
    assert not asked(**{ceiling: ALL}).allowed


@pytest.mark.parametrize(
    ("principal", "named", "allowed_under_a_ceiling"),
    [(SESSION, SESSION, True), (USER, USER, True), (SESSION, "*", True), (SESSION, ROLE, False), (ROLE, ROLE, False)],
)
def test_a_resource_policy_of_the_account_allows_by_itself(principal, named, allowed_under_a_ceiling):
    given = Request(principal, "s3:GetObject", OBJECT, {}, HOME)
    assert decide(given, Policies([NOTHING], resource=to(named))).allowed
    under = decide(given, Policies([NOTHING], boundary=NOTHING, resource=to(named)))
    assert under.allowed is allowed_under_a_ceiling


def test_naming_the_account_only_hands_the_permission_on():
    given = Request(SESSION, "s3:GetObject", OBJECT, {}, HOME)
    for name in (ROOT, HOME):
        assert not decide(given, Policies([NOTHING], resource=to(name))).allowed
        assert decide(given, Policies([ALL], resource=to(name))).allowed


@pytest.mark.parametrize(("action", "target"), [("kms:Decrypt", KEY), ("sts:AssumeRole", DAVE)])
def test_a_key_and_a_role_answer_to_their_own_policy(action, target):
    given = Request(SESSION, action, target, {}, HOME)
    assert decide(given, Policies([ALL])).why == "the resource policy names it not"
    assert not decide(given, Policies([ALL], resource=to(FAR))).allowed
    assert decide(given, Policies([ALL], resource=to(ROOT))).allowed
    assert not decide(given, Policies([NOTHING], resource=to(ROOT))).allowed
    assert decide(given, Policies([NOTHING], resource=to(ROLE))).allowed


def test_a_kms_action_about_no_key_needs_no_key_policy():
    assert decide(Request(SESSION, "kms:ListAliases", "*", {}, HOME), Policies([ALL])).allowed


def test_across_accounts_both_sides_must_allow():
    given = Request(FAR, "s3:GetObject", OBJECT, {}, HOME)
    named = to(f"arn:aws:iam::{OTHER}:root")
    assert decide(given, Policies([ALL], resource=named)).allowed
    assert not decide(given, Policies([ALL])).allowed
    assert not decide(given, Policies([NOTHING], resource=to(FAR))).allowed
    assert not decide(given, Policies([ALL], boundary=NOTHING, resource=named)).allowed


def test_a_resource_policy_allows_what_it_names_and_nothing_else():
    given = Request(SESSION, "s3:GetObject", OBJECT, {}, HOME)
    assert not decide(given, Policies([NOTHING], resource=to(SESSION, action="s3:PutObject"))).allowed
    assert not decide(given, Policies([NOTHING], resource=to(SESSION, Resource="arn:aws:s3:::other/*"))).allowed
    assert not decide(given, Policies([NOTHING], resource=to(SESSION, Condition={"Null": {"aws:x": "false"}}))).allowed


def test_the_account_in_an_arn_owns_the_resource():
    far_topic = Request(SESSION, "sns:Publish", f"arn:aws:sns:eu-west-1:{OTHER}:top")
    assert not decide(far_topic, Policies([ALL])).allowed
    assert not decide(far_topic, Policies([NOTHING], resource=to(SESSION))).allowed
    far_key = KEY.replace(HOME, OTHER)
    assert not decide(Request(SESSION, "kms:Decrypt", far_key), Policies([ALL], resource=to(OTHER))).allowed
    assert decide(Request(SESSION, "kms:Decrypt", far_key), Policies([ALL], resource=to(ROLE))).allowed


@pytest.mark.parametrize(
    ("principal", "policy", "allowed"),
    [
        ("sns.amazonaws.com", to("sns.amazonaws.com", kind="Service"), True),
        ("sns.amazonaws.com", to("s3.amazonaws.com", kind="Service"), False),
        ("sns.amazonaws.com", to("*"), True),
        ("sns.amazonaws.com", to(HOME), False),
        ("sns.amazonaws.com", None, False),
        ("sns.amazonaws.com", to("*", effect="Deny"), False),
        (PROVIDER, to(PROVIDER, kind="Federated"), True),
        (PROVIDER, to(f"{PROVIDER}/far", kind="Federated"), False),
    ],
)  # fmt: skip
def test_services_and_federated_callers_have_only_the_resource_policy(principal, policy, allowed):
    assert decide(Request(principal, "sns:Publish", OBJECT, {}, HOME), Policies(resource=policy)).allowed is allowed


def test_everyone_but_those_named_by_not_principal():
    deny = document("Deny", NotPrincipal={"AWS": [ROLE, ROOT]})
    assert asked(identity=[ALL], resource=deny).allowed
    assert not asked(USER.replace(HOME, OTHER), identity=[ALL], resource=deny).allowed


def test_a_session_of_a_role_with_a_path_is_known_by_the_principal_arn():
    role = f"arn:aws:iam::{HOME}:role/people/alice"
    context = {"aws:PrincipalArn": role}
    named = Policies([NOTHING], resource=to(role))
    assert decide(Request(SESSION, "s3:GetObject", OBJECT, context, HOME), named).allowed
    assert not decide(Request(SESSION, "s3:GetObject", OBJECT, {}, HOME), named).allowed
