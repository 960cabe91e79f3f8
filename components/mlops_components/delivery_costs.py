"""What delivery may do to declare who is told of unusual cost, and what happens once a budget is spent.

Actions and the resource types they take: AWS service authorization reference, AWS Cost Explorer and AWS Budgets.
"""

from collections.abc import Sequence

from mlops_components.delivery_reach import PROJECT, Reach
from mlops_components.documents import Statement, statement
from mlops_components.training_stop import policy_name

_POLICY = (
    "iam:CreatePolicy", "iam:CreatePolicyVersion", "iam:DeletePolicy", "iam:DeletePolicyVersion", "iam:GetPolicy",
    "iam:GetPolicyVersion", "iam:ListPolicyTags", "iam:ListPolicyVersions", "iam:TagPolicy", "iam:UntagPolicy",
)  # fmt: skip


def _denial_arn(reach: Reach) -> str:
    """Return the ARN of the one policy that a spent budget attaches; no other managed policy is within reach."""
    return reach.arn("iam", f"policy/{policy_name(reach.prefix)}", region=False)


def cost_boundary_statements(reach: Reach) -> list[Statement]:
    """Return what stands in the boundary: these services have no region, so its statement on the region refuses them.

    IAM takes 6,144 characters of a managed policy: actions are written as short as they can be.
    """
    return [
        statement("Costs", ["budgets:*", "ce:*Anomaly*", "ce:*Tag*"], ["*"]),
        statement("DenialOfTraining", ["iam:*Policy*"], [_denial_arn(reach)]),
    ]


def cost_statements(reach: Reach) -> Sequence[Statement]:
    """Return the statements. Running an action is in none: whoever deploys neither approves nor reverses one."""
    asked, owned = ({"StringEquals": {f"aws:{kind}Tag/project": PROJECT}} for kind in ("Request", "Resource"))
    kinds = ("Monitor", "Subscription")
    # Ids are the service's: the project's tag binds them. What is being created has no ARN yet.
    ours = [reach.arn("ce", f"anomaly{kind.lower()}/*", region=False) for kind in kinds]
    keep = [f"ce:{verb}Anomaly{kind}" for verb in ("Delete", "Update") for kind in kinds]
    actions = [f"budgets:{verb}BudgetAction" for verb in ("Create", "Delete", "Describe", "Update")]
    tags = ["budgets:ListTagsForResource", "budgets:TagResource", "budgets:UntagResource"]
    return [
        statement(
            "WatchCost", [*(f"ce:CreateAnomaly{kind}" for kind in kinds), "ce:TagResource"], ["*"], condition=asked
        ),
        statement(
            "KeepWatch",
            [*keep, *(f"ce:GetAnomaly{kind}s" for kind in kinds), "ce:ListTagsForResource", "ce:UntagResource"],
            ours, condition=owned,
        ),
        statement(
            "BudgetActions", [*actions, *tags],
            [reach.arn("budgets", f"budget/{reach.prefix}-*/action/*", region=False)],
        ),
        statement("DenialOfTraining", _POLICY, [_denial_arn(reach)]),
    ]  # fmt: skip
