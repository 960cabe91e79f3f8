"""What alarms, metrics, dashboards, logs and messages cost.

Formulas: CloudWatch pricing (https://aws.amazon.com/cloudwatch/pricing/): an alarm is billed for every metric that it
reads; 10 alarm metrics, 10 custom metrics, 3 dashboards and 5 GB of logs are free in an account each month; stored
logs are billed by their compressed size, for which 0.15 of the original is assumed. SNS
(https://aws.amazon.com/sns/pricing/), SQS (https://aws.amazon.com/sqs/pricing/), EventBridge
(https://aws.amazon.com/eventbridge/pricing/): events of AWS services cost nothing.
"""

from __future__ import annotations

from decimal import Decimal

from mlops_estate.graph import ResourceNode
from mlops_estate.pricing.desk import Desk, blocks, first, known_number, known_text
from mlops_estate.pricing.model import Amount, Range
from mlops_estate.pricing.schedules import runs_a_month

COMPRESSED = Decimal("0.15")
TOPICS = ("aws:sns/topic:Topic", "aws-native:sns:Topic")
_SUBSCRIPTIONS = ("aws:sns/topicSubscription:TopicSubscription", "aws-native:sns:Subscription")
_FLOW = ("aws:ec2/flowLog:FlowLog",)
_TRAIL = ("aws:cloudtrail/trail:Trail",)
_DAYS_PER_MONTH = Decimal(365) / 12
_KB_PER_GB = Decimal(1_000_000)


def alarm(desk: Desk, node: ResourceNode) -> None:
    """Price an alarm by the metrics that it reads; one that detects anomalies reads two more, its bounds."""
    queries = blocks(node.inputs.get("metricQueries"))
    metrics = [query for query in queries if query.get("metric")]
    count = len(metrics) or 1
    if node.inputs.get("thresholdMetricId"):
        count += 2
    periods = [known_number(first(query.get("metric")).get("period")) for query in metrics]
    periods.append(known_number(node.inputs.get("period")))
    high = any(period is not None and period < 60 for period in periods)
    desk.add(node, "cloudwatch.alarm.high" if high else "cloudwatch.alarm", count)


def composite_alarm(desk: Desk, node: ResourceNode) -> None:
    """Price a composite alarm."""
    desk.add(node, "cloudwatch.alarm.composite", 1)


def metric_filter(desk: Desk, node: ResourceNode) -> None:
    """Price the custom metric that a filter publishes; dimensions make more of them, by what the logs hold."""
    if first(node.inputs.get("metricTransformation")).get("dimensions"):
        desk.unpriced(node, "its dimensions make as many metrics as the logs hold values of them")
    desk.add(node, "cloudwatch.metric", 1)


def dashboard(desk: Desk, node: ResourceNode) -> None:
    """Price a dashboard."""
    desk.add(node, "cloudwatch.dashboard", 1)


def log_group(desk: Desk, node: ResourceNode) -> None:
    """Price what a log group stores: months of what comes in, compressed. What comes in is priced where it is from."""
    monthly, by, what = _incoming(desk, node)
    if what is None:
        desk.free(node, "its logs are counted with those of all jobs, endpoints and functions (`log_gb`)")
        return
    days = known_number(node.inputs.get("retentionInDays"))
    months = Decimal(24) if not days else (days / _DAYS_PER_MONTH).quantize(Decimal("0.01"))
    kept = Range.of(1, 12, months).at_most(months)
    desk.add(node, "cloudwatch.logs.storage", monthly * kept * COMPRESSED, item=f"{what}, stored", by=by)


def _incoming(desk: Desk, node: ResourceNode) -> tuple[Range, tuple[Amount, ...], str | None]:
    """Return the GB that come into a log group a month, what they rest on, and what they are."""
    from mlops_estate.pricing.audit import data_events

    for flow in desk.of_types(*_FLOW):
        if node.urn in flow.property_dependencies.get("logDestination", ()):
            amount = desk.shared("flow_log_gb")
            return amount.range / len(desk.of_types(*_FLOW)), (amount,), "flow logs"
    for trail in desk.of_types(*_TRAIL):
        if node.urn in trail.property_dependencies.get("cloudWatchLogsGroupArn", ()):
            management, size = desk.shared("management_events"), desk.shared("event_kb")
            events, by = data_events(desk)
            gigabytes = (management.range + events) * size.range / _KB_PER_GB
            return gigabytes, (management, *by, size), "recorded events"
    return Range(), (), None


def environment_logs(desk: Desk) -> None:
    """Price the logs of jobs, endpoints and functions, whose log groups SageMaker and Lambda make themselves."""
    amount = desk.shared("log_gb")
    item = "logs of jobs, endpoints and functions, ingestion"
    desk.add(desk.stack, "cloudwatch.logs", amount.range, model="", item=item, by=(amount,))
    stored = amount.range * Range.of(1, 12, 24) * COMPRESSED
    item = "logs of jobs, endpoints and functions, stored for up to two years"
    desk.add(desk.stack, "cloudwatch.logs.storage", stored, model="", item=item, by=(amount,))


def topic(desk: Desk, node: ResourceNode) -> None:
    """Price a topic's share of the alerts, and the mails to its subscribers."""
    alerts = desk.shared("alerts")
    share = alerts.range / len(desk.of_types(*TOPICS))
    desk.add(node, "sns.publish", share, by=(alerts,))
    mails = sum(
        1 for other in desk.of_types(*_SUBSCRIPTIONS)
        if other.inputs.get("protocol") == "email" and _subscribes(other, node)
    )  # fmt: skip
    if mails:
        desk.add(node, "sns.email", share * mails, by=(alerts,))


def _subscribes(subscription: ResourceNode, node: ResourceNode) -> bool:
    depends = [urn for name in ("topic", "topicArn") for urn in subscription.property_dependencies.get(name, ())]
    return node.urn in depends


def subscription(desk: Desk, node: ResourceNode) -> None:
    """Say where a subscription's deliveries are priced; text messages have a price by country."""
    protocol = known_text(node.inputs.get("protocol"))
    if protocol == "sms":
        desk.unpriced(node, "text messages are priced by country, which the table lacks")
    elif protocol in {"email", "email-json"}:
        desk.free(node, "mails are priced with the topic")
    else:
        desk.free(node, f"deliveries to {protocol or 'AWS services'} cost nothing, or are priced where they arrive")


def queue(desk: Desk, node: ResourceNode) -> None:
    """Price a queue's requests: as many as there are alerts, since the estate's queues hold what failed."""
    alerts = desk.shared("alerts")
    desk.add(node, "sqs.fifo" if node.inputs.get("fifoQueue") is True else "sqs.standard", alerts.range, by=(alerts,))


def schedule(desk: Desk, node: ResourceNode) -> None:
    """Price the invocations of a schedule."""
    runs = runs_a_month(known_text(node.inputs.get("scheduleExpression")))
    if runs is None:
        desk.unpriced(node, "its expression is unknown: the number of its invocations is unknown")
        return
    desk.add(node, "events.scheduler", runs)
