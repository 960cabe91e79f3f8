"""Which policies a role has, in each of the ways; and what is unknown comes last."""

from __future__ import annotations

import pytest

from mlops_policies.identity_policies import POLICY, POLICY_ATTACHMENT, ROLE, ROLE_ATTACHMENT, ROLE_POLICY
from mlops_policies.resource import Resource
from mlops_policies.role_policies import (
    EXCLUSIVE_ATTACHMENTS,
    managed_arns_of_role,
    policies_of_role,
    statements_of_role,
)
from mlops_policies.stack import Stack
from mlops_policies.values import UNKNOWN, UnknownValue

AWS_READS = "arn:aws:iam::aws:policy/ReadOnlyAccess"


def _document(sid):
    return {"Statement": [{"Sid": sid, "Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}]}


def _made(token, props, name, dependencies=None):
    it = Resource(token, props, urn=f"urn:{name}", name=name)
    it.property_dependencies = {key: (f"urn:{value}",) for key, value in (dependencies or {}).items()}
    return it


def _sids(stack, role):
    found = []
    try:
        for said in statements_of_role(stack, role):
            found.append(said.sid)  # noqa: PERF401 -- what comes before the unknown is wanted
    except UnknownValue as unknown:
        found.append(f"unknown {unknown.path}")
    return found


def _policy(sid):
    return _made(POLICY, {"policy": _document(sid), "arn": f"arn:aws:iam::123456789012:policy/{sid}"}, sid)


ROLE_PROPS = {"name": "r", "arn": "arn:aws:iam::123456789012:role/r"}


@pytest.mark.parametrize(
    ("props", "others"),
    [
        ({"inlinePolicies": [{"name": "p", "policy": _document("a")}]}, []),
        ({}, [_made(ROLE_POLICY, {"role": "r", "policy": _document("a")}, "p")]),
        ({}, [_made(POLICY, {"roles": ["r"], "policy": _document("a")}, "p")]),
        ({}, [_policy("a"), _made(ROLE_ATTACHMENT, {"role": UNKNOWN, "policyArn": UNKNOWN}, "t",
                                  {"role": "role", "policyArn": "a"})]),
        ({}, [_policy("a"), _made(POLICY_ATTACHMENT, {"roles": ["r"], "policyArn": UNKNOWN}, "t",
                                  {"policyArn": "a"})]),
        ({}, [_policy("a"), _made(EXCLUSIVE_ATTACHMENTS,
                                  {"roleName": "r", "policyArns": ["arn:aws:iam::123456789012:policy/a"]}, "t")]),
        ({"managedPolicyArns": ["arn:aws:iam::123456789012:policy/a"]}, [_policy("a"), _policy("another")]),
    ],
)  # fmt: skip
def test_each_way_in_which_a_policy_hangs_on_a_role(props, others):
    role = _made(ROLE, {**ROLE_PROPS, **props}, "role")
    stack = Stack([role, *others])
    assert _sids(stack, role) == ["a"]
    assert len(list(policies_of_role(stack, role))) == 1


def test_what_is_unknown_hides_nothing_that_is_known():
    role = _made(ROLE, {**ROLE_PROPS, "inlinePolicies": [{"name": "p", "policy": UNKNOWN}]}, "role")
    separate = _made(ROLE_POLICY, {"role": "r", "policy": _document("b")}, "p")
    managed = _policy("c")
    loose = _made(ROLE_ATTACHMENT, {"role": "r", "policyArn": UNKNOWN}, "loose")
    attachment = _made(POLICY_ATTACHMENT, {"roles": ["r"], "policyArn": "arn:aws:iam::123456789012:policy/c"}, "t")
    stack = Stack([role, separate, managed, loose, attachment])
    assert _sids(stack, role) == ["b", "c", "unknown inlinePolicies[0].policy"]


def test_a_boundary_is_no_policy_of_the_role():
    role = _made(ROLE, {**ROLE_PROPS, "permissionsBoundary": "arn:aws:iam::123456789012:policy/a"}, "role")
    assert _sids(Stack([role, _policy("a")]), role) == []


def test_managed_arns_are_told_with_the_place_that_names_them():
    role = _made(ROLE, {**ROLE_PROPS, "managedPolicyArns": ["arn:aws:iam::123456789012:policy/a", AWS_READS]}, "role")
    attachment = _made(ROLE_ATTACHMENT, {"role": "r", "policyArn": AWS_READS}, "t")
    found = [
        (view.resource.name, path, arn) for view, path, arn in managed_arns_of_role(Stack([role, attachment]), role)
    ]
    assert found == [
        ("role", "managedPolicyArns[0]", "arn:aws:iam::123456789012:policy/a"),
        ("role", "managedPolicyArns[1]", AWS_READS),
        ("t", "policyArn", AWS_READS),
    ]


def test_an_unknown_arn_that_comes_from_a_policy_of_the_stack_is_none_of_awss():
    role = _made(ROLE, ROLE_PROPS, "role")
    own = _made(ROLE_ATTACHMENT, {"role": "r", "policyArn": UNKNOWN}, "t", {"policyArn": "a"})
    assert list(managed_arns_of_role(Stack([role, _policy("a"), own]), role)) == []
    loose = _made(ROLE_ATTACHMENT, {"role": "r", "policyArn": UNKNOWN}, "t")
    with pytest.raises(UnknownValue, match="policyArn"):
        list(managed_arns_of_role(Stack([role, loose]), role))
