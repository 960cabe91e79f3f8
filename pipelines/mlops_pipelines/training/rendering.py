"""Fill the kept pipeline definition with what only the estate knows: names, ARNs, subnets, instance types."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

DEFINITION = Path(__file__).with_name("definition.json")
"""The compiled definition; `python -m mlops_pipelines.training.compile` writes it."""

Value = str | int | float | bool | Sequence[str]

_KINDS: Mapping[str, str] = {
    **dict.fromkeys(
        (
            "processing_role_arn", "registry_role_arn", "training_role_arn", "signing_role_arn", "verifying_role_arn",
            "image_uri", "steps_image_uri", "source_uri", "input_data_uri", "snapshot_uri", "models_uri",
            "checkpoints_uri", "reports_uri", "model_package_group", "signing_key_arn", "volume_key_arn",
            "output_key_arn", "data_key_arn", "processing_instance_type", "training_instance_type", "search", "region",
        ),
        "text",
    ),
    "subnet_ids": "list of text",
    "security_group_ids": "list of text",
    "training_max_runtime_seconds": "whole number",
    "training_max_wait_seconds": "whole number",
    "use_spot": "boolean",
    "seed": "whole number",
}  # fmt: skip

PLACEHOLDERS: frozenset[str] = frozenset(_KINDS)
"""The names that a definition leaves open. Prefixes (`*_uri` but for `source_uri`) carry no trailing slash.

`output_key_arn` encrypts the model and its checkpoints, `data_key_arn` what processing jobs write: snapshots, baselines
and evaluations, whose buckets may refuse another key.
"""
_DEFAULTS: Mapping[str, str] = {"data_key_arn": "output_key_arn"}

_PLACEHOLDER = re.compile(r"\$\{([a-z_]+)\}")


def load_definition() -> dict[str, Any]:
    """Return the kept definition with its `${placeholder}` strings, freshly read at each call."""
    definition: dict[str, Any] = json.loads(DEFINITION.read_text(encoding="utf-8"))
    return definition


def render_definition(values: Mapping[str, Value]) -> str:
    """Return the JSON text that CreatePipeline takes.

    A string that is exactly one placeholder takes the value's own type, so lists, numbers and booleans stay what they
    are; inside a longer string a placeholder is replaced as text. Without managed spot the waiting time is left out,
    since CreateTrainingJob accepts MaxWaitTimeInSeconds only with it (API reference, StoppingCondition).

    Raises `ValueError` naming every missing and unknown placeholder, every value of the wrong type, and a waiting time
    below the run time. `data_key_arn` may be left out: it is `output_key_arn` then.
    """
    values = {**{name: values[other] for name, other in _DEFAULTS.items() if other in values}, **values}
    faults = [*_name_faults(values), *_value_faults(values)]
    if faults:
        raise ValueError("the training definition cannot be rendered: " + "; ".join(faults))
    rendered = _fill(load_definition(), values)
    if not values["use_spot"]:
        for step in rendered["Steps"]:
            if step["Type"] == "Training":
                step["Arguments"]["StoppingCondition"].pop("MaxWaitTimeInSeconds", None)
    return json.dumps(rendered, separators=(",", ":"), ensure_ascii=False)


def _name_faults(values: Mapping[str, Value]) -> Iterator[str]:
    if missing := sorted(PLACEHOLDERS - values.keys()):
        yield f"no value for {', '.join(missing)}"
    if unknown := sorted(values.keys() - PLACEHOLDERS):
        yield f"unknown placeholder {', '.join(unknown)} (known: {', '.join(sorted(PLACEHOLDERS))})"


def _value_faults(values: Mapping[str, Value]) -> Iterator[str]:
    sound = True
    for name, kind in _KINDS.items():
        if name in values and not _is(values[name], kind):
            sound = False
            yield f"{name} = {values[name]!r} is not a {kind}"
    if not sound or not {"use_spot", "training_max_wait_seconds", "training_max_runtime_seconds"} <= values.keys():
        return
    wait, run = values["training_max_wait_seconds"], values["training_max_runtime_seconds"]
    if values["use_spot"] and isinstance(wait, int) and isinstance(run, int) and wait < run:
        yield f"training_max_wait_seconds = {wait} is below training_max_runtime_seconds = {run}: raise it"


def _is(value: Any, kind: str) -> bool:
    match kind:
        case "text":
            return isinstance(value, str) and value != ""
        case "list of text":
            return (
                isinstance(value, Sequence)
                and not isinstance(value, str)
                and len(value) > 0
                and all(isinstance(item, str) for item in value)
            )
        case "whole number":
            return isinstance(value, int) and not isinstance(value, bool)
        case _:
            return isinstance(value, bool)


def _fill(node: Any, values: Mapping[str, Value]) -> Any:
    if isinstance(node, dict):
        return {key: _fill(item, values) for key, item in node.items()}
    if isinstance(node, list):
        return [_fill(item, values) for item in node]
    if not isinstance(node, str):
        return node
    if whole := _PLACEHOLDER.fullmatch(node):
        value = values[whole[1]]
        return value if isinstance(value, (str, int, float)) else list(value)
    return _PLACEHOLDER.sub(lambda found: str(values[found[1]]), node)
