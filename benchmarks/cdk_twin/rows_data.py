"""Rows of what keeps, encrypts and backs up data."""

from __future__ import annotations

from cdk_twin.rows import REF, Part, Properties, Row, part, renamed, under


def _lifecycle(properties: Properties) -> Properties:
    return {"LifecycleConfiguration": {"Rules": [_lifecycle_rule(rule) for rule in properties["Rules"]]}}


def _lifecycle_rule(rule: Properties) -> Properties:
    """Flatten the filter and the expiration, as CloudFormation has them."""
    made = {key: value for key, value in rule.items() if key not in {"Filter", "Expiration"}}
    if prefix := rule.get("Filter", {}).get("Prefix"):
        made["Prefix"] = prefix
    expiration = rule.get("Expiration", {})
    made |= {key: value for key, value in expiration.items() if key == "ExpiredObjectDeleteMarker"}
    if "Days" in expiration:
        made["ExpirationInDays"] = expiration["Days"]
    if "Transitions" in rule:
        made["Transitions"] = [renamed(step, Days="TransitionInDays") for step in rule["Transitions"]]
    if "NoncurrentVersionTransitions" in rule:
        steps = rule["NoncurrentVersionTransitions"]
        made["NoncurrentVersionTransitions"] = [renamed(step, NoncurrentDays="TransitionInDays") for step in steps]
    return made


def _repository(properties: Properties) -> Properties:
    [encryption] = properties.pop("EncryptionConfigurations")
    return {**properties, "EncryptionConfiguration": encryption}


def _encryption(properties: Properties) -> Properties:
    return {"BucketEncryption": {"ServerSideEncryptionConfiguration": properties["Rules"]}}


BUCKETS: dict[str, Row | Part] = {
    "aws:s3/bucket:Bucket": Row(
        "AWS::S3::Bucket", {"bucket": "BucketName"}, frozenset({"forceDestroy"}), attributes={"id": REF}, ref="bucket"
    ),
    "aws:s3/bucketPolicy:BucketPolicy": Row("AWS::S3::BucketPolicy", {"policy": "PolicyDocument"}, tags=""),
    "aws:s3/bucketVersioning:BucketVersioning": part("bucket", lambda properties: properties),
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": part(
        "bucket",
        _encryption,
        applyServerSideEncryptionByDefault="ServerSideEncryptionByDefault",
        sseAlgorithm="SSEAlgorithm",
        kmsMasterKeyId="KMSMasterKeyID",
    ),
    "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock": part("bucket", under("PublicAccessBlockConfiguration")),
    "aws:s3/bucketOwnershipControls:BucketOwnershipControls": part(
        "bucket", lambda properties: {"OwnershipControls": {"Rules": [properties["Rule"]]}}
    ),
    "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration": part("bucket", _lifecycle),
    "aws:s3/bucketLogging:BucketLogging": part(
        "bucket", under("LoggingConfiguration"), targetBucket="DestinationBucketName", targetPrefix="LogFilePrefix"
    ),
    "aws:s3/bucketObjectLockConfiguration:BucketObjectLockConfiguration": part(
        "bucket", under("ObjectLockConfiguration")
    ),
}


def _backup_plan(properties: Properties) -> Properties:
    return {"BackupPlan": {key: value for key, value in properties.items() if key != "BackupPlanTags"}} | {
        key: value for key, value in properties.items() if key == "BackupPlanTags"
    }


BACKUPS: dict[str, Row | Part] = {
    "aws:backup/vault:Vault": Row(
        "AWS::Backup::BackupVault",
        {"name": "BackupVaultName", "kmsKeyArn": "EncryptionKeyArn"},
        frozenset({"forceDestroy"}),
        tags="BackupVaultTags",
        tag_map=True,
        attributes={"arn": "BackupVaultArn"},
        ref="name",
    ),
    "aws:backup/vaultPolicy:VaultPolicy": part("backupVaultName", lambda properties: properties, policy="AccessPolicy"),
    "aws:backup/vaultLockConfiguration:VaultLockConfiguration": part("backupVaultName", under("LockConfiguration")),
    "aws:backup/plan:Plan": Row(
        "AWS::Backup::BackupPlan",
        {
            "name": "BackupPlanName",
            "rules": "BackupPlanRule",
            "targetVaultName": "TargetBackupVault",
            "schedule": "ScheduleExpression",
            "startWindow": "StartWindowMinutes",
            "completionWindow": "CompletionWindowMinutes",
            "deleteAfter": "DeleteAfterDays",
            "coldStorageAfter": "MoveToColdStorageAfterDays",
        },
        adapt=_backup_plan,
        tags="BackupPlanTags",
        tag_map=True,
    ),
    "aws:backup/selection:Selection": Row(
        "AWS::Backup::BackupSelection",
        {"name": "SelectionName", "planId": "BackupPlanId"},
        adapt=under("BackupSelection", "BackupPlanId"),
        tags="",
    ),
    "aws:backup/restoreTestingPlan:RestoreTestingPlan": Row(
        "AWS::Backup::RestoreTestingPlan", {"name": "RestoreTestingPlanName"}, ref="name"
    ),
    "aws:backup/restoreTestingSelection:RestoreTestingSelection": Row(
        "AWS::Backup::RestoreTestingSelection",
        {"name": "RestoreTestingSelectionName"},
        verbatim=frozenset({"restoreMetadataOverrides"}),
        tags="",
    ),
}

CATALOGUE: dict[str, Row | Part] = {
    "aws:glue/catalogDatabase:CatalogDatabase": Row(
        "AWS::Glue::Database", adapt=under("DatabaseInput", "CatalogId"), tags="", ref="name"
    ),
    "aws:glue/catalogTable:CatalogTable": Row(
        "AWS::Glue::Table",
        {"serDeInfo": "SerdeInfo"},
        verbatim=frozenset({"parameters"}),
        adapt=under("TableInput", "CatalogId", "DatabaseName"),
        tags="",
    ),
    "aws:glue/dataCatalogEncryptionSettings:DataCatalogEncryptionSettings": Row(
        "AWS::Glue::DataCatalogEncryptionSettings", {"awsKmsKeyId": "KmsKeyId"}, tags=""
    ),
    "aws:athena/workgroup:Workgroup": Row(
        "AWS::Athena::WorkGroup",
        {
            "configuration": "WorkGroupConfiguration",
            "enforceWorkgroupConfiguration": "EnforceWorkGroupConfiguration",
            "publishCloudwatchMetricsEnabled": "PublishCloudWatchMetricsEnabled",
            "kmsKeyArn": "KmsKey",
            "forceDestroy": "RecursiveDeleteOption",
        },
        ref="name",
    ),
    "aws:athena/namedQuery:NamedQuery": Row(
        "AWS::Athena::NamedQuery", {"query": "QueryString", "workgroup": "WorkGroup"}, tags=""
    ),
}

KEYS_AND_IMAGES: dict[str, Row | Part] = {
    "aws:kms/key:Key": Row(
        "AWS::KMS::Key",
        {"deletionWindowInDays": "PendingWindowInDays", "policy": "KeyPolicy"},
        attributes={"keyId": REF},
    ),
    "aws:kms/alias:Alias": Row("AWS::KMS::Alias", {"name": "AliasName"}, tags=""),
    "aws:secretsmanager/secret:Secret": Row(
        "AWS::SecretsManager::Secret", drop=frozenset({"recoveryWindowInDays"}), attributes={"arn": REF}
    ),
    "aws:secretsmanager/secretPolicy:SecretPolicy": Row(
        "AWS::SecretsManager::ResourcePolicy", {"secretArn": "SecretId", "policy": "ResourcePolicy"}, tags=""
    ),
    "aws:secretsmanager/secretRotation:SecretRotation": Row(
        "AWS::SecretsManager::RotationSchedule", {"rotationLambdaArn": "RotationLambdaARN"}, tags=""
    ),
    "aws:ecr/repository:Repository": Row(
        "AWS::ECR::Repository",
        {"name": "RepositoryName", "forceDelete": "EmptyOnDelete"},
        adapt=_repository,
        ref="name",
    ),
    "aws:ecr/lifecyclePolicy:LifecyclePolicy": part(
        "repository", under("LifecyclePolicy"), documents=(), policy="LifecyclePolicyText"
    ),
    "aws:ecr/repositoryPolicy:RepositoryPolicy": part(
        "repository", lambda properties: properties, policy="RepositoryPolicyText"
    ),
    "aws:ecr/registryScanningConfiguration:RegistryScanningConfiguration": Row(
        "AWS::ECR::RegistryScanningConfiguration", tags=""
    ),
}

TABLE: dict[str, Row | Part] = {**BUCKETS, **BACKUPS, **CATALOGUE, **KEYS_AND_IMAGES}
