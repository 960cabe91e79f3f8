"""Headlines about training: gates that let more pass, and what changes of a pipeline and its definition."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from mlops_estate.comparison.headline_kinds import CHECKSUM, Facts, Headline, Level
from mlops_estate.comparison.headlines_resources import leaves
from mlops_estate.comparison.model import PropertyChange
from mlops_estate.graph import ResourceNode
from mlops_policies.values import has_unknown

COMPONENT = "mlops:index:TrainingPipeline"
PIPELINE = "aws:sagemaker/pipeline:Pipeline"
_LOWER_IS_LOOSER = frozenset({"robustness_epsilon", "min_records", "drift_p_value"})
_ERRORS = frozenset({"rmse", "mae"})
"""Metrics of which less is better: their threshold is the most (`mlops_pipelines.settings.GateSettings`)."""
_NOT_TRAINING = frozenset({"card", "gates", "data_quality"})
_SHOWN = 4


def pipelines(facts: Facts) -> Iterator[Headline]:
    """Yield what changes of the models' training."""
    before, after = facts.comparison.before, facts.comparison.after
    told: set[str] = set()
    for node in after.components():
        old = before.nodes.get(node.urn)
        if node.type == COMPONENT and old is not None:
            for headline in _component(facts, old, node):
                told.add(headline.model)
                yield headline
    for change in facts.changes("change"):
        old, new = facts.was(change), after.nodes.get(change.urn)
        if change.type == PIPELINE and old is not None and new is not None:
            yield from _definition(change.model, old, new, change.name, quiet=change.model in told)


def _component(facts: Facts, old: ResourceNode, new: ResourceNode) -> Iterator[Headline]:
    model = str(new.inputs.get("model") or facts.models.get(new.urn, ""))
    subject = model or new.name
    looser: list[str] = []
    tighter: list[str] = []
    for group in ("gates", "data_quality"):
        was, now = (_mapping(node.inputs.get(group)) for node in (old, new))
        errors = now.get("metric", was.get("metric")) in _ERRORS
        for name in sorted(was.keys() | now.keys()):
            if was.get(name) == now.get(name) or name == "split":
                continue
            text = f"{name} {_shown(was.get(name))} -> {_shown(now.get(name))}"
            direction = _direction(name, was.get(name), now.get(name), errors=errors)
            (tighter if direction == "tighter" else looser).append(text)
    urns = (new.urn,)
    if looser:
        detail = "more models pass what stands before registration"
        yield Headline("warning", "gates", f"gates loosened: {', '.join(looser)}", subject, detail, model, urns)
    if tighter:
        yield Headline("notice", "gates", f"gates tightened: {', '.join(tighter)}", subject, "", model, urns)
    if settings := _settings(old, new):
        more = f" and {len(settings) - _SHOWN} more" if len(settings) > _SHOWN else ""
        what = f"training: {', '.join(settings[:_SHOWN])}{more}"
        yield Headline("notice", "pipeline", what, subject, "the next model is made otherwise", model, urns)


def _direction(name: str, was: Any, now: Any, *, errors: bool) -> str:
    """Return whether a gate lets more pass: `looser`, also where that can't be told, or `tighter`."""
    if was is None or now is None or isinstance(was, str) or isinstance(now, str):
        return "tighter" if was is None and not isinstance(now, str) else "looser"
    fewer_pass_by_more = name in _LOWER_IS_LOOSER or (name == "threshold" and not errors)
    return "tighter" if (now > was) is fewer_pass_by_more else "looser"


def _settings(old: ResourceNode, new: ResourceNode) -> list[str]:
    """Return the settings of training that differ, in words."""
    found = []
    for name in sorted(old.inputs.keys() | new.inputs.keys()):
        was, now = old.inputs.get(name), new.inputs.get(name)
        if was == now or name in _NOT_TRAINING or has_unknown(was) or has_unknown(now):
            continue
        for path, before, after in leaves((PropertyChange(name, "change", was, now),)):
            found.append(f"{path} {_shown(before)} -> {_shown(after)}")
    split = [_mapping(node.inputs.get("data_quality")).get("split") for node in (old, new)]
    return [*found, f"split {split[0]} -> {split[1]}"] if split[0] != split[1] else found


def _definition(model: str, old: ResourceNode, new: ResourceNode, name: str, *, quiet: bool) -> Iterator[Headline]:
    """Yield what differs between two definitions; without steps that come or go nothing where `quiet`.

    Code is named by its checksum in every step that reads it, so that is told apart.
    """
    texts = [_text(node.inputs.get("pipelineDefinition")) for node in (old, new)]
    was, now = (_document(CHECKSUM.sub("<checksum>", text)) for text in texts)
    if was is None or now is None or texts[0] == texts[1]:
        return
    parts, detail = _steps_changed(was, now)
    if quiet and not any(part.endswith(("removed", "added")) for part in parts):
        return
    if was.get("Parameters") != now.get("Parameters"):
        parts.append("parameters changed")
    if set(CHECKSUM.findall(texts[0])) != set(CHECKSUM.findall(texts[1])):
        parts.append("other code")
    if parts:
        level: Level = "warning" if any(part.endswith("removed") for part in parts) else "notice"
        yield Headline(level, "pipeline", f"pipeline: {', '.join(parts)}", model or name, detail, model, (new.urn,),
                       "pipelines")  # fmt: skip


def _steps_changed(was: Mapping[str, Any], now: Mapping[str, Any]) -> tuple[list[str], str]:
    """Return which steps come, go and change, and what changes of those that stay."""
    olds, news = steps_of(was), steps_of(now)
    other = [each for each in news if each in olds and olds[each] != news[each]]
    parts = [f"step {each} removed" for each in olds if each not in news]
    parts += [f"step {each} added" for each in news if each not in olds]
    if len(other) > _SHOWN:
        parts.append(f"{len(other)} steps changed")
    elif other:
        parts.append(f"step{'' if len(other) == 1 else 's'} {', '.join(other)} changed")
    return parts, "; ".join(_changed(each, olds[each], news[each]) for each in other[:_SHOWN])


def steps_of(definition: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """Return the steps of a pipeline definition by name, those within conditions too."""
    found: dict[str, Mapping[str, Any]] = {}
    waiting = list(definition.get("Steps") or ())
    while waiting:
        step = waiting.pop(0)
        if not isinstance(step, Mapping):
            continue
        inner = _mapping(step.get("Arguments"))
        branches = [each for key in ("IfSteps", "ElseSteps") for each in inner.get(key) or ()]
        waiting += branches
        own = {key: value for key, value in inner.items() if key not in ("IfSteps", "ElseSteps")}
        found[str(step.get("Name"))] = {**step, "Arguments": own}
    return found


def _changed(name: str, was: Mapping[str, Any], now: Mapping[str, Any]) -> str:
    paths = [path for path, _, _ in leaves((PropertyChange("", "change", dict(was), dict(now)),))]
    shown = [path.lstrip(".").removeprefix("Arguments.") for path in paths]
    more = f" and {len(shown) - 2} more" if len(shown) > 2 else ""
    return f"{name}: {', '.join(shown[:2])}{more}"


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, sort_keys=True)


def _document(text: str) -> Mapping[str, Any] | None:
    try:
        found = json.loads(text)
    except ValueError:
        return None
    return found if isinstance(found, Mapping) else None


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _shown(value: Any) -> str:
    return "none" if value is None else str(value)
