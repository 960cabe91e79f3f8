"""Validating one block: every fault of type, range and unknown key, then the rules across fields on what is sound."""

from __future__ import annotations

import copy
from collections.abc import Iterable
from typing import Any, Generic, TypeVar, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from mlops_estate.config.document import nearest
from mlops_estate.config.findings import Finding, RelativePath, Rule

BlockT = TypeVar("BlockT", bound=BaseModel)


class Checked(Generic[BlockT]):
    """A checked block: `value` where it is sound, `draft` where at least the rest of it could be read."""

    __slots__ = ("draft", "findings")

    def __init__(self, draft: BlockT | None, findings: list[Finding]) -> None:
        self.draft, self.findings = draft, findings

    @property
    def value(self) -> BlockT:
        """The sound block; ask only when there are no findings."""
        assert self.draft is not None
        assert not self.findings
        return self.draft


def check_block(model: type[BlockT], raw: Any, rules: Iterable[Rule]) -> Checked[BlockT]:
    """Validate `raw` and return every finding at once.

    Values that are wrong by themselves are left out, and missing ones filled with the field's example, so that rules
    across fields still run on the rest; what a rule finds on such a value isn't reported.
    """
    if not isinstance(raw, dict):
        return Checked(None, [Finding((), raw, f"must be a block of keys, not {_kind(raw)}", _block_fix(model))])
    try:
        block = model.model_validate(raw)
        findings: list[Finding] = []
    except ValidationError as error:
        findings = [_finding(model, details) for details in error.errors(include_url=False)]
        draft = _draft(model, raw, [finding.path for finding in findings])
        if draft is None:
            return Checked(None, findings)
        block = draft
    faulty = {finding.path for finding in findings}
    for rule in rules:
        for finding in rule(block):
            if not any(_touches(path, faulty) for path in (finding.path, *finding.involves)):
                findings.append(finding)
    return Checked(block, findings)


def _touches(path: RelativePath, faulty: set[RelativePath]) -> bool:
    return any(path[: len(bad)] == bad or bad[: len(path)] == path for bad in faulty)


def _draft(model: type[BlockT], raw: dict[str, Any], faulty: list[RelativePath]) -> BlockT | None:
    """Validate again without the faulty values; a required one is replaced by the field's example."""
    data = copy.deepcopy(raw)
    for path in sorted(faulty, key=lambda item: (len(item), str(item)), reverse=True):
        whole = _up_to_list(path)
        example = _example(model, whole)
        _replace(data, whole, example)
    try:
        return model.model_validate(data)
    except ValidationError:  # a whole required block was wrong: its own faults are reported, the rules wait
        return None


def _up_to_list(path: RelativePath) -> RelativePath:
    """Cut a path before its first list position: a list with a wrong item is left out as a whole."""
    for index, part in enumerate(path):
        if isinstance(part, int):
            return path[:index]
    return path


def _replace(data: dict[str, Any], path: RelativePath, example: Any) -> None:
    holder: Any = data
    for part in path[:-1]:
        if not isinstance(holder, dict) or part not in holder:
            return
        holder = holder[part]
    if isinstance(holder, dict):
        holder.pop(str(path[-1]), None)
        if example is not None:
            holder[str(path[-1])] = example


def _example(model: type[BaseModel], path: RelativePath) -> Any:
    """Return the example of a required field, None for an optional or unknown one."""
    at: type[BaseModel] | None = model
    field = None
    for part in path:
        field = at.model_fields.get(str(part)) if at else None
        at = block_of(field.annotation) if field else None
    return field.examples[0] if field is not None and field.is_required() and field.examples else None


def block_of(annotation: Any) -> type[BaseModel] | None:
    """Return the block that a field holds, None for plain values."""
    for candidate in (annotation, *get_args(annotation)):
        if isinstance(candidate, type) and issubclass(candidate, BaseModel):
            return candidate
    return None


def _block_at(model: type[BaseModel], path: RelativePath) -> type[BaseModel]:
    at = model
    for part in path:
        field = at.model_fields.get(str(part))
        inner = block_of(field.annotation) if field else None
        if inner is None:
            break
        at = inner
    return at


def _finding(model: type[BaseModel], details: ErrorDetails) -> Finding:
    path = tuple(details["loc"])
    kind = details["type"]
    value = details.get("input")
    if kind == "extra_forbidden":
        block = _block_at(model, path[:-1])
        if elsewhere := getattr(block, "ELSEWHERE", {}).get(str(path[-1])):
            return Finding(path, value, "unknown key", f"use `{elsewhere}`")
        known = sorted(block.model_fields)
        close = nearest(str(path[-1]), known)
        fix = f"did you mean `{close}`?" if close else f"remove it; known here: {', '.join(known)}"
        return Finding(path, value, "unknown key", fix)
    if kind == "missing":
        example = _example(model, path)
        return Finding(path, None, "is required", f"add it, for example `{path[-1]}: {_yaml(example)}`")
    context = details.get("ctx", {})
    rule, fix = _rule_and_fix(kind, context, value, details["msg"])
    example = _field_example(model, path)
    if "pattern" in context and example is not None:
        fix = f"write it like `{_yaml(example)}`"
    return Finding(path, value, rule, fix)


def _field_example(model: type[BaseModel], path: RelativePath) -> Any:
    names = [part for part in path if isinstance(part, str)]
    if not names:
        return None
    field = _block_at(model, tuple(names[:-1])).model_fields.get(names[-1])
    example = field.examples[0] if field is not None and field.examples else None
    return example[0] if isinstance(example, list) and isinstance(path[-1], int) else example


_TYPES = {
    "string_type": ("a string", 'quote it: "{value}"'),
    "int_type": ("a whole number", "write a number without quotes, point or unit"),
    "float_type": ("a number", "write a number without quotes or unit"),
    "bool_type": ("true or false", "write true or false, without quotes"),
    "list_type": ("a list", "write one item per line, each after `- `"),
    "model_type": ("a block of keys", "indent the keys below it"),
    "dict_type": ("a block of keys", "indent the keys below it"),
    "model_attributes_type": ("a block of keys", "indent the keys below it"),
}

_BOUNDS = {
    "greater_than_equal": "at least {ge}",
    "greater_than": "more than {gt}",
    "less_than_equal": "at most {le}",
    "less_than": "less than {lt}",
    "too_short": "at least {min_length} items",
    "too_long": "at most {max_length} items",
    "string_too_short": "at least {min_length} characters",
    "string_too_long": "at most {max_length} characters",
}


def _rule_and_fix(kind: str, context: dict[str, Any], value: Any, message: str) -> tuple[str, str]:
    if kind in _TYPES:
        wanted, fix = _TYPES[kind]
        if kind == "string_type" and (value is None or isinstance(value, dict | list)):
            fix = "write a single text value"
        return f"must be {wanted}, not {_kind(value)}", fix.format(value=value)
    if kind in _BOUNDS:
        wanted = _BOUNDS[kind].format(**context)
        return f"must be {wanted}", f"use {wanted}"
    if kind == "literal_error":
        choices = [choice.strip("'") for choice in str(context["expected"]).replace(" or ", ", ").split(", ")]
        close = _closest(value, choices)
        return (
            f"must be one of {', '.join(choices)}",
            f"did you mean `{close}`?" if close else f"use one of {', '.join(choices)}",
        )
    if kind == "string_pattern_mismatch":
        return f"must match {context['pattern']}", "write it in that form"
    return message[:1].lower() + message[1:], "see docs/reference/configuration.md"


def _closest(value: Any, choices: list[str]) -> str:
    if isinstance(value, int) and all(choice.isdigit() for choice in choices):
        return min(choices, key=lambda choice: abs(int(choice) - value))
    return nearest(str(value), choices)


def _kind(value: Any) -> str:
    names: dict[type, str] = {
        bool: "a boolean", int: "a number", float: "a number", str: "a string", list: "a list",
        dict: "a block of keys", type(None): "nothing",
    }  # fmt: skip
    return names.get(type(value), type(value).__name__)


def _block_fix(model: type[BaseModel]) -> str:
    return f"indent its keys below it: {', '.join(model.model_fields)}"


def _yaml(value: Any) -> str:
    if isinstance(value, list):
        return "[" + ", ".join(_yaml(item) for item in value) + "]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {_yaml(item)}" for key, item in value.items()) + "}"
    if isinstance(value, str) and (value.isdigit() or not value):
        return f'"{value}"'
    return "..." if value is None else str(value).lower() if isinstance(value, bool) else str(value)
