"""Levers of endpoints: scaling, schedules, a reserved baseline, serverless, smaller types, faster models."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from functools import partial

from mlops_estate.carbon import shipped as carbon_factors
from mlops_estate.pricing.model import HOURS, CostLine, Range
from mlops_estate.savings.bench import Bench, always_on, facts, share
from mlops_estate.savings.model import Lever, State, difference

_GUIDE = "https://docs.aws.amazon.com/sagemaker/latest/dg/"
_LOW_USE = Decimal("0.4")
"""Share of its vCPUs' time below which an endpoint's type is too large."""


def serving_levers(bench: Bench) -> Iterator[Lever]:
    """Yield the levers of every endpoint with instances."""
    for line in bench.hosting:
        yield scaling(bench, line)
        if found := schedule(bench, line):
            yield found
        yield from plans(line)
        yield serverless(bench, line)
        yield smaller(bench, line)
        yield faster(line)


def scaling(bench: Bench, line: CostLine) -> Lever:
    """Compare with a fixed fleet that carries the peak: by usage, and at most as large as scaling may make it."""
    fewest, most = line.basis["instances"].low, line.basis["instances"].high
    about = partial(
        Lever, key="autoscaling", title="Autoscaling instead of a fixed fleet for the peak", family="autoscaling",
        model=line.model, how=f"models.{line.model}.autoscaling.enabled",
        risk="new instances take minutes: a sudden peak is slower for as long",
        source=f"{_GUIDE}endpoint-auto-scaling.html",
    )  # fmt: skip
    if not line.basis.get("scaled"):
        note = "one instance: there is nothing to take away" if fewest <= 1 else "the fleet is fixed"
        return about(state="not applicable", note=note)
    peak = bench.peak_instances(line)
    fixed = peak or most
    without = Range(line.price.low * fewest * HOURS, line.price.usd * fixed * HOURS, line.price.high * most * HOURS)
    saved = Range(
        Decimal(0), max(without.expected - line.monthly.expected, Decimal(0)),
        line.price.high * (most - fewest) * HOURS,
    )  # fmt: skip
    said = f"{fewest:f} to {most:f} instances; "
    if peak is None:
        note = f"{said}usage says no peak, so the fixed fleet is the largest"
    else:
        note = f"{said}by usage {peak:f} carry the peak, so a fixed fleet is as large; up to {most:f} is insurance"
    return about(state="in place", without=without, with_it=line.monthly, saves=saved, note=note)


def schedule(bench: Bench, line: CostLine) -> Lever | None:
    """Outside prod an endpoint can rest outside its active hours."""
    if bench.environment_class == "prod":
        return None
    about = partial(Lever, key="schedule", title="Stop the endpoint outside working hours", family="autoscaling",
             model=line.model,
             how=f"models.{line.model}.release.version: take it out in the evening and pin it again in the morning, "
                    "by a scheduled commit or run; nothing here does it by itself",
             risk="no answers outside the hours; the endpoint is made anew, which takes minutes",
             source="https://docs.aws.amazon.com/wellarchitected/latest/machine-learning-lens/",
             instead_of=f"hosting/{line.model}")  # fmt: skip
    idle = bench.idle_share(line.model)
    if idle is None:
        return about(state="not applicable", note="usage says no active hours")
    saved = line.monthly * idle
    with_it = Range(
        line.monthly.low - saved.high if saved.high < line.monthly.low else Decimal(0),
        line.monthly.expected - saved.expected, line.monthly.high - saved.low,
    )  # fmt: skip
    return about(state="available", without=line.monthly, with_it=with_it, saves=saved)


def plans(line: CostLine) -> Iterator[Lever]:
    """Commit to the instances that run all month: only those, for one year or three."""
    known, base = facts()["savings_plans"], always_on(line)
    for key, years in (("one_year", "one year"), ("three_years", "three years")):
        discount = share(known[key])
        saved = Range(base.low * discount.low, base.expected * discount.expected, base.high * discount.high)
        yield Lever(
            key=f"savings-plan-{key.replace('_', '-')}", title=f"SageMaker savings plan of {years} for the baseline",
            family="autoscaling", state="available", model=line.model, without=base,
            with_it=Range(base.low - saved.low, base.expected - saved.expected, base.high - saved.high), saves=saved,
            how="bought in the account (AWS Cost Management, Savings Plans); nothing to declare here",
            risk=f"a commitment by the hour for {years}, used or not; it holds for every SageMaker instance and region",
            source=known["source"], note=str(known[key]["note"]), instead_of=f"hosting/{line.model}",
        )  # fmt: skip


def serverless(bench: Bench, line: CostLine) -> Lever:
    """Pay by the request: worth it below a number of requests, and without capture and monitors."""
    memory = Decimal(str(facts()["serverless"]["memory_mb"]))
    about = partial(Lever, key="serverless", title=f"Serverless inference with {memory:f} MB", family="autoscaling",
             model=line.model, how=f"models.{line.model}.serving.serverless_memory_mb: {memory:f}",
             risk="cold starts of seconds; no capture, so no monitors; not in the private network",
             source=facts()["serverless"]["source"], instead_of=f"hosting/{line.model}")  # fmt: skip
    price, used = bench.price("sagemaker.serverless"), bench.usage.get(line.model)
    if price is None or used is None:
        return about(state="not applicable", note="no price, or no usage, to compare with")
    once = used.range("inference_ms") / 1000 * (memory / 1024) * price.range / price.per
    with_it = used.range("requests_per_month") * once
    even = line.monthly.expected / once.expected if once.expected else Decimal(0)
    note = f"break-even at {even:,.0f} requests a month of {used.range('inference_ms').expected:f} ms; " \
           f"{used.range('requests_per_month').expected:,.0f} are expected"  # fmt: skip
    if bench.instances("processing", monitor=True) and bench.environment_class != "dev":
        note = f"the model is monitored, which takes captured requests; {note}"
        return about(state="not applicable", without=line.monthly, with_it=with_it, note=note)
    saved = difference(line.monthly, with_it)
    state: State = "available" if saved.expected > 0 else "not applicable"
    return about(state=state, without=line.monthly, with_it=with_it, saves=saved, note=note)


def smaller(bench: Bench, line: CostLine) -> Lever:
    """Take the next smaller type of the family where requests keep the vCPUs busy for less than 40 % of the time."""
    name = str(line.basis["instance_type"])
    about = partial(Lever, key="right-sizing", title="The next smaller instance type",
             family="infrastructure efficiency", model=line.model, how=f"models.{line.model}.serving.instance_type",
             risk="less memory and less reserve for peaks: load-test first",
             source=f"{_GUIDE}inference-recommender.html", instead_of=f"hosting/{line.model}")  # fmt: skip
    busy = busy_share(bench, line)
    below = _next_smaller(bench, name)
    said = "" if busy is None else f"its vCPUs are busy for {busy:.2%} of the time at most; "
    if below is None:
        return about(state="not applicable", note=f"{said}{name} is the smallest of its family with a price")
    if busy is None or busy >= _LOW_USE:
        return about(state="not applicable", note=f"{said or 'usage is unknown; '}a smaller type isn't advised")
    smaller_type, price = below
    with_it = line.basis["hours"] * price
    return about(state="available", without=line.monthly, with_it=with_it, saves=difference(line.monthly, with_it),
        note=f"{said}{smaller_type} instead of {name}")  # fmt: skip


def busy_share(bench: Bench, line: CostLine) -> Decimal | None:
    """Return the largest share of the fewest instances' vCPU time that requests take, in the active hours."""
    used, size = bench.usage.get(line.model), carbon_factors().instance(str(line.basis["instance_type"]))
    if used is None or size is None:
        return None
    seconds = used.range("requests_per_month").high * used.range("inference_ms").high / 1000
    hours = used.range("active_hours_per_day").low * used.range("active_days_per_week").low / (24 * 7) * HOURS
    capacity = line.basis["instances"].high * hours * 3600 * size.vcpus
    return seconds / capacity if capacity else None


def _next_smaller(bench: Bench, name: str) -> tuple[str, Range] | None:
    sizes = carbon_factors().instances
    own = sizes.get(name)
    if own is None:
        return None
    family = sorted(
        (entry for entry in sizes.values() if entry.family == own.family and entry.vcpus < own.vcpus),
        key=lambda entry: (-entry.vcpus, entry.type),
    )
    for entry in family:
        for kind in ("hosting", "instance"):
            if found := bench.price(f"sagemaker.{kind}.{entry.type}"):
                return entry.type, found.range
    return None


def faster(line: CostLine) -> Lever:
    """A quantised, distilled or cached model needs fewer instances only where traffic needs more than the fewest."""
    above = line.monthly - always_on(line)
    about = partial(Lever, key="faster-model", title="A smaller or faster model, or a cache of predictions",
             family="model optimisation", model=line.model,
             how=f"models.{line.model}.gates.max_optimised_loss measures what ONNX export costs in accuracy",
             risk="accuracy, which the pipeline's gates hold", source=f"{_GUIDE}model-optimize.html")  # fmt: skip
    if above.high <= 0:
        note = "the fleet is at its fewest instances whatever the traffic: a faster model frees none"
        return about(state="not applicable", note=note)
    note = "at most all instances beyond the fewest; how much is for a load test to say"
    return about(state="available", without=line.monthly, with_it=line.monthly, note=note,
        saves=Range(Decimal(0), Decimal(0), above.high))  # fmt: skip
