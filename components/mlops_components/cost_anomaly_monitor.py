"""Cost anomaly monitor: AWS watches what each service of the account costs, and unusual cost reaches a topic."""

from typing import NotRequired, TypedDict

import pulumi
from pulumi_aws import costexplorer

from mlops_components.validation import Checker


class CostAnomalyMonitorArgs(TypedDict):
    """Inputs of `CostAnomalyMonitor`."""

    prefix: str
    """Start of every name of the environment; the monitor is `{prefix}-services`, its subscription
    `{prefix}-unusual-cost`."""
    threshold_usd: float
    """What an anomaly has cost in all, in US dollars, when it is told: as much or more."""
    topic_arn: pulumi.Input[str]
    """ARN of the SNS topic that is told, at once."""
    monitor_arn: NotRequired[pulumi.Input[str]]
    """ARN of the monitor of AWS services that the account has already: an account may have one. Default: one is made
    here."""


class CostAnomalyMonitor(pulumi.ComponentResource):
    """A monitor of every service's cost, unless the account has one, and the environment's own subscription to it.

    A member account monitors its services and nothing else: monitors by account, tag or cost category are the
    management account's (Cost Management user guide, Getting started with AWS Cost Anomaly Detection).
    """

    monitor_arn: pulumi.Output[str]
    """ARN of the monitor."""
    subscription_arn: pulumi.Output[str]
    """ARN of the subscription."""

    def __init__(self, name: str, args: CostAnomalyMonitorArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        check = Checker("CostAnomalyMonitor", name, args, CostAnomalyMonitorArgs)
        check.between("threshold_usd", 0.01, 1_000_000_000, "US dollars")
        check.arn("topic_arn", "sns")
        check.arn("monitor_arn", "ce")
        check.finish()
        super().__init__("mlops:index:CostAnomalyMonitor", name, {**args}, opts)
        child = pulumi.ResourceOptions(parent=self)
        if given := args.get("monitor_arn"):
            self.monitor_arn = pulumi.Output.from_input(given)
        else:
            self.monitor_arn = costexplorer.AnomalyMonitor(
                name,
                name=f"{args['prefix']}-services",
                monitor_type="DIMENSIONAL",
                monitor_dimension="SERVICE",
                opts=child,
            ).arn
        subscription = costexplorer.AnomalySubscription(
            f"{name}-subscription",
            name=f"{args['prefix']}-unusual-cost",
            # A topic is told at once or not at all; a summary by the day or week goes by mail alone (API reference,
            # AnomalySubscription: Frequency).
            frequency="IMMEDIATE",
            monitor_arn_lists=[self.monitor_arn],
            subscribers=[{"type": "SNS", "address": args["topic_arn"]}],
            threshold_expression={
                "dimension": {
                    "key": "ANOMALY_TOTAL_IMPACT_ABSOLUTE",
                    "match_options": ["GREATER_THAN_OR_EQUAL"],
                    "values": [f"{args['threshold_usd']:g}"],
                }
            },
            opts=child,
        )
        self.subscription_arn = subscription.arn
        self.register_outputs({"monitor_arn": self.monitor_arn, "subscription_arn": self.subscription_arn})
