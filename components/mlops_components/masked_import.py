"""Masked import: how development reads the masked copy that another environment makes."""

from typing import TypedDict

import pulumi
from pulumi_aws import iam

from mlops_components.buckets import bucket_name
from mlops_components.documents import (
    assume_role_policy,
    bucket_arn,
    dns_suffix,
    join_s3_uri,
    partition,
    policy,
    statement,
)
from mlops_components.image_registries import SCIKIT_LEARN
from mlops_components.masked_copy import IMPORT_ROLE, MASKED, job_statements
from mlops_components.validation import Checker


class MaskedImportArgs(TypedDict):
    """Inputs of `MaskedImport`."""

    prefix: str
    """Start of every name of the environment that reads the copy; the role is `{prefix}-masked-import`."""
    account: str
    """AWS account id of that environment, 12 digits."""
    region: str
    """AWS region code, that of the copy too."""
    source_account: str
    """AWS account id of the environment that has the original and makes the copy."""
    source_prefix: str
    """Prefix of that environment, such as `mlops-prod`."""
    raw_bucket: pulumi.Input[str]
    """Name of the bucket that the copy is imported into."""
    personal_key_arn: pulumi.Input[str]
    """ARN of the KMS key of that bucket."""


class MaskedImport(pulumi.ComponentResource):
    """The role of a job that copies masked records into the environment's own raw bucket; the other side lets it in
    by its name."""

    source_uri: pulumi.Output[str]
    """S3 URI that the masked records are read from."""
    role_arn: pulumi.Output[str]
    """ARN of the import job's role; it resolves once its policy is attached."""

    def __init__(self, name: str, args: MaskedImportArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        check = Checker("MaskedImport", name, args, MaskedImportArgs)
        _check(check)
        check.finish()
        super().__init__("mlops:index:MaskedImport", name, {**args}, opts)
        child = pulumi.ResourceOptions(parent=self)
        source = bucket_name(args["source_prefix"], MASKED, args["source_account"], args["region"])
        role = iam.Role(
            name,
            name=f"{args['prefix']}-{IMPORT_ROLE}",
            description=f"SageMaker job that imports masked records of {args['source_prefix']}",
            assume_role_policy=assume_role_policy("sagemaker", args["account"]),
            max_session_duration=3600,
            tags={"purpose": IMPORT_ROLE},
            opts=child,
        )
        granted = iam.RolePolicy(
            f"{name}-policy",
            name=IMPORT_ROLE,
            role=role.name,
            policy=pulumi.Output.all(args["raw_bucket"], args["personal_key_arn"]).apply(
                lambda known: import_policy(args["account"], args["source_account"], args["region"], source, *known)
            ),
            opts=child,
        )
        self.source_uri = pulumi.Output.from_input(join_s3_uri(source) + "/")
        self.role_arn = pulumi.Output.all(role.arn, granted.id).apply(lambda pair: str(pair[0]))
        self.register_outputs({"source_uri": self.source_uri, "role_arn": self.role_arn})


def import_policy(
    account: str, source_account: str, region: str, source_bucket: str, raw_bucket: str, personal_key: str
) -> str:
    """Return what the import job may do: read the copy, write it into the environment's own bucket.

    The copy's key has an id that only its account knows, so the encryption context binds the decryption to the copy.
    """
    source, raw = bucket_arn(source_bucket, region), bucket_arn(raw_bucket, region)
    through_s3 = {"kms:ViaService": f"s3.{region}.{dns_suffix(region)}"}
    return policy(
        [
            statement("ListCopy", ["s3:ListBucket"], [source]),
            statement("ReadCopy", ["s3:GetObject"], [f"{source}/*"]),
            statement(
                "DecryptCopy", ["kms:Decrypt"], [f"arn:{partition(region)}:kms:{region}:{source_account}:key/*"],
                condition={
                    "StringEquals": through_s3,
                    "ArnLike": {"kms:EncryptionContext:aws:s3:arn": [source, f"{source}/*"]},
                },
            ),
            statement("WriteRecords", ["s3:AbortMultipartUpload", "s3:PutObject"], [f"{raw}/*"]),
            statement(
                "EncryptRecords", ["kms:Decrypt", "kms:GenerateDataKey"], [personal_key],
                condition={"StringEquals": through_s3},
            ),
            *job_statements(account, region, personal_key),
        ]
    )  # fmt: skip


def _check(check: Checker[MaskedImportArgs]) -> None:
    check.arn("personal_key_arn", "kms")
    source = [check.plain(path) for path in ("source_prefix", "source_account", "region")]
    if all(source):
        check.aws_name("source_prefix", bucket_name(source[0], MASKED, source[1], source[2]), "bucket")
    prefix, region = check.plain("prefix"), check.plain("region")
    if prefix:
        check.aws_name("prefix", f"{prefix}-{IMPORT_ROLE}", "role")
    if prefix and [prefix, check.plain("account")] == source[:2]:
        check.fault("source_prefix", prefix, "names the environment itself", "name the one that has the original")
    if region and region not in SCIKIT_LEARN:
        check.fault("region", region, "has no scikit-learn container of AWS", "use a region that has")
