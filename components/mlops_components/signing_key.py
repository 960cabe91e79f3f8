"""Signing key: an asymmetric KMS key that signs what a model was made of, and whose private half never leaves KMS."""

from collections.abc import Sequence

from mlops_components.cross_account import Members
from mlops_components.documents import Statement, account_root, roles_of, statement

SIGNING = "signing"
SIGNING_KEY_SPEC = "ECC_NIST_P256"
SIGNING_KEY_USAGE = "SIGN_VERIFY"
SIGNING_ALGORITHM = "ECDSA_SHA_256"
"""The only algorithm of that key spec (KMS developer guide, Key spec reference)."""
SIGN = ("kms:Sign",)
VERIFY = ("kms:DescribeKey", "kms:GetPublicKey", "kms:Verify")


def signing_roles(prefix: str, account: str, region: str) -> str:
    """Return the ARN pattern of the roles that may sign: those of the models' signing jobs, and no other."""
    return f"{roles_of(prefix, account, region)}-{SIGNING}"


def signing_statements(
    prefix: str, account: str, region: str, user_arns: Sequence[str] = (), members: Members | None = None
) -> list[Statement]:
    """Return who signs and who verifies; KMS takes no grant on this key, so nobody can pass the right to sign on.

    `members` are the other accounts that deploy models from here: they verify before they do. Whoever has the public
    key can also verify without KMS (KMS developer guide, Offline verification).
    """
    root = {"AWS": account_root(account, region)}
    known = {"aws:PrincipalArn": [roles_of(prefix, account, region), *sorted(user_arns)]}
    made = [
        statement(
            "SignBySigningRoles", SIGN, ["*"], principal=root,
            condition={
                "ArnLike": {"aws:PrincipalArn": signing_roles(prefix, account, region)},
                "StringEquals": {"kms:SigningAlgorithm": SIGNING_ALGORITHM},
            },
        ),
        statement("VerifyByRolesOfTheEnvironment", VERIFY, ["*"], principal=root, condition={"ArnLike": known}),
    ]  # fmt: skip
    if members and members.readers:
        readers = members.readers
        made.append(
            statement(
                "VerifyByDeployingAccounts", VERIFY, ["*"],
                principal=members.principal(readers), condition=members.condition(readers),
            )
        )  # fmt: skip
    return made
