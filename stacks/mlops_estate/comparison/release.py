"""How the releases of a change go: the stages of SageMaker's deployment guardrails, with their times and cautions.

Sources: SageMaker developer guide, "Deployment guardrails" (blue/green with all at once, canary and linear traffic
shifting; rolling deployments; exclusions), "Update endpoints that use auto scaling"; SageMaker API reference,
TrafficRoutingConfig, BlueGreenUpdatePolicy, RollingUpdatePolicy, CapacitySize.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from mlops_estate.comparison.endpoints import Endpoint, Shift, endpoints_of
from mlops_estate.comparison.model import Comparison, ResourceChange

DURATION = "at least: the time that SageMaker takes to provision instances and to load the model comes on top"
"""What every duration of a timetable leaves out."""
_AUTOSCALED = (
    "AWS refuses the update: the instance type of a variant changes while it is a scalable target; make it two "
    "commits, scaling off first, then the change and scaling on"
)


def release_timetable(comparison: Comparison) -> list[dict[str, Any]]:
    """Return the releases that the change makes, by model and endpoint, as JSON data.

    `seconds` is how long a release takes at least, and `at_seconds` counts from when traffic first moves.
    """
    changes = {change.urn: change for change in comparison.changes}
    before, after = endpoints_of(comparison.before), endpoints_of(comparison.after)
    olds = {endpoint.urn: endpoint for endpoint in before.values()} | _by_alias(comparison, before)
    found = []
    for urn, endpoint in after.items():
        old = olds.get(urn)
        reasons = _reasons(old, endpoint, changes)
        if reasons:
            found.append(_release(old, endpoint, reasons, changes))
    return sorted(found, key=lambda release: (release["model"], release["endpoint"]))


def _by_alias(comparison: Comparison, before: dict[str, Endpoint]) -> dict[str, Endpoint]:
    """Return endpoints of before under the URN that they have now."""
    return {
        urn: before[alias]
        for urn, node in comparison.after.nodes.items()
        for alias in node.aliases
        if isinstance(alias, str) and alias in before and urn not in before
    }


def _reasons(old: Endpoint | None, new: Endpoint, changes: dict[str, ResourceChange]) -> list[str]:
    """Return why an endpoint is released anew; nothing where it stays as it is."""
    if old is None:
        return ["first deployment"]
    change = changes.get(new.urn)
    found = []
    if change is not None and change.action == "replace":
        found.append("the endpoint is replaced")
    if old.version != new.version:
        back = old.version is not None and new.version is not None and new.version < old.version
        found.append(f"{'rollback' if back else 'promotion'}: version {_or(old.version)} -> {_or(new.version)}")
    if old.serverless != new.serverless:
        found.append("serverless -> instances" if old.serverless else "instances -> serverless")
    elif old.instance_types != new.instance_types:
        found.append(f"instance type {_joined(old.instance_types)} -> {_joined(new.instance_types)}")
    if not new.serverless and not old.serverless and old.instances != new.instances:
        found.append(f"instance count {_or(old.instances)} -> {_or(new.instances)}")
    configured = changes.get(new.configuration_urn)
    if not found and (old.configuration_urn != new.configuration_urn or configured is not None):
        found.append(f"endpoint configuration: {_what(configured)}")
    if old.shift != new.shift:
        found.append(f"deployment configuration: {old.shift} -> {new.shift}" if str(old.shift) != str(new.shift)
                     else "deployment configuration: its times")  # fmt: skip
    elif {alarm.name for alarm in old.alarms} != {alarm.name for alarm in new.alarms}:
        found.append("deployment configuration: its rollback alarms")
    return found


def _what(configured: ResourceChange | None) -> str:
    """Return which properties of an endpoint configuration differ."""
    if configured is None:
        return "another one"
    names = sorted({change.path.split(".")[0].split("[")[0] for change in configured.properties})
    return ", ".join(names) or "another one"


def _release(
    old: Endpoint | None, new: Endpoint, reasons: list[str], changes: dict[str, ResourceChange]
) -> dict[str, Any]:
    unguarded = old is None or reasons[0] == "the endpoint is replaced"
    shift = Shift() if not new.guarded else new.shift
    stages = _created() if unguarded else list(stages_of(shift, new.instances))
    return {
        "model": new.model,
        "endpoint": new.name,
        "from_version": old.version if old else None,
        "to_version": new.version,
        "reason": "; ".join(reasons),
        "strategy": "none: created" if unguarded else str(shift),
        "stages": stages,
        "seconds": stages[-1]["until_seconds"],
        "duration": DURATION,
        "rollback_alarms": [alarm.name for alarm in new.alarms],
        "cautions": list(_cautions(old, new, shift, reasons)),
        "urn": new.urn,
    }


def _created() -> list[dict[str, Any]]:
    what = "created with all traffic: there is no fleet before it to roll back to"
    return [{"at_seconds": 0, "until_seconds": 0, "traffic_percent": 100, "what": what}]


def stages_of(shift: Shift, instances: int | None) -> Iterator[dict[str, Any]]:
    """Yield the stages of a shift; `traffic_percent` is what the new fleet serves in each.

    Every step bakes for the wait interval, the last one too; a blue/green deployment then keeps the old fleet for the
    termination wait. A rolling deployment ends each batch of the old fleet as it goes.
    """
    at = 0
    shares = _shares(shift, instances)
    for number, share in enumerate(shares, start=1):
        last = number == len(shares)
        what = _step(shift, number, len(shares))
        baked = f"{what}; {'the last bake' if last else 'bake'}: alarms are watched" if shift.wait else what
        yield {"at_seconds": at, "until_seconds": at + shift.wait, "traffic_percent": share, "what": baked}
        at += shift.wait
    if shift.strategy != "rolling":
        what = "the old fleet stands by, then ends" if shift.termination_wait else "the old fleet ends at once"
        yield {"at_seconds": at, "until_seconds": at + shift.termination_wait, "traffic_percent": 100, "what": what}


def _step(shift: Shift, number: int, steps: int) -> str:
    if shift.strategy == "canary":
        return "canary" if number == 1 else "all the rest moves"
    if shift.strategy == "rolling":
        return f"batch {number} of {steps}: provisioned, turned on, and as much of the old fleet ended"
    return f"step {number} of {steps}" if shift.strategy == "linear" else "all traffic moves at once"


def _shares(shift: Shift, instances: int | None) -> list[int]:
    """Return the percent of traffic on the new fleet after each step."""
    step = _percent(shift, instances)
    if shift.strategy == "all at once":
        return [100]
    if shift.strategy == "canary":
        return [step, 100]
    return [min(100, step * number) for number in range(1, math.ceil(100 / step) + 1)]


def _percent(shift: Shift, instances: int | None) -> int:
    if shift.size_type == "INSTANCE_COUNT":
        return min(100, max(1, round(100 * shift.size / instances))) if instances else 100
    return min(100, max(1, shift.size))


def _cautions(old: Endpoint | None, new: Endpoint, shift: Shift, reasons: list[str]) -> Iterator[str]:
    """Yield what a reviewer should know before the release."""
    if old is None:
        yield "a first deployment has no guardrail: nothing bakes, and no alarm rolls it back"
        return
    if reasons[0] == "the endpoint is replaced":
        yield "a replaced endpoint has no guardrail: it is gone until its successor stands, and nothing rolls back"
        return
    if refused(old, new):
        yield _AUTOSCALED
    if all(reason.startswith("deployment configuration") for reason in reasons):
        yield "nothing but the deployment configuration changes: the timetable is that of the next release"
    if new.keeps_count and old.instances != new.instances:
        yield "the number of instances that runs is kept: the new count is for an endpoint created anew"
    yield from _of_the_shift(new, shift)
    yield from _of_the_alarms(new, shift)


def refused(old: Endpoint, new: Endpoint) -> bool:
    """Whether AWS refuses the update: an instance type changes while the variant is a scalable target."""
    types = {variant.name: variant.instance_type for variant in old.variants}
    changed = any(
        variant.name in types and types[variant.name] != variant.instance_type for variant in new.variants
    )  # fmt: skip
    # What the same commit drops, the engine deletes after its updates: the target is registered still.
    return old.autoscaled and changed


def _of_the_shift(new: Endpoint, shift: Shift) -> Iterator[str]:
    if not new.guarded:
        yield "Inf1 instances have no guardrails: all traffic moves at once, without a last bake"
    if new.serverless and shift.strategy == "rolling":
        yield "a rolling deployment excludes serverless endpoints: AWS refuses it"
    elif new.serverless and shift.strategy != "all at once":
        yield "a serverless endpoint has no instances to turn on in steps: reckon with all traffic at once"
    if shift.strategy == "rolling" and len(new.variants) > 1:
        yield "a rolling deployment excludes endpoints of several variants: AWS refuses it"
    step, count = _percent(shift, new.instances), new.instances
    if shift.strategy != "all at once" and count and step * count < 100:
        share = math.ceil(100 / count)
        yield f"{step} % of {count} instance(s) is less than one: reckon with {share} % in the first step"
    total = sum(stage["until_seconds"] - stage["at_seconds"] for stage in stages_of(shift, new.instances))
    if shift.max_execution is not None and total >= shift.max_execution:
        yield (
            f"the waits take {total} s, and the release may take {shift.max_execution} s: "
            "SageMaker wants more time than all waits, and rolls back what takes longer"
        )


def _of_the_alarms(new: Endpoint, shift: Shift) -> Iterator[str]:
    if not new.alarms:
        yield "no alarm rolls the release back"
    elif not shift.wait:
        yield "there is no bake: the alarms are hardly watched before all traffic has moved"
    slow = [alarm for alarm in new.alarms if alarm.seconds > shift.wait]
    if new.alarms and shift.wait and slow:
        longest = max(alarm.seconds for alarm in slow)
        names = ", ".join(alarm.name for alarm in slow)
        yield f"a bake of {shift.wait} s is shorter than the {longest} s that an alarm takes to go off: {names}"


def _or(value: Any) -> str:
    return "unknown" if value is None else str(value)


def _joined(texts: tuple[str, ...]) -> str:
    return ", ".join(texts) or "unknown"
