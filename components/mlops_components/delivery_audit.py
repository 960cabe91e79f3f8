"""What delivery may do with what records: declare and change it, never stop or delete it.

Actions and the resource types they take: AWS service authorization reference.
"""

from collections.abc import Sequence

from mlops_components.delivery_reach import Reach
from mlops_components.documents import Statement, statement

# Silencing the record is left to an operator: it is what somebody who broke into delivery would want first.
OPERATORS = (
    "cloudtrail:DeleteTrail", "cloudtrail:StopLogging", "config:DeleteConfigurationRecorder",
    "config:DeleteDeliveryChannel", "config:DeleteRetentionConfiguration", "config:StopConfigurationRecorder",
    "iam:DeleteServiceLinkedRole",
)  # fmt: skip


def recording_statements(reach: Reach) -> list[Statement]:
    """Return what declaring trail, recorder and rules takes; the boundary has the same, so that no role has more."""
    here = {"StringEquals": {"aws:RequestedRegion": reach.region}}
    trail = [
        "AddTags", "CreateTrail", "GetEventSelectors", "GetInsightSelectors", "GetTrail", "GetTrailStatus", "ListTags",
        "PutEventSelectors", "PutInsightSelectors", "RemoveTags", "StartLogging", "UpdateTrail",
    ]  # fmt: skip
    recorder = [
        "DeleteConformancePack", "Describe*", "PutConfigurationRecorder", "PutConformancePack", "PutDeliveryChannel",
        "PutRetentionConfiguration", "StartConfigurationRecorder",
    ]  # fmt: skip
    roles = {
        service: reach.arn("iam", f"role/aws-service-role/{service}.amazonaws.com/*", region=False)
        for service in ("config", "config-conforms")
    }
    passed = {"StringEquals": {"iam:PassedToService": ["cloudtrail.amazonaws.com", "config.amazonaws.com"]}}
    return [
        statement(
            "Trail", [f"cloudtrail:{action}" for action in trail], [reach.arn("cloudtrail", f"trail/{reach.prefix}-*")]
        ),
        # DescribeTrails, and most of AWS Config's actions, have no resource type.
        statement(
            "Recorder", ["cloudtrail:DescribeTrails", *(f"config:{action}" for action in recorder)], ["*"],
            condition=here,
        ),
        statement(
            "RecorderRoles", ["iam:CreateServiceLinkedRole", "iam:GetRole", "iam:TagRole"], [*roles.values()]
        ),
        statement("PassRecordingRoles", ["iam:PassRole"], [reach.roles, roles["config"]], condition=passed),
    ]  # fmt: skip


def audit_statements(reach: Reach) -> Sequence[Statement]:
    """Return what the audit trail, the recorder and the audit queries take."""
    queries = [
        "CreateNamedQuery", "CreateWorkGroup", "DeleteNamedQuery", "DeleteWorkGroup", "GetNamedQuery", "GetWorkGroup",
        "ListTagsForResource", "TagResource", "UntagResource", "UpdateWorkGroup",
    ]  # fmt: skip
    filters = ["DeleteMetricFilter", "DescribeMetricFilters", "PutMetricFilter"]
    groups = [reach.arn("logs", f"log-group:/{reach.prefix}/*")]
    here = {"StringEquals": {"aws:RequestedRegion": reach.region}}
    return [
        *recording_statements(reach),
        statement(
            "Queries", [f"athena:{action}" for action in queries], [reach.arn("athena", f"workgroup/{reach.prefix}-*")]
        ),
        statement("EventFilters", [f"logs:{action}" for action in filters], groups),
        # It lists, so it takes every group.
        statement("ListGroups", ["logs:DescribeLogGroups"], [reach.arn("logs", "log-group:*")], condition=here),
    ]
