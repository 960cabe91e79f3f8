"""Grants to other accounts as one unit: image, artefact, key and package.

Deploying a model version from another account takes all four at once (SageMaker developer guide, "Deploy a model
version from a different account"), so all are made here from one list of accounts: the repository policy of the images,
the bucket policy and key policy of the artefacts, and the policy of the model package group. Each names the roles that
may come by a pattern, not the whole account, and where it is known the organisation they have to belong to. What the
deploying role's own policy has to allow on its side stands here too.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mlops_components.documents import Statement, account_root, dns_suffix, partition, statement
from mlops_components.validation import Checker

ANY_ROLE = ("*",)
PULL_IMAGE = ("ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer")
READ_ARTEFACT = ("s3:GetObject",)
READ_GROUP = ("sagemaker:DescribeModelPackageGroup",)
READ_PACKAGES = ("sagemaker:CreateModel", "sagemaker:DescribeModelPackage", "sagemaker:ListModelPackages")
WRITTEN_PACKAGES = ("sagemaker:DescribeModelPackage", "sagemaker:ListModelPackages")
PENDING = {"StringEquals": {"sagemaker:ModelApprovalStatus": "PendingManualApproval"}}


@dataclass(frozen=True)
class Members:
    """Which other accounts are let in: `readers` deploy models, `writers` register them.

    `role_names` are the patterns of role names that may come from there, `organization_id` the organisation that they
    have to belong to (empty: any).
    """

    region: str
    readers: Sequence[str] = ()
    writers: Sequence[str] = ()
    role_names: Sequence[str] = ANY_ROLE
    organization_id: str = ""

    def principal(self, accounts: Sequence[str]) -> dict[str, list[str]]:
        """Return the principal that stands for these accounts."""
        return {"AWS": [account_root(account, self.region) for account in sorted(accounts)]}

    def condition(
        self, accounts: Sequence[str], more: Mapping[str, Mapping[str, Any]] | None = None
    ) -> dict[str, dict[str, Any]]:
        """Return the condition that narrows whole accounts to their deploying roles, and `more` with it."""
        arns = [
            f"arn:{partition(self.region)}:iam::{account}:role/{name}"
            for account in sorted(accounts)
            for name in self.role_names
        ]
        made: dict[str, dict[str, Any]] = {"ArnLike": {"aws:PrincipalArn": arns}}
        if self.organization_id:
            made["StringEquals"] = {"aws:PrincipalOrgID": self.organization_id}
        for operator, keys in (more or {}).items():
            made.setdefault(operator, {}).update(keys)
        return made


def members_of(args: Mapping[str, Any]) -> Members:
    """Return the members that a component's arguments name."""
    return Members(
        args["region"],
        args.get("reader_account_ids") or (),
        args.get("writer_account_ids") or (),
        args.get("member_role_names") or ANY_ROLE,
        args.get("organization_id") or "",
    )


def check_members(check: Checker[Any]) -> None:
    """Check the arguments that `members_of` reads, beside the account ids, which every component checks."""
    check.matches(
        "member_role_names", r"[\w+=,.@*-]{1,64}", "must be a role name, where * stands for any characters",
        "write a pattern such as mlops-*",
    )  # fmt: skip
    check.matches(
        "organization_id",
        r"(o-[a-z0-9]{10,32})?",
        "must be the id of an AWS organisation",
        "write o- and its characters",
    )


def image_statements(members: Members) -> list[Statement]:
    """Return the statements of a repository policy that let readers pull; ECR takes no resource in them."""
    if not members.readers:
        return []
    return [
        statement(
            "PullByDeployingAccounts", PULL_IMAGE, [],
            principal=members.principal(members.readers), condition=members.condition(members.readers),
        )
    ]  # fmt: skip


def artefact_statements(bucket_arn: str, members: Members) -> list[Statement]:
    """Return the statements of the artefacts' bucket policy that let readers read."""
    if not members.readers:
        return []
    return [
        statement(
            "ReadByDeployingAccounts", READ_ARTEFACT, [f"{bucket_arn}/*"],
            principal=members.principal(members.readers), condition=members.condition(members.readers),
        )
    ]  # fmt: skip


def key_statements(bucket_arn: str, members: Members) -> list[Statement]:
    """Return the statements of the artefacts' key policy: decryption through S3, of that bucket's objects alone."""
    if not members.readers:
        return []
    # With bucket keys the context is the bucket's ARN, without them the object's (S3 user guide, bucket keys).
    through_s3: dict[str, dict[str, Any]] = {
        "StringEquals": {"kms:ViaService": f"s3.{members.region}.{dns_suffix(members.region)}"},
        "ArnLike": {"kms:EncryptionContext:aws:s3:arn": [bucket_arn, f"{bucket_arn}/*"]},
    }
    return [
        statement(
            "DecryptByDeployingAccounts", ["kms:Decrypt"], ["*"],
            principal=members.principal(members.readers), condition=members.condition(members.readers, through_s3),
        )
    ]  # fmt: skip


def package_statements(group_arn: str, members: Members) -> list[Statement]:
    """Return the statements of the model package group's policy: readers deploy, writers register."""
    packages = packages_of(group_arn)
    made: list[Statement] = []
    for who, accounts, actions in (
        ("Readers", members.readers, READ_PACKAGES),
        ("Writers", members.writers, WRITTEN_PACKAGES),
    ):
        if accounts:
            let_in: dict[str, Any] = {
                "principal": members.principal(accounts), "condition": members.condition(accounts)
            }  # fmt: skip
            made.append(statement(f"{who}OfTheGroup", READ_GROUP, [group_arn], **let_in))
            made.append(statement(f"{who}OfVersions", actions, [packages], **let_in))
    if members.writers:
        made.append(
            statement(
                "RegisterUnapproved", ["sagemaker:CreateModelPackage"], [packages],
                principal=members.principal(members.writers), condition=members.condition(members.writers, PENDING),
            )
        )  # fmt: skip
    return made


def packages_of(group_arn: str) -> str:
    """Return the ARN pattern of all versions in a model package group."""
    return f"{group_arn.replace(':model-package-group/', ':model-package/')}/*"


def artefacts_elsewhere(accounts: Sequence[str], bucket_prefix: str, region: str, key_prefix: str) -> list[Statement]:
    """Return what a deploying role's own policy allows on artefacts of other accounts: read them, decrypt them.

    `bucket_prefix` is the pattern of the environments' prefixes there, such as `mlops-*`. A key's ARN holds an id that
    only its account knows, so the encryption context binds the decryption to the buckets of artefacts.
    """
    if not accounts:
        return []
    part = partition(region)
    buckets = [f"arn:{part}:s3:::{bucket_prefix}-models-{account}-{region}" for account in sorted(accounts)]
    context = [pattern for bucket in buckets for pattern in (bucket, f"{bucket}/*")]
    return [
        statement("ReadArtefactsElsewhere", READ_ARTEFACT, [f"{bucket}/{key_prefix}*" for bucket in buckets]),
        statement(
            "DecryptArtefactsElsewhere", ["kms:Decrypt"],
            [f"arn:{part}:kms:{region}:{account}:key/*" for account in sorted(accounts)],
            condition={
                "StringEquals": {"kms:ViaService": f"s3.{region}.{dns_suffix(region)}"},
                "ArnLike": {"kms:EncryptionContext:aws:s3:arn": context},
            },
        ),
    ]  # fmt: skip
