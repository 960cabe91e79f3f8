"""What delivery may do to declare what an account has once, its detective controls, and alerts on what they find.

Actions and the resource types they take: AWS service authorization reference, service by service.
"""

from collections.abc import Sequence

from mlops_components.delivery_policy import PROJECT, Reach, detective_roles_statement
from mlops_components.documents import Statement, statement

# What is the account's and has no resource type in IAM.
_OF_THE_ACCOUNT = (
    "ec2:DisableEbsEncryptionByDefault", "ec2:EnableEbsEncryptionByDefault", "ec2:GetEbsEncryptionByDefault",
    "ecr:GetRegistryScanningConfiguration", "ecr:PutRegistryScanningConfiguration",
    "inspector2:BatchGetAccountStatus", "inspector2:Disable", "inspector2:Enable",
    "macie2:DisableMacie", "macie2:EnableMacie", "macie2:GetMacieSession", "macie2:UpdateMacieSession",
    "s3:GetAccountPublicAccessBlock", "s3:PutAccountPublicAccessBlock",
)  # fmt: skip


def detection_statements(reach: Reach) -> Sequence[Statement]:
    """Return the statements. Findings are in none: whoever deploys neither reads, archives nor suppresses them."""
    here = {"StringEquals": {"aws:RequestedRegion": reach.region}}
    asked, owned = ({"StringEquals": {f"aws:{kind}Tag/project": PROJECT}} for kind in ("Request", "Resource"))
    detectors = [reach.arn("guardduty", "detector/*")]
    jobs = [reach.arn("macie2", "classification-job/*")]
    queue = [
        "CreateQueue", "DeleteQueue", "GetQueueAttributes", "ListQueueTags", "SetQueueAttributes", "TagQueue",
        "UntagQueue",
    ]  # fmt: skip
    rule = [
        "DeleteRule", "DescribeRule", "ListTagsForResource", "ListTargetsByRule", "PutRule", "PutTargets",
        "RemoveTargets", "TagResource", "UntagResource",
    ]  # fmt: skip
    analyzer = [
        *(f"{verb}Analyzer" for verb in ("Create", "Delete", "Get", "Update")), "ListTagsForResource", "TagResource",
        "UntagResource",
    ]  # fmt: skip
    hub = [
        "BatchDisableStandards", "BatchEnableStandards", "DescribeHub", "DisableSecurityHub", "EnableSecurityHub",
        "GetEnabledStandards", "UpdateSecurityHubConfiguration",
    ]  # fmt: skip
    return [
        statement("OnceInTheAccount", _OF_THE_ACCOUNT, ["*"], condition=here),
        # A detector and a job have ids that the services make, and no name: the project's tag binds them.
        # CreateDetector has no resource type: on an ARN it would allow nothing.
        statement("CreateDetector", ["guardduty:CreateDetector"], ["*"], condition=asked),
        statement("TagDetector", ["guardduty:TagResource"], detectors, condition=asked),
        statement(
            "Detector",
            [f"guardduty:{verb}" for verb in ("DeleteDetector", "GetDetector", "ListTagsForResource", "UntagResource",
                                              "UpdateDetector")],
            detectors, condition=owned,
        ),
        statement("CreateJobs", ["macie2:CreateClassificationJob", "macie2:TagResource"], jobs, condition=asked),
        statement(
            "Jobs",
            [f"macie2:{verb}" for verb in ("DescribeClassificationJob", "ListTagsForResource", "UntagResource",
                                           "UpdateClassificationJob")],
            jobs, condition=owned,
        ),
        statement(
            "Hub", [f"securityhub:{action}" for action in hub], [reach.arn("securityhub", "hub/default")],
            condition=here,
        ),
        statement(
            "Analyzer", [f"access-analyzer:{action}" for action in analyzer],
            [reach.arn("access-analyzer", f"analyzer/{reach.prefix}-*")],
        ),
        statement("Rules", [f"events:{action}" for action in rule], [reach.arn("events", f"rule/{reach.prefix}-*")]),
        statement("Queues", [f"sqs:{action}" for action in queue], [reach.arn("sqs", f"{reach.prefix}-*")]),
        detective_roles_statement(reach),
    ]  # fmt: skip
