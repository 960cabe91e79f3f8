"""What is stored costs: buckets by what they hold, backups, images, and requests to objects.

Formulas: S3 pricing (https://aws.amazon.com/s3/pricing/): GB-months by class and requests; AWS Backup pricing
(https://aws.amazon.com/backup/pricing/): GB-months; ECR pricing (https://aws.amazon.com/ecr/pricing/).
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from mlops_estate.graph import ResourceNode
from mlops_estate.pricing.desk import Desk, blocks, known_number, known_text
from mlops_estate.pricing.features import GROUPS, offline_gb
from mlops_estate.pricing.model import Amount, Range
from mlops_estate.pricing.serving import captured

BUCKETS = ("aws:s3/bucket:Bucket", "aws:s3/bucketV2:BucketV2", "aws-native:s3:Bucket")
LIFECYCLES = ("aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration",)
REPOSITORIES = ("aws:ecr/repository:Repository", "aws-native:ecr:Repository")
INFREQUENT_SHARE = Decimal("0.5")
"""Share of a bucket's GB that is assumed to lie in Standard-IA where a lifecycle rule moves objects there."""
_DAYS_PER_MONTH = Decimal(365) / 12
_KB_PER_GB = Decimal(1_000_000)
Held = tuple[str, Range, tuple[Amount, ...]]
"""A model, the GB that are held for it, and what they rest on."""
PURPOSES = ("access-logs", "raw", "curated", "features", "models", "capture", "reports", "cloudtrail", "config",
            "queries", "masked")  # fmt: skip
"""What the estate's buckets are for, as their names say it."""


def bucket(desk: Desk, node: ResourceNode) -> None:
    """Price what a bucket holds for each model."""
    purpose = purpose_of(known_text(node.inputs.get("bucket")) or known_text(node.inputs.get("bucketName")), node.name)
    if purpose == "reports":
        desk.free(node, "holds reports, which are counted with the models' artefacts (`artifacts_gb`)")
        return
    if purpose is None:
        desk.unpriced(node, "what it holds is nothing that the configuration's usage tells of")
        return
    infrequent = INFREQUENT_SHARE if _moves_to_infrequent(desk, node) else Decimal(0)
    for model, gigabytes, by in held(desk, purpose, _expires_after(desk, node)):
        item = f"{purpose}, Standard"
        desk.add(node, "s3.standard", gigabytes * (1 - infrequent), model=model, item=item, by=by)
        if infrequent:
            item = f"{purpose}, Standard-IA: half of it is assumed to be older than the lifecycle rule's days"
            desk.add(node, "s3.infrequent", gigabytes * infrequent, model=model, item=item, by=by)
    if purpose == "raw":
        _requests(desk, node)


def purpose_of(bucket_name: str, resource_name: str) -> str | None:
    """Return what a bucket of the estate is for; None for others."""
    for purpose in PURPOSES:
        if f"-{purpose}-" in bucket_name or resource_name in {purpose, f"lake-{purpose}"}:
            return purpose
    return None


def held(desk: Desk, purpose: str, expires_days: Decimal | None) -> list[Held]:
    """Return the GB that a bucket of one purpose holds, by model."""
    one = {"raw": "raw_gb", "curated": "curated_gb", "models": "artifacts_gb", "masked": "raw_gb"}.get(purpose)
    if one is not None:
        amounts = [(model, desk.amount(model, one)) for model in desk.models]
        return [(model, amount.range, (amount,)) for model, amount in amounts]
    if purpose == "features":
        with_groups = dict.fromkeys(desk.model_of.get(node.urn, "") for node in desk.of_types(*GROUPS))
        return [(model, *offline_gb(desk, model)) for model in with_groups]
    if purpose == "capture":
        return _captured(desk, expires_days)
    computed: dict[str, Callable[[Desk], tuple[Range, tuple[Amount, ...]]]] = {
        "access-logs": _access_logs, "cloudtrail": _trail, "config": _config, "queries": _queries,
    }  # fmt: skip
    monthly, by = computed[purpose](desk)
    return [("", monthly * _kept_months(expires_days), by)]


def _kept_months(expires_days: Decimal | None) -> Range:
    """Return the months of logs that are there: one at first, a year's expected, at most what the rule keeps."""
    most = Decimal(24) if expires_days is None else expires_days / _DAYS_PER_MONTH
    return Range.of(1, 12, most.quantize(Decimal("0.01"))).at_most(most.quantize(Decimal("0.01")))


def _captured(desk: Desk, expires_days: Decimal | None) -> list[Held]:
    months = (expires_days or Decimal(365)) / _DAYS_PER_MONTH
    found = []
    for model, monthly, by in captured(desk):
        stated = desk.stated(model, "captured_gb")
        found.append((model, stated.range, (stated,)) if stated else (model, monthly * months, by))
    return found


def _access_logs(desk: Desk) -> tuple[Range, tuple[Amount, ...]]:
    calls, by = object_calls(desk)
    return calls / 2 / _KB_PER_GB, by  # a record of an access log has about half a kB


def _trail(desk: Desk) -> tuple[Range, tuple[Amount, ...]]:
    from mlops_estate.pricing.audit import data_events

    size, management = desk.shared("stored_event_kb"), desk.shared("management_events")
    events, by = data_events(desk)
    return (management.range + events) * size.range / _KB_PER_GB, (management, *by, size)


def _config(desk: Desk) -> tuple[Range, tuple[Amount, ...]]:
    items = desk.shared("config_items")
    return items.range * 2 / _KB_PER_GB, (items,)  # an item has about 2 kB


def _queries(desk: Desk) -> tuple[Range, tuple[Amount, ...]]:
    scanned = desk.shared("query_gb")
    return scanned.range / 1000, (scanned,)  # an answer is about a thousandth of what is scanned


def object_calls(desk: Desk) -> tuple[Range, tuple[Amount, ...]]:
    """Return the calls to objects of the data buckets a month."""
    amounts = [desk.amount(model, "object_calls") for model in desk.models]
    return sum((amount.range for amount in amounts), Range()), tuple(amounts[:1])


def _requests(desk: Desk, node: ResourceNode) -> None:
    if not desk.once("object requests"):
        return
    calls, by = object_calls(desk)
    for key, share, item in (("s3.put", "0.3", "PUT, COPY, POST, LIST"), ("s3.get", "0.7", "GET and others")):
        desk.add(node, key, calls * Decimal(share), model="", item=f"requests to all data buckets: {item}", by=by)


def _rules(desk: Desk, node: ResourceNode) -> list[dict[str, object]]:
    found: list[dict[str, object]] = []
    name = known_text(node.inputs.get("bucket"))
    for lifecycle in desk.of_types(*LIFECYCLES):
        target = lifecycle.inputs.get("bucket")
        if node.urn in lifecycle.property_dependencies.get("bucket", ()) or (name and target == name):
            found += [dict(rule) for rule in blocks(lifecycle.inputs.get("rules")) if rule.get("status") == "Enabled"]
    return found


def _moves_to_infrequent(desk: Desk, node: ResourceNode) -> bool:
    return any(
        move.get("storageClass") == "STANDARD_IA"
        for rule in _rules(desk, node)
        for move in blocks(rule.get("transitions"))
    )


def _expires_after(desk: Desk, node: ResourceNode) -> Decimal | None:
    days = [
        known_number(expiry.get("days")) for rule in _rules(desk, node) for expiry in blocks(rule.get("expiration"))
    ]
    return min((day for day in days if day), default=None)


def backup_selection(desk: Desk, node: ResourceNode) -> None:
    """Price the backups of the buckets that a selection names, for each model."""
    factor = desk.shared("backup_factor")
    named = [known_text(arn) for arn in node.inputs.get("resources") or ()]
    purposes = [purpose for purpose in (purpose_of(arn.rpartition(":")[2], "") for arn in named) if purpose]
    if not purposes:
        desk.unpriced(node, "what it selects isn't known: the GB of its backups are unknown")
        return
    for purpose in purposes:
        for model, gigabytes, by in held(desk, purpose, None) if purpose != "reports" else ():
            item = f"backups of {purpose}"
            desk.add(node, "backup.s3", gigabytes * factor.range, model=model, item=item, by=(*by, factor))


def repository(desk: Desk, node: ResourceNode) -> None:
    """Price a repository's share of the environment's images."""
    images = desk.shared("image_gb")
    count = len(desk.of_types(*REPOSITORIES))
    desk.add(node, "ecr.storage", images.range / count, by=(images,))
