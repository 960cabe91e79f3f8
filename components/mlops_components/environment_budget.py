"""Environment budget: a monthly cost budget of one account, with warnings before and after it is spent."""

from typing import Any, NotRequired, TypedDict

import pulumi
from pulumi_aws import budgets

from mlops_components.validation import Checker

WARN_AT_PERCENT = (80.0, 100.0)
FORECAST_PERCENT = 100.0
# AWS Budgets quotas: notifications per budget.
_MOST_NOTIFICATIONS = 10


class EnvironmentBudgetArgs(TypedDict):
    """Inputs of `EnvironmentBudget`."""

    prefix: str
    """Start of every name of the environment; the budget is `{prefix}-monthly`."""
    account: str
    """AWS account id whose cost counts, 12 digits."""
    monthly_usd: float
    """Budget in US dollars a month."""
    warning_topic_arn: pulumi.Input[str]
    """ARN of the SNS topic told of shares below 100 % and of the forecast."""
    critical_topic_arn: pulumi.Input[str]
    """ARN of the SNS topic told when the budget is spent."""
    warn_at_percent: NotRequired[list[float]]
    """Shares of the budget, in percent of actual cost, at which a notification goes out. Default: 80 and 100."""


class EnvironmentBudget(pulumi.ComponentResource):
    """A monthly cost budget filtered by linked account: tags need not be activated for it."""

    budget_name: pulumi.Output[str]
    """Name of the budget."""

    def __init__(self, name: str, args: EnvironmentBudgetArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        check = Checker("EnvironmentBudget", name, args, EnvironmentBudgetArgs)
        check.between("monthly_usd", 0.01, 1_000_000_000, "US dollars")
        check.arn("warning_topic_arn", "sns")
        check.arn("critical_topic_arn", "sns")
        check.aws_name("prefix", f"{check.plain('prefix')}-monthly", "budget")
        _check_shares(check)
        check.finish()
        super().__init__("mlops:index:EnvironmentBudget", name, {**args}, opts)
        budget = budgets.Budget(
            name,
            name=f"{args['prefix']}-monthly",
            account_id=args["account"],
            budget_type="COST",
            limit_amount=f"{args['monthly_usd']:g}" if args["monthly_usd"] < 1e6 else f"{args['monthly_usd']:.0f}",
            limit_unit="USD",
            time_unit="MONTHLY",
            cost_filters=[{"name": "LinkedAccount", "values": [args["account"]]}],
            notifications=[
                *(
                    _notification(
                        "ACTUAL",
                        share,
                        args["critical_topic_arn"] if share >= FORECAST_PERCENT else args["warning_topic_arn"],
                    )
                    for share in args.get("warn_at_percent") or WARN_AT_PERCENT
                ),
                _notification("FORECASTED", FORECAST_PERCENT, args["warning_topic_arn"]),
            ],
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.budget_name = budget.name
        self.register_outputs({"budget_name": self.budget_name})


def _notification(kind: str, percent: float, topic: pulumi.Input[str]) -> Any:
    return {
        "comparison_operator": "GREATER_THAN",
        "notification_type": kind,
        "threshold": float(percent),
        "threshold_type": "PERCENTAGE",
        "subscriber_sns_topic_arns": [topic],
    }


def _check_shares(check: Checker[EnvironmentBudgetArgs]) -> None:
    shares = check.plain("warn_at_percent") or []
    if len(shares) >= _MOST_NOTIFICATIONS:
        most = _MOST_NOTIFICATIONS - 1
        check.fault(
            "warn_at_percent",
            shares,
            f"has at most {most} entries beside the forecast (AWS Budgets quotas)",
            "drop some",
        )
    for index, share in enumerate(shares):
        if isinstance(share, (int, float)) and not 0 < share <= 1000:
            check.fault(f"warn_at_percent[{index}]", share, "must be above 0 and at most 1000 percent", "use 80")
    check.unique("warn_at_percent", [f"{share:g}" for share in shares if isinstance(share, (int, float))])
