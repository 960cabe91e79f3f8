"""Keys, roles and policies."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mlops_estate.embedded.driver.adoption import key_as_inputs
from mlops_estate.embedded.driver.mapping import At
from mlops_estate.embedded.driver.operations import Adoption, Call, Extra, Inputs, Operations


def _rotation(inputs: Inputs, keys: Mapping[str, Any]) -> list[Call]:
    """Rotation is a switch of its own; the period may be given with it."""
    if not inputs.get("enableKeyRotation"):
        return [Call("DisableKeyRotation", {"KeyId": keys["KeyId"]})] if "enableKeyRotation" in inputs else []
    period = At(inputs.get("rotationPeriodInDays"), "rotationPeriodInDays")
    return [Call("EnableKeyRotation", {"KeyId": keys["KeyId"], "RotationPeriodInDays": period})]


def _boundary(inputs: Inputs, keys: Mapping[str, Any]) -> list[Call]:
    """A boundary is put and taken away by calls of its own."""
    role = {"RoleName": keys["RoleName"]}
    if not inputs.get("permissionsBoundary"):
        return [Call("DeleteRolePermissionsBoundary", role)]
    arn = At(inputs["permissionsBoundary"], "permissionsBoundary")
    return [Call("PutRolePermissionsBoundary", {**role, "PermissionsBoundary": arn})]


ROWS = {
    "aws:kms/key:Key": Operations(
        "kms", "CreateKey", "DescribeKey", "ScheduleKeyDeletion",
        root="KeyMetadata", keys={"KeyId": "response.KeyMetadata.KeyId"}, id="{KeyId}",
        drop=("isEnabled",),  # keys are enabled when they are made
        extras=(
            Extra(("enableKeyRotation", "rotationPeriodInDays"), _rotation),
            Extra(("description",), lambda i, k: [
                Call("UpdateKeyDescription", {"KeyId": k["KeyId"], "Description": At(i["description"], "description")})
            ], on_create=False),
            Extra(("policy",), lambda i, k: [
                Call("PutKeyPolicy", {"KeyId": k["KeyId"], "Policy": At(i["policy"], "policy")})
            ], on_create=False),
            Extra(("deletionWindowInDays",), lambda _i, _k: []),  # used when the key is deleted
        ),
        delete_before=lambda i, k: {
            "KeyId": k["KeyId"], "PendingWindowInDays": At(i.get("deletionWindowInDays", 30), "deletionWindowInDays")
        },
        leaves="KMS key {KeyId} waits for its deletion window to pass",
        unread=("Policy", "Tags", "BypassPolicyLockoutSafetyCheck"),
        why_unread="DescribeKey shows neither policy nor tags",
        adoption=Adoption("KeyId", key_as_inputs),
    ),
    "aws:kms/keyPolicy:KeyPolicy": Operations(
        "kms", "PutKeyPolicy", "GetKeyPolicy", "", "PutKeyPolicy",
        keys={"KeyId": "params.KeyId"}, id="{KeyId}", const={"PolicyName": "default"},
        read_before=lambda k: {"KeyId": k["KeyId"], "PolicyName": "default"},
        leaves="KMS key {KeyId} keeps its policy: a key has one always",
        unread=("KeyId", "PolicyName", "BypassPolicyLockoutSafetyCheck"), why_unread="they steer the call",
    ),
    "aws:kms/alias:Alias": Operations(
        "kms", "CreateAlias", "ListAliases", "DeleteAlias", "UpdateAlias",
        root="Aliases[?AliasName=='{AliasName}'] | [0]",
        keys={"AliasName": "params.AliasName"}, id="{AliasName}", auto_name="name",
        read_before=lambda _k: {},
        outputs={"arn": "arn:aws:kms:{region}:{account}:{AliasName}"},
    ),
    "aws:iam/role:Role": Operations(
        "iam", "CreateRole", "GetRole", "DeleteRole", "UpdateRole", root="Role",
        keys={"RoleName": "params.RoleName"}, id="{RoleName}", auto_name="name", auto_name_limit=64,
        drop=("forceDetachPolicies",),  # a wish about deletion
        extras=(
            Extra(("assumeRolePolicy",), lambda i, k: [Call("UpdateAssumeRolePolicy", {
                "RoleName": k["RoleName"], "PolicyDocument": At(i["assumeRolePolicy"], "assumeRolePolicy")
            })], on_create=False),
            Extra(("permissionsBoundary",), _boundary, on_create=False),
        ),
        same={"PermissionsBoundary": "PermissionsBoundary.PermissionsBoundaryArn"},
    ),
    "aws:iam/openIdConnectProvider:OpenIdConnectProvider": Operations(
        "iam", "CreateOpenIDConnectProvider", "GetOpenIDConnectProvider", "DeleteOpenIDConnectProvider",
        keys={"OpenIDConnectProviderArn": "response.OpenIDConnectProviderArn"}, id="{OpenIDConnectProviderArn}",
        rename={"clientIdLists": "clientIDList", "thumbprintLists": "thumbprintList"},
        outputs={"arn": "{OpenIDConnectProviderArn}"},
        same={"Url": "join('', ['https://', Url])"},  # read without its scheme
    ),
    "aws:iam/rolePolicy:RolePolicy": Operations(
        "iam", "PutRolePolicy", "GetRolePolicy", "DeleteRolePolicy", "PutRolePolicy",
        keys={"RoleName": "params.RoleName", "PolicyName": "params.PolicyName"}, id="{RoleName}:{PolicyName}",
        rename={"policy": "policyDocument"}, auto_name="name", auto_name_limit=128,
    ),
    "aws:iam/policy:Policy": Operations(
        "iam", "CreatePolicy", "GetPolicy", "DeletePolicy", root="Policy",
        keys={"PolicyArn": "response.Policy.Arn"}, id="{PolicyArn}",
        rename={"policy": "policyDocument"}, auto_name="name", auto_name_limit=128,
        extras=(
            # A policy in use can't be deleted: another document is a new version of it.
            Extra(("policy",), lambda i, k: [Call("CreatePolicyVersion", {
                "PolicyArn": k["PolicyArn"], "PolicyDocument": At(i["policy"], "policy"), "SetAsDefault": True
            })], on_create=False),
        ),
        before_delete="earlier_versions",
        unread=("PolicyDocument",), why_unread="GetPolicy shows the document's version only",
    ),
    "aws:iam/rolePolicyAttachment:RolePolicyAttachment": Operations(
        "iam", "AttachRolePolicy", "ListAttachedRolePolicies", "DetachRolePolicy", noun="Role",
        root="AttachedPolicies[?PolicyArn=='{PolicyArn}'] | [0]",
        keys={"RoleName": "params.RoleName", "PolicyArn": "params.PolicyArn"}, id="{RoleName}-{PolicyArn}",
    ),
}  # fmt: skip
