"""What is recorded for an auditor costs: trails, configuration items, rules, and queries.

Formulas: CloudTrail pricing (https://aws.amazon.com/cloudtrail/pricing/): the first copy of management events is free,
further copies, data events and events that Insights analyses are billed by 100,000; Insights analyses write events for
the call rate, and all for the error rate (user guide, Costs for Insights events, whose example has one write in ten).
AWS Config pricing (https://aws.amazon.com/config/pricing/): items, and evaluations of rules and conformance packs.
Athena pricing (https://aws.amazon.com/athena/pricing/): TB that are scanned.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from mlops_estate.graph import ResourceNode
from mlops_estate.pricing.desk import Desk, blocks, first, known_text
from mlops_estate.pricing.features import GROUPS, reads_of
from mlops_estate.pricing.model import Amount, Range
from mlops_estate.pricing.storage import object_calls

TRAILS = ("aws:cloudtrail/trail:Trail", "aws-native:cloudtrail:Trail")
WRITE_SHARE = Decimal("0.1")
_KB_PER_GB = Decimal(1_000_000)
_OBJECTS, _ENDPOINTS, _FEATURES = "AWS::S3::Object", "AWS::SageMaker::Endpoint", "AWS::SageMaker::FeatureGroup"


def trail(desk: Desk, node: ResourceNode) -> None:
    """Price what a trail records: its further copies, data events, Insights, and the events in CloudWatch Logs."""
    management = desk.shared("management_events")
    if _records_management(node) and not desk.once("first copy of management events"):
        desk.add(node, "cloudtrail.management", management.range, by=(management,))
    recorded = _data_types(node)
    events, by = data_events(desk, recorded)
    if recorded:
        desk.add(node, "cloudtrail.data", events, item=f"data events: {', '.join(sorted(recorded))}", by=by)
    kinds = {entry.get("insightType") for entry in blocks(node.inputs.get("insightSelectors"))}
    share = (WRITE_SHARE if "ApiCallRateInsight" in kinds else 0) + (1 if "ApiErrorRateInsight" in kinds else 0)
    if share:
        desk.add(node, "cloudtrail.insights", management.range * Decimal(share), by=(management,))
    if node.inputs.get("cloudWatchLogsGroupArn"):
        size = desk.shared("event_kb")
        gigabytes = (management.range + events) * size.range / _KB_PER_GB
        desk.add(
            node, "cloudwatch.logs", gigabytes, item="events in CloudWatch Logs, ingestion", by=(management, *by, size)
        )


def data_events(desk: Desk, recorded: set[str] | None = None) -> tuple[Range, tuple[Amount, ...]]:
    """Return the data events a month: as stated, else the calls of the kinds that trails record."""
    if stated := desk.stated("", "data_events"):
        return stated.range, (stated,)
    if recorded is None:
        recorded = set().union(*(_data_types(node) for node in desk.of_types(*TRAILS)))
    events = Range()
    by: list[Amount] = []
    if _OBJECTS in recorded:
        calls, amounts = object_calls(desk)
        events, by = events + calls, [*by, *amounts]
    for model in desk.models:
        if _ENDPOINTS in recorded:
            requests = desk.amount(model, "requests_per_month")
            events, by = events + requests.range, [*by, requests]
        if _FEATURES in recorded and any(desk.model_of.get(node.urn) == model for node in desk.of_types(*GROUPS)):
            amounts = (reads_of(desk, model)[0], desk.amount(model, "feature_writes_per_month"))
            events, by = events + amounts[0].range + amounts[1].range, [*by, *amounts]
    return events, tuple(by)


def _selectors(node: ResourceNode) -> Iterator[dict[str, set[str]]]:
    """Yield the advanced selectors of a trail as the values that each field must equal."""
    for selector in blocks(node.inputs.get("advancedEventSelectors")):
        fields = blocks(selector.get("fieldSelectors"))
        yield {str(entry.get("field")): {str(value) for value in entry.get("equals") or ()} for entry in fields}


def _records_management(node: ResourceNode) -> bool:
    selectors = list(_selectors(node))
    if selectors:
        return any("Management" in fields.get("eventCategory", ()) for fields in selectors)
    basic = blocks(node.inputs.get("eventSelectors"))
    return not basic or any(entry.get("includeManagementEvents", True) for entry in basic)


def _data_types(node: ResourceNode) -> set[str]:
    found: set[str] = set()
    for fields in _selectors(node):
        found |= fields.get("resources.type", set())
    for entry in blocks(node.inputs.get("eventSelectors")):
        found |= {known_text(data.get("type")) for data in blocks(entry.get("dataResources"))}
    return found - {""}


def recorder(desk: Desk, node: ResourceNode) -> None:
    """Price the configuration items of a month; daily recording has another price, which the table lacks."""
    if first(node.inputs.get("recordingMode")).get("recordingFrequency") == "DAILY":
        desk.unpriced(node, "the table has no price of daily recording")
        return
    items = desk.shared("config_items")
    desk.add(node, "config.item", items.range, by=(items,))


def conformance_pack(desk: Desk, node: ResourceNode) -> None:
    """Price the evaluations of a conformance pack's rules."""
    rules = _rules_of(known_text(node.inputs.get("templateBody")))
    if rules is None:
        desk.unpriced(node, "its template is unknown: the number of its rules is unknown")
        return
    evaluations = desk.shared("rule_evaluations")
    desk.add(node, "config.rule", evaluations.range * rules, item=f"evaluations of {rules} rules", by=(evaluations,))


def config_rule(desk: Desk, node: ResourceNode) -> None:
    """Price the evaluations of one rule."""
    evaluations = desk.shared("rule_evaluations")
    desk.add(node, "config.rule", evaluations.range, by=(evaluations,))


def _rules_of(template: str) -> int | None:
    import yaml

    try:
        data: Any = json.loads(template) if template.lstrip().startswith("{") else yaml.safe_load(template)
    except (ValueError, yaml.YAMLError):
        return None
    resources = data.get("Resources") if isinstance(data, Mapping) else None
    if not isinstance(resources, Mapping):
        return None
    return sum(1 for entry in resources.values() if isinstance(entry, Mapping)
               and entry.get("Type") == "AWS::Config::ConfigRule")  # fmt: skip


def workgroup(desk: Desk, node: ResourceNode) -> None:
    """Price the TB that queries of a workgroup scan."""
    if not desk.once("queries"):
        desk.free(node, "the GB that queries scan are counted once, with the first workgroup")
        return
    scanned = desk.shared("query_gb")
    desk.add(node, "athena.scanned", scanned.range, by=(scanned,))
