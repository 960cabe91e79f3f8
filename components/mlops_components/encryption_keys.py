"""Encryption keys: one customer-managed KMS key per data class, one that signs, with least-privilege key policies."""

from collections.abc import Mapping, Sequence
from typing import Any, NotRequired, TypedDict

import pulumi
from pulumi_aws import kms

from mlops_components.adoption import adopted_options, check_adopted
from mlops_components.buckets import bucket_name
from mlops_components.cross_account import Members, check_members, key_statements, members_of
from mlops_components.deletion import protects
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
    trail_arn,
)
from mlops_components.network_perimeter import macie_role
from mlops_components.signing_key import SIGNING, SIGNING_KEY_SPEC, SIGNING_KEY_USAGE, signing_statements
from mlops_components.validation import Checker

DATA_CLASSES: Mapping[str, str] = {
    "personal": "records of people: raw, curated and captured data",
    "features": "feature groups, online and offline",
    "models": "model artefacts, training volumes and training code",
    "operations": "logs, reports and alerts",
}
KEYS: Mapping[str, str] = {**DATA_CLASSES, SIGNING: "signatures of model versions"}
"""The keys by name: those that encrypt, and the one that signs."""
DELETION_WINDOW_DAYS = {"dev": 7, "staging": 30, "prod": 30}
ROTATION_DAYS = 365
# KMS API reference, KeyId: 36 characters, or mrk- and 32; an alias is no name of a key that an import takes.
KEY_ID = r"(arn:aws[a-z-]*:kms:[a-z0-9-]+:\d{12}:key/)?([0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|mrk-[0-9a-f]{32})"

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
    models_bucket: NotRequired[str]
    """Name of the bucket whose artefacts other accounts decrypt. Default: the one that `DataLake` makes for models."""
    macie_reads: NotRequired[bool]
    """Whether Macie may decrypt records of people, to look for what should not be among them. Default: false."""
    protect: NotRequired[bool]
    """Whether Pulumi refuses to delete the keys. Default: false in dev, else true."""
    adopted_key_ids: NotRequired[dict[str, str]]
    """Data class, or signing, to the id or ARN of a key that is there already and is taken over by import: rotated as
    above, unless it signs, and its policy overwritten. It stays when the environment is destroyed. Default: none."""
    retained_classes: NotRequired[list[str]]
    """Data classes whose keys stay when the environment is destroyed, as data that stays needs them, or signing, as
    signatures that stay are verified with it. Default: none."""


class EncryptionKeys(pulumi.ComponentResource):
    """One customer-managed key per data class, rotated, and one that signs; each with an alias and a strict policy.

    The account root administers the keys but can't use them; principals of the account use them when their ARN is that
    of a role of the environment *and* their own policy allows it. No policy names a role, so keys come before roles.
    KMS doesn't rotate asymmetric keys: a new signing key is a new key, and the old one stays to verify with.
    """

    personal_key_arn: pulumi.Output[str]
    """ARN of the key for records of people."""
    features_key_arn: pulumi.Output[str]
    """ARN of the key for feature groups."""
    models_key_arn: pulumi.Output[str]
    """ARN of the key for model artefacts."""
    operations_key_arn: pulumi.Output[str]
    """ARN of the key for logs, reports and alerts."""
    signing_key_arn: pulumi.Output[str]
    """ARN of the asymmetric key that signs model versions."""

    def __init__(self, name: str, args: EncryptionKeysArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        check = Checker("EncryptionKeys", name, args, EncryptionKeysArgs)
        check.between("deletion_window_days", 7, 30, "days (KMS ScheduleKeyDeletion, PendingWindowInDays)")
        check.between("rotation_days", 90, 2560, "days (KMS EnableKeyRotation, RotationPeriodInDays)")
        check.arn("user_arns", "iam")
        check_members(check)
        check.aws_name("prefix", f"alias/{check.plain('prefix')}-operations", "key_alias")
        classes = ", ".join(KEYS)
        check.matches("retained_classes", "|".join(KEYS), f"must be one of {classes}", f"name one of {classes}")
        check_adopted(check, "adopted_key_ids", KEYS, KEY_ID, "a KMS key id, or the ARN of a key")
        check.finish()
        super().__init__("mlops:index:EncryptionKeys", name, {**args}, opts)
        environment_class = args.get("environment_class") or "prod"
        self._base, self._args = name, args
        self._window = int(args.get("deletion_window_days") or DELETION_WINDOW_DAYS[environment_class])
        self._protected = protects(args)
        arns: dict[str, pulumi.Output[str]] = {}
        for data_class in KEYS:
            own = (args.get("adopted_key_ids") or {}).get(data_class)
            key, arns[data_class] = self._adopted(data_class, own) if own else self._made(data_class)
            kms.Alias(
                f"{name}-{data_class}-alias",
                name=f"alias/{args['prefix']}-{data_class}",
                target_key_id=key.key_id,
                opts=pulumi.ResourceOptions(parent=self),
            )
        self.personal_key_arn = arns["personal"]
        self.features_key_arn = arns["features"]
        self.models_key_arn = arns["models"]
        self.operations_key_arn = arns["operations"]
        self.signing_key_arn = arns[SIGNING]
        self.register_outputs({f"{data_class}_key_arn": arn for data_class, arn in arns.items()})

    def _made(self, data_class: str) -> tuple[kms.Key, pulumi.Output[str]]:
        """Declare a key; return it and its ARN."""
        stays = data_class in (self._args.get("retained_classes") or [])
        key = kms.Key(
            f"{self._base}-{data_class}",
            description=f"{self._args['prefix']}: {KEYS[data_class]}",
            deletion_window_in_days=self._window,
            policy=self._policy(data_class),
            # What it signs are model versions.
            tags={"data-class": "models" if data_class == SIGNING else data_class},
            opts=pulumi.ResourceOptions(parent=self, protect=self._protected, retain_on_delete=stays or None),
            **self._kind(data_class),
        )
        return key, key.arn

    def _adopted(self, data_class: str, key_id: str) -> tuple[kms.Key, pulumi.Output[str]]:
        """Take a key over; return it and its ARN, which resolves once the estate's policy is on it.

        Only what an import can match is given: an import reads neither the deletion window nor, at once, a new policy.
        """
        key = kms.Key(
            f"{self._base}-{data_class}",
            **self._kind(data_class),
            opts=adopted_options(self, key_id.rpartition("/")[2], protect=self._protected),
        )
        policy = kms.KeyPolicy(
            f"{self._base}-{data_class}-policy",
            key_id=key.key_id,
            policy=self._policy(data_class),
            opts=pulumi.ResourceOptions(parent=self, retain_on_delete=True),
        )
        return key, pulumi.Output.all(key.arn, policy.id).apply(lambda pair: str(pair[0]))

    def _kind(self, data_class: str) -> dict[str, Any]:
        """Return what makes a key one that encrypts, and is rotated, or one that signs."""
        if data_class == SIGNING:
            return {"customer_master_key_spec": SIGNING_KEY_SPEC, "key_usage": SIGNING_KEY_USAGE}
        days = int(self._args.get("rotation_days") or ROTATION_DAYS)
        return {"enable_key_rotation": True, "rotation_period_in_days": days}

    def _policy(self, data_class: str) -> str:
        args = self._args
        return key_policy(
            data_class, args["prefix"], args["account"], args["region"],
            args.get("user_arns") or (), members_of(args), args.get("models_bucket") or "",
            macie_reads=bool(args.get("macie_reads")),
        )  # fmt: skip


def key_policy(
    data_class: str,
    prefix: str,
    account: str,
    region: str,
    user_arns: Sequence[str] = (),
    members: Members | None = None,
    models_bucket: str = "",
    *,
    macie_reads: bool = False,
) -> str:
    """Return the policy of one data class's key, or of the one that signs; `members` are the other accounts that deploy
    models from here."""
    administer = statement("AdministerByAccount", ADMINISTER, ["*"], principal={"AWS": account_root(account, region)})
    if data_class == SIGNING:
        return policy([administer, *signing_statements(prefix, account, region, user_arns, members)])
    made = [administer, *_use_statements(prefix, account, region, user_arns)]
    if data_class == "operations":
        made += [
            *_service_statements(prefix, account, region),
            *_trail_statements(prefix, account, region),
            # AWS Config delivers as itself where the recorder works by its service-linked role (developer guide,
            # permissions for the KMS key of the delivery channel).
            statement(
                "ConfigDelivery", ["kms:Decrypt", "kms:GenerateDataKey"], ["*"], principal=service_principal("config"),
                condition={"StringEquals": {"aws:SourceAccount": account}},
            ),
        ]  # fmt: skip
    if data_class == "personal" and macie_reads:
        made.append(_macie_statement(account, region))
    if data_class == "models":
        made.append(_images_statement(prefix, account, region, user_arns))
        models = bucket_arn(models_bucket or bucket_name(prefix, "models", account, region), region)
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
        # EventBridge sends no source with what it publishes (see AlertTopics): what it encrypts for is told by
        # the encryption context of SNS and SQS instead (their developer guides, Key management).
        _events_statement("EventBridgeToTopics", "aws:sns:topicArn", f"{arn}:sns:{region}:{account}:{prefix}-*"),
        _events_statement("EventBridgeToQueues", "aws:sqs:arn", f"{arn}:sqs:{region}:{account}:{prefix}-*"),
        statement(
            "BudgetsToTopics", _SERVICE_USE, ["*"], principal=service_principal("budgets"),
            condition={"StringEquals": owner, "ArnLike": {"aws:SourceArn": f"{arn}:budgets::{account}:*"}},
        ),
        statement(
            "CostAnomaliesToTopics", _SERVICE_USE, ["*"], principal=service_principal("costalerts"),
            condition={
                "StringEquals": owner, "ArnLike": {"aws:SourceArn": f"{arn}:ce::{account}:anomalysubscription/*"},
            },
        ),
        statement(
            "CloudWatchLogs", [*_USE], ["*"], principal={"Service": f"logs.{region}.{dns_suffix(region)}"},
            condition={"ArnLike": {"kms:EncryptionContext:aws:logs:arn": log_groups}},
        ),
    ]  # fmt: skip


def _events_statement(sid: str, context: str, arns: str) -> Statement:
    condition = {"ArnLike": {f"kms:EncryptionContext:{context}": arns}}
    return statement(sid, _SERVICE_USE, ["*"], principal=service_principal("events"), condition=condition)


def _macie_statement(account: str, region: str) -> Statement:
    """Let Macie decrypt what it looks into (Macie user guide, Analysing encrypted objects).

    Its service-linked role may not exist yet, and a policy that names an absent role is refused; nor has that role a
    policy of its own for keys, so the key grants by itself, to whoever bears the role's ARN in this account.
    """
    bearer = {"aws:PrincipalArn": macie_role(account, region), "kms:CallerAccount": account}
    return statement(
        "DecryptByMacie", ["kms:Decrypt"], ["*"], principal={"AWS": "*"}, condition={"StringEquals": bearer}
    )


def _trail_statements(prefix: str, account: str, region: str) -> list[Statement]:
    """Return what CloudTrail needs to encrypt log files (user guide, KMS key policies for CloudTrail).

    With its own encryption context, not a bucket key's: the trail's bucket has none.
    """
    source = {"aws:SourceArn": trail_arn(prefix, account, region)}
    trails = f"arn:{partition(region)}:cloudtrail:*:{account}:trail/*"
    return [
        statement(
            "CloudTrailEncrypts", ["kms:GenerateDataKey*"], ["*"], principal=service_principal("cloudtrail"),
            condition={"StringEquals": source, "StringLike": {"kms:EncryptionContext:aws:cloudtrail:arn": trails}},
        ),
        statement(
            "CloudTrailDescribes", ["kms:DescribeKey"], ["*"], principal=service_principal("cloudtrail"),
            condition={"StringEquals": source},
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
