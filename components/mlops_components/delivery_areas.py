"""What delivery may do beyond its inline policy: one managed policy for each area of the estate.

IAM takes 10,240 characters of inline policies for a role, and 6,144 for each of ten managed policies (IAM quotas). An
area adds a function to `AREAS`; its statements follow the inline policy's rule: names that begin with the prefix, or a
condition.
"""

from collections.abc import Callable, Mapping, Sequence

from mlops_components.delivery_account import account_statements
from mlops_components.delivery_audit import audit_statements
from mlops_components.delivery_costs import cost_statements
from mlops_components.delivery_detection import detection_statements
from mlops_components.delivery_policy import PROJECT, Reach
from mlops_components.delivery_recovery import recovery_statements
from mlops_components.documents import Statement, policy, statement

LONGEST_MANAGED = 6144
MOST_ATTACHED = 10


def protection_statements(reach: Reach) -> Sequence[Statement]:
    """Return what secrets with rotation and the image repository take."""
    secrets = [
        "CancelRotateSecret", "CreateSecret", "DeleteResourcePolicy", "DeleteSecret", "DescribeSecret",
        "GetResourcePolicy", "PutResourcePolicy", "RotateSecret", "TagResource", "UntagResource", "UpdateSecret",
    ]  # fmt: skip
    functions = [
        "AddPermission", "CreateFunction", "DeleteFunction", "DeleteFunctionConcurrency", "GetFunction",
        "GetFunctionCodeSigningConfig", "GetFunctionConcurrency", "GetFunctionConfiguration", "GetPolicy",
        "InvokeFunction", "ListVersionsByFunction", "PutFunctionConcurrency", "RemovePermission",
        "TagResource", "UntagResource", "UpdateFunctionCode", "UpdateFunctionConfiguration",
    ]  # fmt: skip
    images = [
        "DeleteLifecyclePolicy", "DeleteRepository", "DeleteRepositoryPolicy", "DescribeRepositories",
        "GetLifecyclePolicy", "GetRepositoryPolicy", "ListTagsForResource", "PutImageScanningConfiguration",
        "PutImageTagMutability", "PutLifecyclePolicy", "SetRepositoryPolicy", "UntagResource",
    ]  # fmt: skip
    asked, owned = ({"StringEquals": {f"aws:{kind}Tag/project": PROJECT}} for kind in ("Request", "Resource"))
    repositories = [reach.arn("ecr", "repository/*")]
    return [
        # No value is ever read or written: the first one is made by the first rotation.
        statement(
            "Secrets", [f"secretsmanager:{action}" for action in secrets],
            [reach.arn("secretsmanager", f"secret:{reach.prefix}/*")],
        ),
        # Secrets Manager tries a rotation as the one who asks for it, who so has to be able to invoke the function.
        statement(
            "Functions", [f"lambda:{action}" for action in functions],
            [reach.arn("lambda", f"function:{reach.prefix}-*")],
        ),
        # Repositories begin with the registry's prefix, which all environments share: the project's tag binds them.
        statement("CreateImages", ["ecr:CreateRepository", "ecr:TagResource"], repositories, condition=asked),
        statement("Images", [f"ecr:{action}" for action in images], repositories, condition=owned),
    ]  # fmt: skip


def schedule_statements(reach: Reach) -> Sequence[Statement]:
    """Return what the training schedules, their group and its dead-letter queue take."""
    verbs = ("Create", "Delete", "Get")
    schedules = [*(f"scheduler:{verb}Schedule" for verb in verbs), "scheduler:UpdateSchedule"]
    groups = [f"scheduler:{verb}ScheduleGroup" for verb in verbs]
    groups += [f"scheduler:{action}" for action in ("ListTagsForResource", "TagResource", "UntagResource")]
    queues = [
        "CreateQueue", "DeleteQueue", "GetQueueAttributes", "GetQueueUrl", "ListQueueTags", "SetQueueAttributes",
        "TagQueue", "UntagQueue",
    ]  # fmt: skip
    group = f"{reach.prefix}-training"
    return [
        statement("Schedules", schedules, [reach.arn("scheduler", f"schedule/{group}/*")]),
        statement("ScheduleGroups", groups, [reach.arn("scheduler", f"schedule-group/{group}")]),
        # Neither sends nor receives: what was missed is for operators to read.
        statement("Queues", [f"sqs:{action}" for action in queues], [reach.arn("sqs", f"{reach.prefix}-*")]),
    ]


AREAS: Mapping[str, Callable[[Reach], Sequence[Statement]]] = {
    "account": account_statements,
    "audit": audit_statements,
    "costs": cost_statements,
    "detection": detection_statements,
    "protection": protection_statements,
    "recovery": recovery_statements,
    "schedules": schedule_statements,
}
"""Statements by area; the policy is `{prefix of the bootstrap}-delivery-{area}`."""


def area_policies(reach: Reach) -> dict[str, str]:
    """Return the policy document of each area."""
    return {area: policy(statements(reach)) for area, statements in AREAS.items()}
