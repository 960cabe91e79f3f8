"""Masked copy: what development works with in the place of records of people, and who may make and read it.

The job that masks is a model's `MaskingPipeline`. What is here is what all of them share: bucket, key and role.
"""

from collections.abc import Sequence
from typing import Any, NotRequired, TypedDict

import pulumi
from pulumi_aws import iam, kms, s3

from mlops_components.buckets import (
    age_bucket,
    bucket_name,
    check_bucket_name,
    encrypt_bucket,
    harden_bucket,
    lifecycle_rules,
    log_access,
    refuse_other_encryption,
)
from mlops_components.cross_account import Members, check_members
from mlops_components.deletion import protects
from mlops_components.documents import (
    Statement,
    account_root,
    assume_role_policy,
    bucket_arn,
    dns_suffix,
    join_s3_uri,
    partition,
    policy,
    repository_arn,
    statement,
)
from mlops_components.encryption_keys import ADMINISTER, DELETION_WINDOW_DAYS, ROTATION_DAYS
from mlops_components.image_registries import SCIKIT_LEARN, scikit_learn_image
from mlops_components.validation import Checker

MASKED = "masked"
IMPORT_ROLE = "masked-import"
RETENTION_DAYS = 90


class MaskedCopyArgs(TypedDict):
    """Inputs of `MaskedCopy`."""

    prefix: str
    """Start of every name of the environment that has the original."""
    account: str
    """AWS account id of that environment, 12 digits."""
    region: str
    """AWS region code."""
    environment_class: NotRequired[str]
    """dev, staging or prod; decides the defaults below. Default: prod."""
    raw_bucket: pulumi.Input[str]
    """Name of the bucket of the original records."""
    personal_key_arn: pulumi.Input[str]
    """ARN of the KMS key of the original records, and of the secret."""
    secret_arn: pulumi.Input[str]
    """ARN of the secret with the key of the pseudonyms."""
    models_bucket: pulumi.Input[str]
    """Name of the bucket that holds the jobs' code, each below `{model}/masking/`."""
    models_key_arn: pulumi.Input[str]
    """ARN of the KMS key of that bucket."""
    access_logs_bucket: pulumi.Input[str]
    """Name of the bucket of access logs."""
    reader_account_ids: NotRequired[list[str]]
    """Accounts whose import role reads the copy. Default: none."""
    member_role_names: NotRequired[list[str]]
    """Names of the roles there that may, where * stands for any characters. Default: those of `MaskedImport`."""
    organization_id: NotRequired[str]
    """AWS organisation that they have to belong to. Default: any."""
    retention_days: NotRequired[int]
    """Days for which a copy is kept. Default: 90."""
    deletion_window_days: NotRequired[int]
    """Days between scheduling the key's deletion and losing it, 7 to 30. Default: 7 in dev, else 30."""
    protect: NotRequired[bool]
    """Whether Pulumi refuses to delete bucket and key. Default: false in dev, else true."""


class MaskedCopy(pulumi.ComponentResource):
    """A bucket of masked records with a key of its own, written by one role, read by import roles of other accounts.

    Pseudonyms are still personal data (GDPR, recital 26), so the copy is encrypted, versioned, private, TLS only and
    expires; its key opens nothing else, so whoever reads the copy comes no nearer to the original.
    """

    masked_bucket: pulumi.Output[str]
    """Name of the bucket of masked records."""
    masked_key_arn: pulumi.Output[str]
    """ARN of its key."""
    masked_uri: pulumi.Output[str]
    """S3 URI under which the masking job writes."""
    role_arn: pulumi.Output[str]
    """ARN of the role of the masking job; it resolves once its policy is attached."""

    def __init__(self, name: str, args: MaskedCopyArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        check = Checker("MaskedCopy", name, args, MaskedCopyArgs)
        _check(check)
        check.finish()
        super().__init__("mlops:index:MaskedCopy", name, {**args}, opts)
        self._base, self._args = name, args
        self._class = args.get("environment_class") or "prod"
        self._child = pulumi.ResourceOptions(parent=self)
        self._kept = pulumi.ResourceOptions(parent=self, protect=protects(args))
        key = self._key()
        bucket = self._bucket(key)
        self.masked_bucket, self.masked_key_arn = bucket.bucket, key.arn
        self.masked_uri = bucket.bucket.apply(lambda made: join_s3_uri(made) + "/")
        self.role_arn = self._role(key)
        self.register_outputs(
            {
                "masked_bucket": self.masked_bucket,
                "masked_key_arn": self.masked_key_arn,
                "masked_uri": self.masked_uri,
                "role_arn": self.role_arn,
            }
        )

    @property
    def _bucket_arn(self) -> str:
        args = self._args
        return bucket_arn(bucket_name(args["prefix"], MASKED, args["account"], args["region"]), args["region"])

    @property
    def _members(self) -> Members:
        args = self._args
        names = args.get("member_role_names") or [f"*-{IMPORT_ROLE}"]
        readers = args.get("reader_account_ids") or ()
        return Members(args["region"], readers, (), names, args.get("organization_id") or "")

    def _key(self) -> kms.Key:
        args = self._args
        key = kms.Key(
            f"{self._base}-key",
            description=f"{args['prefix']}: masked records",
            deletion_window_in_days=int(args.get("deletion_window_days") or DELETION_WINDOW_DAYS[self._class]),
            enable_key_rotation=True,
            rotation_period_in_days=ROTATION_DAYS,
            policy=key_policy(args["prefix"], args["account"], self._bucket_arn, self._members),
            tags={"data-class": MASKED},
            opts=self._kept,
        )
        kms.Alias(
            f"{self._base}-key-alias", name=f"alias/{args['prefix']}-{MASKED}", target_key_id=key.key_id,
            opts=self._child,
        )  # fmt: skip
        return key

    def _bucket(self, key: kms.Key) -> s3.Bucket:
        name, args, arn = self._base, self._args, self._bucket_arn
        bucket = s3.Bucket(
            name,
            bucket=bucket_name(args["prefix"], MASKED, args["account"], args["region"]),
            force_destroy=self._class == "dev",
            tags={"purpose": MASKED, "data-class": MASKED},
            opts=self._kept,
        )
        masking = role_arn(args["prefix"], args["account"], args["region"])
        harden_bucket(
            name,
            bucket,
            arn,
            key.arn.apply(
                lambda known: [*refuse_other_encryption(arn, [known]), *bucket_statements(arn, masking, self._members)]
            ),
            self,
        )
        days = int(args.get("retention_days") or RETENTION_DAYS)
        encrypt_bucket(name, bucket, key.arn, self._child)
        age_bucket(name, bucket, lifecycle_rules(noncurrent_kept=7, expire_after=days), self._child)
        log_access(name, bucket, args["access_logs_bucket"], MASKED, self._child)
        return bucket

    def _role(self, key: kms.Key) -> pulumi.Output[str]:
        args = self._args
        role = iam.Role(
            f"{self._base}-role",
            name=f"{args['prefix']}-masking",
            description=f"SageMaker job that masks records of {args['prefix']}",
            assume_role_policy=assume_role_policy("sagemaker", args["account"]),
            max_session_duration=3600,
            tags={"purpose": "masking"},
            opts=self._child,
        )
        granted = iam.RolePolicy(
            f"{self._base}-role-policy",
            name="masking",
            role=role.name,
            policy=pulumi.Output.all(
                raw_bucket=args["raw_bucket"],
                personal_key=args["personal_key_arn"],
                secret=args["secret_arn"],
                masked_key=key.arn,
                models_bucket=args["models_bucket"],
                models_key=args["models_key_arn"],
            ).apply(lambda known: masking_policy(args["account"], args["region"], self._bucket_arn, **known)),
            opts=self._child,
        )
        return pulumi.Output.all(role.arn, granted.id).apply(lambda pair: str(pair[0]))


def role_arn(prefix: str, account: str, region: str) -> str:
    """Return the ARN of the masking job's role, known before the role exists."""
    return f"arn:{partition(region)}:iam::{account}:role/{prefix}-masking"


def key_policy(prefix: str, account: str, arn: str, members: Members) -> str:
    """Return the policy of the copy's key: the masking role encrypts, import roles decrypt, both through S3."""
    region = members.region
    through_s3: dict[str, dict[str, Any]] = {
        "StringEquals": {"kms:ViaService": f"s3.{region}.{dns_suffix(region)}"},
        "ArnLike": {"kms:EncryptionContext:aws:s3:arn": [arn, f"{arn}/*"]},
    }
    root = {"AWS": account_root(account, region)}
    own = {
        "StringEquals": through_s3["StringEquals"],
        "ArnLike": {**through_s3["ArnLike"], "aws:PrincipalArn": role_arn(prefix, account, region)},
    }
    made = [
        statement("AdministerByAccount", ADMINISTER, ["*"], principal=root),
        # An upload in parts decrypts the data key of the parts before (S3 user guide, multipart upload and KMS).
        statement("EncryptByMasking", ["kms:Decrypt", "kms:GenerateDataKey"], ["*"], principal=root, condition=own),
    ]
    if members.readers:
        made.append(
            statement(
                "DecryptByImport", ["kms:Decrypt"], ["*"], principal=members.principal(members.readers),
                condition=members.condition(members.readers, through_s3),
            )
        )  # fmt: skip
    return policy(made)


def bucket_statements(arn: str, masking_arn: str, members: Members) -> list[Statement]:
    """Return who else than the account's administrators has a say about masked objects: one writer, and the readers."""
    made = [
        statement(
            "RefuseOtherWriters", ["s3:PutObject"], [f"{arn}/*"], effect="Deny", principal="*",
            condition={"ArnNotEquals": {"aws:PrincipalArn": masking_arn}},
        )
    ]  # fmt: skip
    if members.readers:
        who, which = members.principal(members.readers), members.condition(members.readers)
        made.append(statement("ReadByImport", ["s3:GetObject"], [f"{arn}/*"], principal=who, condition=which))
        made.append(statement("ListByImport", ["s3:ListBucket"], [arn], principal=who, condition=which))
    return made


def masking_policy(
    account: str,
    region: str,
    masked_arn: str,
    *,
    raw_bucket: str,
    personal_key: str,
    secret: str,
    masked_key: str,
    models_bucket: str,
    models_key: str,
) -> str:
    """Return what the masking job may do: read the original, the secret and its code, write the copy; nothing else."""
    raw, models = bucket_arn(raw_bucket, region), bucket_arn(models_bucket, region)
    s3_and_secrets = [f"{service}.{region}.{dns_suffix(region)}" for service in ("s3", "secretsmanager")]
    return policy(
        [
            statement("ListOriginal", ["s3:GetBucketLocation", "s3:ListBucket"], [raw]),
            statement("ReadOriginal", ["s3:GetObject"], [f"{raw}/*"]),
            statement(
                "ListCode", ["s3:ListBucket"], [models], condition={"StringLike": {"s3:prefix": ["*/masking/*"]}}
            ),
            statement("ReadCode", ["s3:GetObject"], [f"{models}/*/masking/*"]),
            statement(
                "DecryptCode", ["kms:Decrypt"], [models_key],
                condition={"StringEquals": {"kms:ViaService": s3_and_secrets[0]}},
            ),
            statement("WriteCopy", ["s3:AbortMultipartUpload", "s3:PutObject"], [f"{masked_arn}/*"]),
            statement("ReadPseudonymKey", ["secretsmanager:GetSecretValue"], [secret]),
            statement(
                "DecryptOriginalAndSecret", ["kms:Decrypt"], [personal_key],
                condition={"StringEquals": {"kms:ViaService": s3_and_secrets}},
            ),
            statement(
                "EncryptCopy", ["kms:Decrypt", "kms:GenerateDataKey"], [masked_key],
                condition={"StringEquals": {"kms:ViaService": s3_and_secrets[0]}},
            ),
            *job_statements(account, region, personal_key),
        ]
    )  # fmt: skip


def job_statements(account: str, region: str, volume_key: str) -> Sequence[Statement]:
    """Return what a SageMaker processing job in a network needs whatever it does: image, volumes, interfaces, log."""
    logs = f"arn:{partition(region)}:logs:{region}:{account}:log-group:/aws/sagemaker/ProcessingJobs*"
    return [
        statement(
            "GrantKeyToVolumes", ["kms:CreateGrant", "kms:DescribeKey"], [volume_key],
            condition={"BoolIfExists": {"kms:GrantIsForAWSResource": "true"}},
        ),
        statement(
            "PullImage", ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"],
            [repository_arn(scikit_learn_image(region))],
        ),
        # ecr:GetAuthorizationToken has no resource type (service authorization reference).
        statement("ImageLogin", ["ecr:GetAuthorizationToken"], ["*"]),
        # SageMaker's own documented set for jobs in a VPC: interfaces don't exist yet, Describe has no resource type.
        statement(
            "NetworkInterfaces",
            [
                "ec2:CreateNetworkInterface", "ec2:CreateNetworkInterfacePermission", "ec2:DeleteNetworkInterface",
                "ec2:DeleteNetworkInterfacePermission", "ec2:DescribeDhcpOptions", "ec2:DescribeNetworkInterfaces",
                "ec2:DescribeSecurityGroups", "ec2:DescribeSubnets", "ec2:DescribeVpcs",
            ],
            ["*"],
        ),
        statement(
            "WriteLogs",
            ["logs:CreateLogGroup", "logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"], [logs],
        ),
    ]  # fmt: skip


def _check(check: Checker[MaskedCopyArgs]) -> None:
    check_members(check)
    check.arn("personal_key_arn", "kms")
    check.arn("secret_arn", "secretsmanager")
    check.between("retention_days", 1, 3650, "days")
    check.between("deletion_window_days", 7, 30, "days (KMS ScheduleKeyDeletion, PendingWindowInDays)")
    check_bucket_name(check, MASKED)
    region = check.plain("region")
    if region and region not in SCIKIT_LEARN:
        check.fault("region", region, "has no scikit-learn container of AWS", "use a region that has")
