"""Training stop: once a budget is spent, AWS Budgets denies new training to the roles that start or run it."""

from typing import NotRequired, TypedDict

import pulumi
from pulumi_aws import budgets, iam

from mlops_components.documents import assume_role_policy, partition, policy, statement
from mlops_components.validation import Checker

APPROVALS = ("automatic", "manual")
AT_PERCENT = 100.0
# AWS Budgets API reference, IamActionDefinition: Roles, at most 100 items.
ROLES_AN_ACTION = 100
# Whatever begins to cost by the hour in training. Endpoints, monitors and what runs already are left alone.
DENIED = (
    "sagemaker:CreateAutoMLJob", "sagemaker:CreateAutoMLJobV2", "sagemaker:CreateHyperParameterTuningJob",
    "sagemaker:CreateProcessingJob", "sagemaker:CreateTrainingJob", "sagemaker:CreateTransformJob",
    "sagemaker:RetryPipelineExecution", "sagemaker:StartPipelineExecution",
)  # fmt: skip


class TrainingStopArgs(TypedDict):
    """Inputs of `TrainingStop`."""

    prefix: str
    """Start of every name of the environment; the policy is `{prefix}-stop-training`, the role `{prefix}-budget`."""
    account: str
    """AWS account id of the environment, 12 digits."""
    region: str
    """AWS region code."""
    budget_name: pulumi.Input[str]
    """Name of the budget."""
    role_arns: list[pulumi.Input[str]]
    """ARNs of the roles that are denied new training; their names begin with `prefix`."""
    topic_arn: pulumi.Input[str]
    """ARN of the SNS topic that is told when the action runs, or waits for approval."""
    at_percent: NotRequired[float]
    """Share of the budget, in percent of actual cost, above which the action is due. Default: 100."""
    approval: NotRequired[str]
    """automatic (the action runs when it is due) or manual (it waits for a person's approval). Default: manual."""


class TrainingStop(pulumi.ComponentResource):
    """A budget action that attaches a denial of new training to roles, the denial, and the role it is attached by.

    A person takes the denial away again, once there is money: AWS Budgets API reference, ExecuteBudgetAction with
    REVERSE_BUDGET_ACTION.
    """

    policy_arn: pulumi.Output[str]
    """ARN of the policy that denies new training."""
    role_arn: pulumi.Output[str]
    """ARN of the role that AWS Budgets works as; it resolves once its policy is attached."""
    action_ids: pulumi.Output[list[str]]
    """Ids of the budget's actions: one for each hundred roles."""

    def __init__(self, name: str, args: TrainingStopArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        check = Checker("TrainingStop", name, args, TrainingStopArgs)
        _check(check)
        check.finish()
        super().__init__("mlops:index:TrainingStop", name, {**args}, opts)
        child = pulumi.ResourceOptions(parent=self)
        place = (args["prefix"], args["account"], args["region"])
        denial = iam.Policy(
            f"{name}-policy",
            name=policy_name(args["prefix"]),
            description=f"Denies new training in {args['prefix']}: its budget is spent",
            policy=denial_policy(),
            opts=child,
        )
        role = iam.Role(
            f"{name}-role",
            name=f"{args['prefix']}-budget",
            description=f"AWS Budgets stops training of {args['prefix']}",
            assume_role_policy=assume_role_policy("budgets", args["account"], budget_arn(*place)),
            max_session_duration=3600,
            tags={"purpose": "budget"},
            opts=child,
        )
        granted = iam.RolePolicy(
            f"{name}-role-policy", name="budget", role=role.name, policy=attaching_policy(*place), opts=child
        )
        self.policy_arn = denial.arn
        self.role_arn = pulumi.Output.all(role.arn, granted.id).apply(lambda known: str(known[0]))
        roles = args["role_arns"]
        batches = [roles[start : start + ROLES_AN_ACTION] for start in range(0, len(roles), ROLES_AN_ACTION)]
        self.action_ids = pulumi.Output.all(
            *(
                self._action(name if not index else f"{name}-{index + 1}", args, batch)
                for index, batch in enumerate(batches)
            )
        ).apply(list)
        self.register_outputs({"policy_arn": self.policy_arn, "role_arn": self.role_arn, "action_ids": self.action_ids})

    def _action(self, name: str, args: TrainingStopArgs, role_arns: list[pulumi.Input[str]]) -> pulumi.Output[str]:
        made = budgets.BudgetAction(
            name,
            account_id=args["account"],
            budget_name=args["budget_name"],
            action_type="APPLY_IAM_POLICY",
            notification_type="ACTUAL",
            action_threshold={
                "action_threshold_type": "PERCENTAGE",
                "action_threshold_value": float(args.get("at_percent") or AT_PERCENT),
            },
            approval_model=(args.get("approval") or "manual").upper(),
            execution_role_arn=self.role_arn,
            definition={
                "iam_action_definition": {
                    "policy_arn": self.policy_arn,
                    "roles": pulumi.Output.all(*role_arns).apply(lambda arns: [arn.rsplit("/", 1)[-1] for arn in arns]),
                }
            },
            subscribers=[{"subscription_type": "SNS", "address": args["topic_arn"]}],
            opts=pulumi.ResourceOptions(parent=self),
        )
        return made.action_id


def policy_name(prefix: str) -> str:
    """Return the name of the policy that denies new training."""
    return f"{prefix}-stop-training"


def policy_arn(prefix: str, account: str, region: str) -> str:
    """Return that policy's ARN, known before it exists."""
    return f"arn:{partition(region)}:iam::{account}:policy/{policy_name(prefix)}"


def budget_arn(prefix: str, account: str, region: str) -> str:
    """Return the ARN pattern of the environment's budgets, and of their actions."""
    return f"arn:{partition(region)}:budgets::{account}:budget/{prefix}-*"


def denial_policy() -> str:
    """Return what is attached once the budget is spent."""
    return policy([statement("BudgetIsSpent", list(DENIED), ["*"], effect="Deny")])


def attaching_policy(prefix: str, account: str, region: str) -> str:
    """Return what AWS Budgets may do: attach that one policy to roles of the environment, and take it away again."""
    roles = [f"arn:{partition(region)}:iam::{account}:role/{prefix}-*"]
    only = {"ArnEquals": {"iam:PolicyARN": policy_arn(prefix, account, region)}}
    return policy(
        [statement("AttachTheDenial", ["iam:AttachRolePolicy", "iam:DetachRolePolicy"], roles, condition=only)]
    )


def _check(check: Checker[TrainingStopArgs]) -> None:
    prefix = check.plain("prefix")
    check.aws_name("prefix", policy_name(str(prefix)), "policy")
    check.aws_name("prefix", f"{prefix}-budget", "role")
    check.arn("role_arns", "iam")
    check.arn("topic_arn", "sns")
    check.between("at_percent", 0.01, 1000, "percent of the budget")
    check.one_of("approval", APPROVALS)
    roles = check.plain("role_arns", [])
    if roles == []:
        check.fault("role_arns", roles, "names no role", "name the roles that start or run training")
    for index, arn in enumerate(roles or []):
        if isinstance(arn, str) and prefix and f":role/{prefix}-" not in arn:
            rule = f"is no role whose name begins with {prefix}-: AWS Budgets may attach to no other"
            check.fault(f"role_arns[{index}]", arn, rule, "name a role of the environment")
