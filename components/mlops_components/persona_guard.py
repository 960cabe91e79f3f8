"""What no persona can do, whatever else it is granted: explicit denials, beside its policy and in its boundary."""

from mlops_components.buckets import bucket_name
from mlops_components.data_lake import PURPOSES
from mlops_components.documents import Statement, partition, statement

APPROVER = "model_approver"
"""The persona that decides about versions, and makes none."""
PERSONA_TAG = "persona"
"""Tag of a persona's role; a session's tags can't replace it, as no trust policy allows sts:TagSession."""

_CHANGE_IDENTITY = (
    "iam:Add*", "iam:Attach*", "iam:Create*", "iam:Deactivate*", "iam:Delete*", "iam:Detach*", "iam:Enable*",
    "iam:PassRole", "iam:Put*", "iam:Remove*", "iam:Reset*", "iam:Set*", "iam:Tag*", "iam:Untag*", "iam:Update*",
    "iam:Upload*", "sts:AssumeRole*", "sts:GetFederationToken",
)  # fmt: skip
_CHANGE_SERVING = (
    "application-autoscaling:De*", "application-autoscaling:Put*", "application-autoscaling:Register*",
    "sagemaker:*InferenceComponent*", "sagemaker:CreateEndpoint*", "sagemaker:CreateModel",
    "sagemaker:DeleteEndpoint*", "sagemaker:DeleteModel", "sagemaker:UpdateEndpoint*",
)  # fmt: skip
_RUN_WITH_A_ROLE = (
    "cloudformation:*", "ec2:RunInstances", "glue:CreateJob", "glue:StartJobRun", "lambda:*",
    "sagemaker:CreateAutoMLJob*", "sagemaker:CreateHyperParameterTuningJob", "sagemaker:CreateNotebookInstance*",
    "sagemaker:CreatePipeline", "sagemaker:CreatePresignedNotebookInstanceUrl", "sagemaker:CreateProcessingJob",
    "sagemaker:CreateTrainingJob", "sagemaker:CreateTransformJob", "sagemaker:UpdateNotebookInstance*",
    "sagemaker:UpdatePipeline*", "ssm:*", "states:*",
)  # fmt: skip
_CHANGE_KEYS = (
    "kms:CancelKeyDeletion", "kms:CreateGrant", "kms:CreateKey", "kms:Disable*", "kms:ImportKeyMaterial",
    "kms:PutKeyPolicy", "kms:ReplicateKey", "kms:ScheduleKeyDeletion", "kms:TagResource", "kms:UntagResource",
    "kms:UpdateAlias",
)  # fmt: skip
_COVER_TRACKS = (
    "backup:Delete*", "cloudtrail:Delete*", "cloudtrail:Put*", "cloudtrail:StopLogging", "cloudtrail:Update*",
    "cloudwatch:DeleteAlarms", "cloudwatch:DisableAlarmActions", "config:Delete*", "config:Put*",
    "config:StopConfigurationRecorder", "guardduty:Delete*", "guardduty:Update*", "logs:Delete*",
    "logs:PutRetentionPolicy", "s3:BypassGovernanceRetention", "s3:DeleteBucket*", "s3:PutBucket*",
    "s3:PutLifecycleConfiguration", "sagemaker:DeleteModelPackage*", "securityhub:Batch*", "securityhub:Disable*",
)  # fmt: skip
_AUTHOR = (
    "s3:DeleteObject*", "s3:PutObject*", "sagemaker:CreateModelPackage", "sagemaker:DeleteRecord",
    "sagemaker:PutRecord", "sagemaker:RetryPipelineExecution", "sagemaker:StartPipelineExecution",
)  # fmt: skip


def role_tag(persona: str) -> str:
    """Return the value of a persona's own tag, which is also the end of its role's name."""
    return persona.replace("_", "-")


def guard_statements(prefix: str, account: str, region: str, personal_key_arn: str) -> list[Statement]:
    """Return the denials; an explicit deny wins over every permission."""

    def never(sid: str, actions: tuple[str, ...], condition: dict[str, dict[str, str]] | None = None) -> Statement:
        # Denied wherever: narrower would leave a gap.
        return statement(sid, actions, ["*"], effect="Deny", condition=condition)

    approver = {f"aws:PrincipalTag/{PERSONA_TAG}": role_tag(APPROVER)}
    objects = [
        f"arn:{partition(region)}:s3:::{bucket_name(prefix, purpose, account, region)}/*"
        for purpose, made in PURPOSES.items()
        if made.data_class == "personal"
    ]
    use = ["kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*"]
    approved = {"StringEquals": {"sagemaker:ModelApprovalStatus": "Approved"}}
    return [
        never("OnlyDeliveryServes", _CHANGE_SERVING),
        never("ChangeNoIdentity", _CHANGE_IDENTITY),
        never("RunNothingWithARole", _RUN_WITH_A_ROLE),
        never("ChangeNoKeys", _CHANGE_KEYS),
        never("CoverNoTracks", _COVER_TRACKS),
        never("OnlyApproversDecide", ("sagemaker:UpdateModelPackage",), {"StringNotEquals": approver}),
        never("ApproversMakeNothing", _AUTHOR, {"StringEquals": approver}),
        never("NothingBeginsApproved", ("sagemaker:CreateModelPackage",), approved),
        statement("NoRecordsOfPeople", ["s3:*Object*"], objects, effect="Deny"),
        statement("NoKeyToThem", use, [personal_key_arn], effect="Deny"),
    ]
