"""What feature groups cost: units of reads and writes on demand, and the online store's GB.

Formulas: SageMaker pricing (https://aws.amazon.com/sagemaker/ai/pricing/), Feature Store; a write unit is one write of
up to 1 KB, a read unit one read of up to 4 KB (developer guide, Throughput modes). Records of the offline store lie in
S3, and are priced with the bucket.
"""

from __future__ import annotations

from decimal import ROUND_CEILING, Decimal

from mlops_estate.graph import ResourceNode
from mlops_estate.pricing.desk import Desk, first
from mlops_estate.pricing.model import Amount, Range

GROUPS = ("aws:sagemaker/featureGroup:FeatureGroup", "aws-native:sagemaker:FeatureGroup")
_KB_PER_GB = Decimal(1_000_000)


def feature_group(desk: Desk, node: ResourceNode) -> None:
    """Price a feature group's online store."""
    online = first(node.inputs.get("onlineStoreConfig"))
    if not online.get("enableOnlineStore"):
        desk.free(node, "has an offline store alone: its records are priced with the bucket")
        return
    if first(node.inputs.get("throughputConfig")).get("throughputMode", "ON_DEMAND").upper() not in {
        "ON_DEMAND",
        "ONDEMAND",
    }:
        desk.unpriced(node, "the table has no price of provisioned throughput")
        return
    if online.get("storageType") == "InMemory":
        desk.unpriced(node, "the table has no price of the in-memory tier")
        return
    model = desk.model_of.get(node.urn, "")
    size, writes = desk.amount(model, "feature_record_kb"), desk.amount(model, "feature_writes_per_month")
    records, (reads, *by) = desk.amount(model, "online_records"), reads_of(desk, model)
    desk.add(node, "sagemaker.features.write", writes.range * _units(size.range, 1), by=(writes, size))
    desk.add(node, "sagemaker.features.read", reads.range * _units(size.range, 4), by=(reads, *by, size))
    desk.add(node, "sagemaker.features.storage", records.range * size.range / _KB_PER_GB, by=(records, size))


def reads_of(desk: Desk, model: str) -> tuple[Amount, ...]:
    """Return how many records are read a month, first: as stated, else one for each request."""
    stated = desk.stated(model, "feature_reads_per_month")
    return (stated,) if stated else (desk.amount(model, "requests_per_month"),)


def offline_gb(desk: Desk, model: str) -> tuple[Range, tuple[Amount, ...]]:
    """Return the GB of a model's offline store: low after a month of writes, expected after a year, high after two."""
    size, writes = desk.amount(model, "feature_record_kb"), desk.amount(model, "feature_writes_per_month")
    months = Range.of(1, 12, 24)
    return writes.range * size.range * months / _KB_PER_GB, (writes, size)


def _units(size_kb: Range, unit_kb: int) -> Range:
    """Return the units of one record: every unit that is begun counts."""
    low, expected, high = (
        (value / unit_kb).to_integral_value(ROUND_CEILING) for value in (size_kb.low, size_kb.expected, size_kb.high)
    )
    return Range(low, expected, high)
