"""Encryption keys: one customer-managed KMS key per data class, with least-privilege key policies."""

from collections.abc import Mapping, Sequence
from typing import NotRequired, TypedDict

import pulumi
from pulumi_aws import kms

from mlops_components.cross_account import Members, check_members, key_statements, members_of
from mlops_components.data_lake import bucket_name
from mlops_components.documents import (
    Statement,
    account_root,
    bucket_arn,
    dns_suffix,
    partition,
    policy,
    roles_of,
    service_principal,
    statement,
)
from mlops_components.validation import Checker

DATA_CLASSES: Mapping[str, str] = {
    "personal": "records of people: raw, curated and captured data",
    "features": "feature groups, online and offline",
    "models": "model artefacts, training volumes and training code",
    "operations": "logs, reports and alerts",
}
DELETION_WINDOW_DAYS = {"dev": 7, "staging": 30, "prod": 30}
ROTATION_DAYS = 365

# Administration without use: an IAM policy alone can't grant decryption of what only the estate's roles may read.
ADMINISTER = (
    "kms:CancelKeyDeletion", "kms:CreateAlias", "kms:DeleteAlias", "kms:DescribeKey", "kms:DisableKey",
    "kms:DisableKeyRotation", "kms:EnableKey", "kms:EnableKeyRotation", "kms:GetKeyPolicy", "kms:GetKeyRotationStatus",
    "kms:ListGrants", "kms:ListKeyPolicies", "kms:ListKeyRotations", "kms:ListResourceTags", "kms:PutKeyPolicy",
    "kms:RevokeGrant", "kms:RotateKeyOnDemand", "kms:ScheduleKeyDeletion", "kms:TagResource", "kms:UntagResource",
    "kms:UpdateAlias", "kms:UpdateKeyDescription",
)  # fmt: skip
_USE = ("kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*")
_SERVICE_USE = ("kms:Decrypt", "kms:GenerateDataKey*")


class EncryptionKeysArgs(TypedDict):
    """Inputs of `EncryptionKeys`."""

    prefix: str
    """Start of every name of the environment, such as `mlops-dev`; roles named `{prefix}-...` may use the keys."""
    account: str
    """AWS account id of the environment, 12 digits."""
    region: str
    """AWS region code."""
    environment_class: NotRequired[str]
    """dev, staging or prod; decides the defaults below. Default: prod."""
    deletion_window_days: NotRequired[int]
    """Days between scheduling a key's deletion and losing it, 7 to 30. Default: 7 in dev, else 30."""
    rotation_days: NotRequired[int]
    """Days between two rotations of the key material, 90 to 2560. Default: 365."""
    user_arns: NotRequired[list[str]]
    """ARNs (wildcards allowed) of further principals of the account that may use the keys, such as the role that
    deploys. Default: none."""
    reader_account_ids: NotRequired[list[str]]
    """Accounts that deploy models from this account's registry and so decrypt with the models key. Default: none."""
    member_role_names: NotRequired[list[str]]
    """Names of the roles of these accounts that may, where * stands for any characters. Default: every role."""
    organization_id: NotRequired[str]
    """AWS organisation that they have to belong to. Default: any."""
    protect: NotRequired[bool]
    """Whether Pulumi refuses to delete the keys. Default: false in dev, else true."""


class EncryptionKeys(pulumi.ComponentResource):
    """One customer-managed key per data class, rotated, each with an alias and a least-privilege policy.

    The account root administers the keys but can't use them; principals of the account use them when their ARN is that
    of a role of the environment *and* their own policy allows it. No policy names a role, so keys come before roles.
    """

    personal_key_arn: pulumi.Output[str]
    """ARN of the key for records of people."""
    features_key_arn: pulumi.Output[str]
    """ARN of the key for feature groups."""
    models_key_arn: pulumi.Output[str]
    """ARN of the key for model artefacts."""
    operations_key_arn: pulumi.Output[str]
    """ARN of the key for logs, reports and alerts."""

    def __init__(self, name: str, args: EncryptionKeysArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        check = Checker("EncryptionKeys", name, args, EncryptionKeysArgs)
        check.between("deletion_window_days", 7, 30, "days (KMS ScheduleKeyDeletion, PendingWindowInDays)")
        check.between("rotation_days", 90, 2560, "days (KMS EnableKeyRotation, RotationPeriodInDays)")
        check.arn("user_arns", "iam")
        check_members(check)
        check.aws_name("prefix", f"alias/{check.plain('prefix')}-operations", "key_alias")
        check.finish()
        super().__init__("mlops:index:EncryptionKeys", name, {**args}, opts)
        environment_class = args.get("environment_class") or "prod"
        window = int(args.get("deletion_window_days") or DELETION_WINDOW_DAYS[environment_class])
        protect = args.get("protect")
        child = pulumi.ResourceOptions(parent=self)
        kept = pulumi.ResourceOptions(parent=self, protect=environment_class != "dev" if protect is None else protect)
        arns: dict[str, pulumi.Output[str]] = {}
        for data_class, what in DATA_CLASSES.items():
            key = kms.Key(
                f"{name}-{data_class}",
                description=f"{args['prefix']}: {what}",
                deletion_window_in_days=window,
                enable_key_rotation=True,
                rotation_period_in_days=int(args.get("rotation_days") or ROTATION_DAYS),
                policy=key_policy(
                    data_class, args["prefix"], args["account"], args["region"],
                    args.get("user_arns") or (), members_of(args),
                ),
                tags={"data-class": data_class},
                opts=kept,
            )  # fmt: skip
            kms.Alias(
                f"{name}-{data_class}-alias",
                name=f"alias/{args['prefix']}-{data_class}",
                target_key_id=key.key_id,
                opts=child,
            )
            arns[data_class] = key.arn
        self.personal_key_arn = arns["personal"]
        self.features_key_arn = arns["features"]
        self.models_key_arn = arns["models"]
        self.operations_key_arn = arns["operations"]
        self.register_outputs({f"{data_class}_key_arn": arn for data_class, arn in arns.items()})


def key_policy(
    data_class: str,
    prefix: str,
    account: str,
    region: str,
    user_arns: Sequence[str] = (),
    members: Members | None = None,
) -> str:
    """Return the policy of one data class's key; `members` are the other accounts that deploy models from here."""
    made = [
        statement("AdministerByAccount", ADMINISTER, ["*"], principal={"AWS": account_root(account, region)}),
        *_use_statements(prefix, account, region, user_arns),
    ]
    if data_class == "operations":
        made += _service_statements(prefix, account, region)
    if data_class == "models":
        made.append(_images_statement(prefix, account, region, user_arns))
        models = bucket_arn(bucket_name(prefix, "models", account, region), region)
        made += key_statements(models, members) if members else []
    return policy(made)


def _use_statements(prefix: str, account: str, region: str, user_arns: Sequence[str]) -> list[Statement]:
    root = {"AWS": account_root(account, region)}
    users = {"aws:PrincipalArn": [roles_of(prefix, account, region), *sorted(user_arns)]}
    services = {"kms:ViaService": [f"{name}.{region}.{dns_suffix(region)}" for name in ("backup", "sagemaker")]}
    return [
        statement("UseByRolesOfTheEnvironment", _USE, ["*"], principal=root, condition={"ArnLike": users}),
        # SageMaker's volumes (training, endpoints) are encrypted through grants for AWS resources only.
        statement(
            "GrantToAwsResources", ["kms:CreateGrant", "kms:ListGrants", "kms:RevokeGrant"], ["*"], principal=root,
            condition={"ArnLike": users, "Bool": {"kms:GrantIsForAWSResource": "true"}},
        ),
        # The feature store's online store takes and retires its own grants (developer guide, Feature Store encryption),
        # and AWS Backup those of a vault that is made (developer guide, Encryption for backups).
        statement(
            "ServicesOnBehalfOfRoles", ["kms:CreateGrant", "kms:ListGrants", "kms:RetireGrant", "kms:RevokeGrant"],
            ["*"], principal=root, condition={"ArnLike": users, "StringEquals": services},
        ),
    ]  # fmt: skip


def _service_statements(prefix: str, account: str, region: str) -> list[Statement]:
    arn = f"arn:{partition(region)}"
    owner = {"aws:SourceAccount": account}
    log_groups = [f"{arn}:logs:{region}:{account}:log-group:{start}*" for start in (f"/{prefix}/", "/aws/sagemaker/")]
    return [
        # None of these services sends kms:ViaService: they call KMS as themselves.
        statement(
            "CloudWatchAlarmsToTopics", _SERVICE_USE, ["*"], principal=service_principal("cloudwatch"),
            condition={
                "StringEquals": owner,
                "ArnLike": {"aws:SourceArn": f"{arn}:cloudwatch:{region}:{account}:alarm:{prefix}-*"},
            },
        ),
        statement(
            "EventBridgeToTopics", _SERVICE_USE, ["*"], principal=service_principal("events"),
            condition={"StringEquals": owner},
        ),
        statement(
            "BudgetsToTopics", _SERVICE_USE, ["*"], principal=service_principal("budgets"),
            condition={"StringEquals": owner, "ArnLike": {"aws:SourceArn": f"{arn}:budgets::{account}:*"}},
        ),
        statement(
            "CloudWatchLogs", [*_USE], ["*"], principal={"Service": f"logs.{region}.{dns_suffix(region)}"},
            condition={"ArnLike": {"kms:EncryptionContext:aws:logs:arn": log_groups}},
        ),
    ]  # fmt: skip


def _images_statement(prefix: str, account: str, region: str, user_arns: Sequence[str]) -> Statement:
    """Return the statement by which ECR retires the grant of a repository that is deleted (ECR user guide, encryption
    at rest)."""
    return statement(
        "ImagesOnBehalfOfRoles", ["kms:RetireGrant"], ["*"], principal={"AWS": account_root(account, region)},
        condition={
            "ArnLike": {"aws:PrincipalArn": [roles_of(prefix, account, region), *sorted(user_arns)]},
            "StringEquals": {"kms:ViaService": f"ecr.{region}.{dns_suffix(region)}"},
        },
    )  # fmt: skip
