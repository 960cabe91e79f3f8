"""Headlines about endpoints: what they run on, which version is live, how it is released, and what is captured."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from mlops_estate.comparison.endpoints import Endpoint, Shift
from mlops_estate.comparison.headline_kinds import Facts, Headline, Level
from mlops_estate.comparison.release import refused, stages_of
from mlops_policies.ml_scaling_targets import TARGET
from mlops_policies.resource import Resource

FIGURES: Mapping[str, tuple[str, int, int]] = {
    "canary": ("canary", 40, 80),
    "rolling": ("rolling", 60, 60),
    "blue/green": ("blue-green", 25, 95),
}
"""Risk and ease of rollback of release strategies, in percent, as the article that this estate is built after has them
(deployment strategies: risk / speed / rollback). An all-at-once or linear shift counts as blue-green as long as the old
fleet stands by; without a bake it counts as none."""
_BLUE_GREEN = ("all at once", "linear")
UNMANAGED = "make it two commits: AWS refuses to change the instance type of a variant that is a scalable target"


def releases(facts: Facts) -> Iterator[Headline]:
    """Yield what changes of endpoints."""
    for old, new in facts.endpoints:
        if new.model not in facts.added:
            yield from _live(facts, old, new)
        if old is not None:
            yield from _instances(facts, old, new)
            yield from _strategy(old, new)
            yield from _alarms(old, new)
            yield from _capture(old, new)
    yield from _scaling(facts)


def _about(endpoint: Endpoint) -> dict[str, Any]:
    return {
        "subject": endpoint.model or endpoint.name,
        "model": endpoint.model,
        "urns": (endpoint.urn,),
        "noun": "endpoints",
    }


def _live(facts: Facts, old: Endpoint | None, new: Endpoint) -> Iterator[Headline]:
    """Yield the version that goes live."""
    if old is None:
        what = f"first deployment: version {new.version}" if new.version is not None else "first deployment"
        yield Headline(
            "notice", "version", what, detail="no guardrail: there is nothing to roll back to", **_about(new)
        )
        return
    if old.version == new.version or new.version is None or old.version is None:
        return
    told = next((each for each in facts.release if each.get("urn") == new.urn), None)
    detail = f"{new.shift}, at least {told['seconds']} s and the time to provision" if told else str(new.shift)
    back = new.version < old.version
    what = f"version {old.version} -> {new.version} ({'rollback' if back else 'promotion'})"
    yield Headline("warning" if back else "notice", "version", what, detail=detail, **_about(new))


def _instances(facts: Facts, old: Endpoint, new: Endpoint) -> Iterator[Headline]:
    cost = _cost_of(facts, new.model)
    if old.serverless != new.serverless:
        what = "serverless -> instances" if old.serverless else "instances -> serverless"
        yield Headline("warning", "instance-type", what, detail=cost, **_about(new))
        return
    if old.instance_types and new.instance_types and old.instance_types != new.instance_types:
        what = f"instance type {', '.join(old.instance_types)} -> {', '.join(new.instance_types)}"
        level: Level = "warning" if refused(old, new) else "notice"
        detail = "; ".join(filter(None, [UNMANAGED if level == "warning" else "", cost]))
        yield Headline(level, "instance-type", what, detail=detail, **_about(new))
    if old.instances is not None and new.instances is not None and old.instances != new.instances:
        fewer = new.instances < old.instances
        what = f"instance count {old.instances} -> {new.instances}"
        yield Headline("warning" if fewer else "notice", "instance-count", what, detail=cost, **_about(new))


def _cost_of(facts: Facts, model: str) -> str:
    """Return what a model costs more or less, where that is known."""
    for each in (facts.cost or {}).get("by_model", ()):
        if model and each.get("model") == model:
            delta = each["delta"]
            expected = float(delta["expected"] if isinstance(delta, Mapping) else delta)
            sign = "-" if expected < 0 else "+"
            return f"{sign}${abs(expected):,.2f} a month for the model" if abs(expected) >= 0.005 else ""
    return ""


def _strategy(old: Endpoint, new: Endpoint) -> Iterator[Headline]:
    """Yield a change of how traffic moves, and what it means for risk."""
    was, now = old.shift, new.shift
    if was == now:
        return
    first, then = _first_share(old), _first_share(new)
    named = str(was) != str(now)
    if named:
        weaker = then > first or (bool(was.wait) and not now.wait)
        detail = f"a bad version reaches {then} % of traffic at first instead of {first} %{_bake(was, now)}"
        detail += f". {_figures(was, now)}" if _figures(was, now) else ""
        yield Headline("warning" if weaker else "notice", "strategy", f"release {was} -> {now}", detail=detail,
                       **_about(new))  # fmt: skip
    else:
        parts = [
            f"{name} {before} s -> {after} s"
            for name, before, after in (
                ("bake", was.wait, now.wait),
                ("old fleet stands by", was.termination_wait, now.termination_wait),
                ("longest release", was.max_execution, now.max_execution),
            )
            if before != after
        ]
        shorter = now.wait < was.wait or now.termination_wait < was.termination_wait
        detail = "less time in which an alarm rolls back to a fleet that stands" if shorter else ""
        yield Headline("warning" if shorter else "notice", "strategy", f"release times: {', '.join(parts)}",
                       detail=detail, **_about(new))  # fmt: skip


def _first_share(endpoint: Endpoint) -> int:
    return int(next(stages_of(endpoint.shift, endpoint.instances))["traffic_percent"])


def _bake(was: Shift, now: Shift) -> str:
    if was.wait == now.wait:
        return f", for {now.wait} s before the next step" if now.wait and now.strategy != "all at once" else ""
    return f", bake {was.wait} s -> {now.wait} s"


def _figures(was: Shift, now: Shift) -> str:
    """Return the article's figures for both, where both have a counterpart there."""
    sides = [_figure(was), _figure(now)]
    if None in sides or sides[0] == sides[1]:
        return "without a bake there is no blue-green safety" if sides[1] is None and sides[0] else ""
    told = [f"{name} {risk} % / {back} %" for name, risk, back in (side for side in sides if side)]
    stands = f", while the old fleet stands by ({now.termination_wait} s)" if now.strategy in _BLUE_GREEN else ""
    return f"Risk / rollback by strategy: {' -> '.join(told)}{stands}"


def _figure(shift: Shift) -> tuple[str, int, int] | None:
    if shift.strategy in FIGURES:
        return FIGURES[shift.strategy]
    return FIGURES["blue/green"] if shift.wait or shift.termination_wait else None


def _alarms(old: Endpoint, new: Endpoint) -> Iterator[Headline]:
    """Yield rollback alarms that no longer guard releases."""
    names = {alarm.name for alarm in new.alarms}
    gone = [alarm.name for alarm in old.alarms if alarm.name not in names]
    if not gone:
        return
    what = (
        "no alarm rolls releases back any more" if not names else f"rollback alarm {', '.join(_short(gone, old))} gone"
    )
    level: Level = "warning" if names else "danger"
    yield Headline(level, "alarm", what, detail=f"{len(new.alarms)} of {len(old.alarms)} remain", **_about(new))


def _short(names: list[str], endpoint: Endpoint) -> list[str]:
    return [name.removeprefix(f"{endpoint.name}-") for name in names]


def _capture(old: Endpoint, new: Endpoint) -> Iterator[Headline]:
    """Yield captured data that become less: what monitors and retraining see."""
    if not old.configuration or not new.configuration:
        return
    was, now = captured(old.configuration), captured(new.configuration)
    if was is None or now is None or (now[0] >= was[0] and now[1] >= was[1]):
        return
    what = f"data capture {was[0]} % -> {now[0]} %" if now[0] < was[0] else f"data capture without {_less(was, now)}"
    yield Headline(
        "warning", "capture", what, detail="monitors and retraining see less of what is asked", **_about(new)
    )


def captured(configuration: Mapping[str, Any]) -> tuple[int, frozenset[str]] | None:
    """Return which percent of requests is captured, and of them what; None where that is unknown."""
    block = configuration.get("dataCaptureConfig")
    block = block[0] if isinstance(block, list) and len(block) == 1 else block
    if block is not None and not isinstance(block, Mapping):
        return None
    if not block or block.get("enableCapture") is False:
        return 0, frozenset()
    options = block.get("captureOptions") or []
    modes = frozenset(str(each.get("captureMode")) for each in options if isinstance(each, Mapping))
    modes = frozenset({"Input", "Output"}) if "InputAndOutput" in modes else modes
    percent = block.get("initialSamplingPercentage")
    return (int(percent), modes) if isinstance(percent, (int, float)) else None


def _less(was: tuple[int, frozenset[str]], now: tuple[int, frozenset[str]]) -> str:
    return " and ".join(sorted(was[1] - now[1])).lower()


def _scaling(facts: Facts) -> Iterator[Headline]:
    """Yield how far endpoints scale, where that changes."""
    olds = {it.urn: it for it in facts.old.of(TARGET)}
    news = {it.urn: it for it in facts.new.of(TARGET)}
    for urn in sorted(olds.keys() | news.keys()):
        model = facts.models.get(urn, "")
        if model in facts.added or model in facts.gone:
            continue
        was, now = _range(olds.get(urn)), _range(news.get(urn))
        if was == now:
            continue
        name = (news.get(urn) or olds[urn]).name
        level: Level = "warning" if now is None else "notice"
        what = "scaling removed" if now is None else f"scaling {was or 'off'} -> {now}"
        yield Headline(level, "scaling", what, model or name, "", model, (urn,))


def _range(target: Resource | None) -> str | None:
    if target is None:
        return None
    return f"{target.raw('minCapacity')} to {target.raw('maxCapacity')} instances"
