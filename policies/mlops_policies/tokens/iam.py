"""IAM: `aws-native` names of what the `aws` provider has.

Inline policies keep the names that they have within the list (``policyDocument``); `identity_policies` reads both.
"""

from __future__ import annotations

from mlops_policies.tokens import Alias

ALIASES: dict[str, Alias] = {
    "aws-native:iam:ManagedPolicy": Alias(
        "aws:iam/policy:Policy", {"managedPolicyName": "name", "policyDocument": "policy"}
    ),
    "aws-native:iam:RolePolicy": Alias(
        "aws:iam/rolePolicy:RolePolicy", {"roleName": "role", "policyName": "name", "policyDocument": "policy"}
    ),
    "aws-native:iam:UserPolicy": Alias(
        "aws:iam/userPolicy:UserPolicy", {"userName": "user", "policyName": "name", "policyDocument": "policy"}
    ),
    "aws-native:iam:GroupPolicy": Alias(
        "aws:iam/groupPolicy:GroupPolicy", {"groupName": "group", "policyName": "name", "policyDocument": "policy"}
    ),
    "aws-native:iam:Role": Alias(
        "aws:iam/role:Role",
        {"roleName": "name", "assumeRolePolicyDocument": "assumeRolePolicy", "policies": "inlinePolicies"},
    ),
    "aws-native:iam:User": Alias("aws:iam/user:User", {"userName": "name", "policies": "inlinePolicies"}),
    "aws-native:iam:Group": Alias("aws:iam/group:Group", {"groupName": "name", "policies": "inlinePolicies"}),
    "aws-native:iam:OidcProvider": Alias(
        "aws:iam/openIdConnectProvider:OpenIdConnectProvider",
        {"clientIdList": "clientIdLists", "thumbprintList": "thumbprintLists"},
    ),
}
