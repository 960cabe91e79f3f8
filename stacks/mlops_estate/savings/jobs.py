"""Levers of jobs, and of what stands around them: monitors, capture, Studio, network, storage, shared endpoints."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from functools import partial

from mlops_estate.pricing.model import HOURS, CostLine, Range, total
from mlops_estate.pricing.training import SPOT_SHARE
from mlops_estate.savings.bench import Bench, facts, share
from mlops_estate.savings.model import Lever, difference, worth

_GUIDE = "https://docs.aws.amazon.com/sagemaker/latest/dg/"
_HOURLY_RUNS = 600
"""A monitor with more runs a month than this is hourly."""
_PER_DAY = 24
_ENDPOINTS = ("aws:ec2/vpcEndpoint:VpcEndpoint", "aws-native:ec2:VpcEndpoint")


def job_levers(bench: Bench) -> Iterator[Lever]:
    """Yield the levers that aren't an endpoint's own."""
    yield from spot(bench)
    yield from monitors(bench)
    yield from capture(bench)
    yield studio(bench)
    yield from network(bench)
    yield from tiering(bench)
    yield shared_endpoints(bench)


def spot(bench: Bench) -> Iterator[Lever]:
    """Managed spot, for the training jobs that really use it, and for those that could."""
    for line in bench.instances("training"):
        on = bool(line.basis.get("managed_spot"))
        if on:
            usd = Range(
                line.price.low / SPOT_SHARE.low, line.price.usd / SPOT_SHARE.expected, line.price.high / SPOT_SHARE.high
            )
            without, with_it = line.basis["hours"] * usd, line.monthly
        else:
            without, with_it = line.monthly, line.monthly * SPOT_SHARE
        if worth(without):
            yield Lever(
                key="spot", title="Managed spot training", family="infrastructure efficiency",
                state="in place" if on else "available", model=line.model, without=without, with_it=with_it,
                saves=difference(without, with_it), how=f"models.{line.model}.training.use_spot: true",
                risk="the instance can be taken away: training goes on from its checkpoint, and may wait for capacity",
                source=f"{_GUIDE}model-managed-spot-training.html (up to 90 %; 50 to 90 % here, 70 % expected)",
            )  # fmt: skip


def monitors(bench: Bench) -> Iterator[Lever]:
    """Monitors once a day instead of every hour."""
    by_model: dict[str, list[CostLine]] = {}
    for line in bench.instances("processing", monitor=True):
        by_model.setdefault(line.model, []).append(line)
    for model, lines in sorted(by_model.items()):
        hourly = [line for line in lines if line.basis["runs"] > _HOURLY_RUNS]
        now = total(line.monthly for line in hourly or lines)
        without, with_it = (now, now / _PER_DAY) if hourly else (now * _PER_DAY, now)
        yield Lever(
            key="daily-monitors", title="Monitors daily instead of hourly", family="infrastructure efficiency",
            state="available" if hourly else "in place", model=model, without=without, with_it=with_it,
            saves=difference(without, with_it), how=f"models.{model}.monitoring.schedule: daily",
            risk="drift is seen up to a day later",
            source="https://docs.aws.amazon.com/sagemaker/latest/dg/model-monitor-scheduling.html",
            note=f"{len(hourly or lines)} monitors; as long a job a day as an hour, so more traffic saves less",
        )  # fmt: skip


def capture(bench: Bench) -> Iterator[Lever]:
    """Capture a tenth of the traffic instead of all of it."""
    percent = Decimal(str(facts()["capture_percent"]))
    for model in sorted({line.model for line in bench.costs.lines if line.model}):
        lines = [line for line in bench.costs.lines if line.model == model and line.item.startswith("capture")]
        now = total(line.monthly for line in lines)
        if not worth(now):
            continue
        with_it = now * (percent / 100)
        yield Lever(
            key="capture-sampling", title=f"Capture {percent:f} % of the requests", family="infrastructure efficiency",
            state="available", model=model, without=now, with_it=with_it, saves=difference(now, with_it),
            how=f"models.{model}.serving.capture_percent: {percent:f}",
            risk="monitors judge a sample: small groups may be too few for the bias monitor",
            source=f"{_GUIDE}model-monitor-data-capture.html", note="of what is captured and kept; if all of it is now",
        )  # fmt: skip


def studio(bench: Bench) -> Lever:
    """Shut idle Studio applications down."""
    lines = bench.instances("studio")
    about = partial(Lever, key="idle-shutdown", title="Shut idle Studio applications down",
             family="infrastructure efficiency", how="estate.studio.idle_minutes",
             risk="unsaved state of a running kernel is lost",
             source=f"{_GUIDE}studio-updated-idle-shutdown.html")  # fmt: skip
    if not lines:
        return about(state="not applicable", note="the environment has no Studio")
    forgotten = total(share(facts()["studio"]["forgotten_hours"]) * line.price.range for line in lines)
    now = total(line.monthly for line in lines)
    return about(state="in place", without=now + forgotten, with_it=now, saves=forgotten,
        note=str(facts()["studio"]["forgotten_hours"]["source"]))  # fmt: skip


def network(bench: Bench) -> Iterator[Lever]:
    """Gateway endpoints instead of interface endpoints, and zones beyond two."""
    interfaces, price = bench.of_key("vpc.endpoint"), bench.price("vpc.endpoint")
    if not interfaces or price is None:
        return
    zones = max(line.quantity.expected for line in interfaces) / HOURS
    gateways = [
        node for node in bench.nodes(*_ENDPOINTS) if (node.inputs.get("vpcEndpointType") or "Gateway") == "Gateway"
    ]
    hours = zones * HOURS * len(gateways)
    if gateways:
        without = price.range * hours
        yield Lever(
            key="gateway-endpoints", title="Gateway endpoints instead of interface endpoints",
            family="infrastructure efficiency", state="in place", without=without, saves=without,
            how="always so", risk="none: same reach inside the network",
            source="https://aws.amazon.com/privatelink/pricing/", note=f"{len(gateways)} endpoints, {zones:.0f} zones",
        )  # fmt: skip
    now = total(line.monthly for line in interfaces)
    if zones > 2:
        with_it = now * (2 / zones)
        yield Lever(
            key="two-zones", title="Interface endpoints in two zones", family="infrastructure efficiency",
            state="available", without=now, with_it=with_it, saves=difference(now, with_it),
            how="estate.zones: two of them (the network is made anew: plan it)",
            risk="the loss of a zone leaves one", source="https://aws.amazon.com/privatelink/pricing/",
            note=f"{len(interfaces)} interface endpoints in {zones:.0f} zones",
        )  # fmt: skip


def tiering(bench: Bench) -> Iterator[Lever]:
    """Older objects in S3 Standard-IA."""
    lines, standard = bench.of_key("s3.infrequent"), bench.price("s3.standard")
    if not lines or standard is None:
        return
    gigabytes, now = total(line.quantity for line in lines), total(line.monthly for line in lines)
    without = gigabytes * standard.range
    if worth(without):
        yield Lever(
            key="storage-classes", title="Older objects in S3 Standard-IA", family="infrastructure efficiency",
            state="in place", without=without, with_it=now, saves=difference(without, now),
            how="always so (lifecycle rules of the data buckets)", risk="reads of old objects cost a fee",
            source="https://aws.amazon.com/s3/pricing/",
        )  # fmt: skip


def shared_endpoints(bench: Bench) -> Lever:
    """Several models behind one endpoint, in dev and staging."""
    about = partial(Lever, key="shared-endpoints", title="One endpoint for several models",
             family="infrastructure efficiency",
             how="not built in: a multi-model endpoint or inference components, outside prod",
             risk="models share memory and faults", source=f"{_GUIDE}multi-model-endpoints.html")  # fmt: skip
    lines = bench.hosting
    if bench.environment_class == "prod" or len(lines) < 2:
        note = "prod keeps models apart" if bench.environment_class == "prod" else "there is one endpoint"
        return about(state="not applicable", note=note)
    now = total(line.monthly for line in lines)
    with_it = max((line.monthly for line in lines), key=lambda amount: amount.expected)
    return about(state="available", without=now, with_it=with_it, saves=difference(now, with_it),
        note=f"{len(lines)} endpoints, if they fit beside each other in the largest")  # fmt: skip
