"""What AWS Backup may do with the estate's buckets, and who may touch the vault, as pure policy documents.

The actions are those of AWS's managed policies AWSBackupServiceRolePolicyForS3Backup and ...S3Restore (AWS Backup
developer guide, "Managed policies for AWS Backup"), bound to the estate's buckets and keys where those take any.
"""

import json
from collections.abc import Sequence

from mlops_components.documents import Statement, bucket_arn, dns_suffix, partition, policy, statement

RESTORE_TEST_BUCKETS = "awsbackup-restore-test-*"
"""Buckets that a restore test makes and removes (developer guide, "Restore testing inferred metadata")."""


def backup_role_policy(
    buckets: Sequence[str], key_arns: Sequence[str], vault_key: str, region: str, account: str
) -> str:
    """Return what the role that backs up may do: read every version, and follow changes. It writes no object."""
    arns = [bucket_arn(bucket, region) for bucket in buckets]
    rules = f"arn:{partition(region)}:events:{region}:{account}:rule/AwsBackupManagedRule*"
    return policy(
        [
            statement(
                "ReadBuckets",
                [
                    "s3:GetBucketAcl", "s3:GetBucketLocation", "s3:GetBucketNotification", "s3:GetBucketTagging",
                    "s3:GetBucketVersioning", "s3:GetInventoryConfiguration", "s3:ListBucket", "s3:ListBucketVersions",
                    # AWS Backup has changes told to EventBridge, and lists large buckets by inventory.
                    "s3:PutBucketNotification", "s3:PutInventoryConfiguration",
                ],
                arns,
            ),
            statement(
                "ReadObjects",
                [
                    "s3:GetObject", "s3:GetObjectAcl", "s3:GetObjectTagging", "s3:GetObjectVersion",
                    "s3:GetObjectVersionAcl", "s3:GetObjectVersionTagging",
                ],
                [f"{arn}/*" for arn in arns],
            ),
            statement(
                "ReadKeys", ["kms:Decrypt", "kms:DescribeKey"], sorted(set(key_arns)), condition=_through_s3(region)
            ),
            *_vault_key_statements(vault_key),
            statement(
                "FollowChanges",
                [
                    "events:DeleteRule", "events:DescribeRule", "events:DisableRule", "events:EnableRule",
                    "events:ListTargetsByRule", "events:PutRule", "events:PutTargets", "events:RemoveTargets",
                ],
                [rules],
            ),
            # These three have no resource type that would bind them (service authorization reference).
            statement(
                "ListWhatIsThere", ["cloudwatch:GetMetricData", "events:ListRules", "s3:ListAllMyBuckets"], ["*"]
            ),
        ]
    )  # fmt: skip


def restore_role_policy(
    buckets: Sequence[str], key_arns: Sequence[str], vault_key: str, region: str, account: str
) -> str:
    """Return what the role that restores may do: write to the estate's buckets and those of restore tests, all here."""
    arns = [bucket_arn(bucket, region) for bucket in (*buckets, RESTORE_TEST_BUCKETS)]
    own = {"StringEquals": {"aws:ResourceAccount": account}}
    return policy(
        [
            # What doesn't exist yet belongs to no account.
            statement("CreateBuckets", ["s3:CreateBucket"], arns),
            statement(
                "PrepareBuckets",
                [
                    "s3:GetBucketLocation", "s3:GetBucketOwnershipControls", "s3:GetBucketVersioning", "s3:ListBucket",
                    "s3:ListBucketVersions", "s3:PutBucketOwnershipControls", "s3:PutBucketVersioning",
                ],
                arns, condition=own,
            ),
            statement(
                "WriteObjects",
                [
                    "s3:DeleteObject", "s3:GetObject", "s3:GetObjectAcl", "s3:GetObjectTagging", "s3:GetObjectVersion",
                    "s3:GetObjectVersionAcl", "s3:ListMultipartUploadParts", "s3:PutObject", "s3:PutObjectAcl",
                    "s3:PutObjectTagging", "s3:PutObjectVersionAcl",
                ],
                [f"{arn}/*" for arn in arns], condition=own,
            ),
            statement(
                "UseKeys", ["kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKey"], sorted(set(key_arns)),
                condition=_through_s3(region),
            ),
            *_vault_key_statements(vault_key),
        ]
    )  # fmt: skip


def vault_policy(vault_arn: str, maintainer_arns: Sequence[str]) -> str:
    """Return the vault's policy: nobody deletes a recovery point or shortens its life.

    Those who maintain the estate may change this policy, and nobody else; without maintainers the policies of
    principals decide that alone. Resource `*` in a vault's policy is that vault and its recovery points.
    Source: developer guide, "Set access policies on backup vaults".
    """
    nobody = {"AWS": "*"}
    kept = ["backup:DeleteRecoveryPoint", "backup:DisassociateRecoveryPoint", "backup:UpdateRecoveryPointLifecycle"]
    made: list[Statement] = [statement("KeepRecoveryPoints", kept, ["*"], effect="Deny", principal=nobody)]
    if maintainer_arns:
        made.append(
            statement(
                "KeepThisPolicy", ["backup:DeleteBackupVaultAccessPolicy", "backup:PutBackupVaultAccessPolicy"],
                [vault_arn], effect="Deny", principal=nobody,
                condition={"ArnNotLike": {"aws:PrincipalArn": sorted(maintainer_arns)}},
            )
        )  # fmt: skip
    return policy(made)


def failed_jobs(vault_arn: str, restore_role_arn: str) -> str:
    """Return the event pattern of backup jobs of one vault, and restore jobs of one role, that did not succeed.

    A vault's own notifications tell of no failures alone, which EventBridge does.
    Source: developer guide, "Monitoring AWS Backup events using EventBridge".
    """
    pattern = {
        "source": ["aws.backup"],
        "detail-type": ["Backup Job State Change", "Restore Job State Change"],
        "$or": [
            {"detail": {"backupVaultArn": [vault_arn], "state": ["ABORTED", "EXPIRED", "FAILED"]}},
            {"detail": {"iamRoleArn": [restore_role_arn], "status": ["ABORTED", "FAILED"]}},
        ],
    }
    return json.dumps(pattern, separators=(",", ":"))


def _vault_key_statements(vault_key: str) -> list[Statement]:
    use = ["kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKey"]
    return [
        statement("UseTheVaultsKey", use, [vault_key]),
        statement(
            "GrantTheVaultsKey", ["kms:CreateGrant"], [vault_key],
            condition={"Bool": {"kms:GrantIsForAWSResource": "true"}},
        ),
    ]  # fmt: skip


def _through_s3(region: str) -> dict[str, dict[str, str]]:
    return {"StringEquals": {"kms:ViaService": f"s3.{region}.{dns_suffix(region)}"}}
