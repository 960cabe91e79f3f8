"""`docs/reference/configuration.md` and the JSON Schema file beside it, made from the models themselves.

`python -m mlops_estate.config.reference` writes both; a test holds them current.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from mlops_estate.config.blocks import block_of
from mlops_estate.config.classes import CLASSES, ClassDefault
from mlops_estate.config.estate import EstateBlock
from mlops_estate.config.models import ModelBlock
from mlops_estate.config.rules import ESTATE_RULES, MODEL_RULES
from mlops_estate.config.schema import json_schema

REFERENCE = Path(__file__).resolve().parents[3] / "docs" / "reference"

_INTRODUCTION = """\
# Configuration

<!-- Made by `python -m mlops_estate.config.reference`; a test holds it current. -->

One file per environment, `Pulumi.<environment>.yaml`, with two keys below `config`: `mlops-estate:estate`, what the
models of the environment share, and `mlops-estate:models`, one block for each model. A model needs `data` and `label`,
and one that concerns people `protected_attribute`:

```yaml
config:
  mlops-estate:estate:
    account: "123456789012"
    region: eu-west-1
    zones: [eu-west-1a]
    registry: {account: "123456789012"}
  mlops-estate:models:
    mortgage-approval:
      data: data/mortgage-approval/hmda_boston_mortgages.csv
      label: deny
      protected_attribute: afam
```

`estate config check ENV` reports every fault with its path, line, rule and fix; `estate up`, `estate preview` and
`pulumi up` do the same before anything is made. [configuration.schema.json](configuration.schema.json) is the JSON
Schema of the whole file: editors with the YAML language server complete keys from it. Unknown keys are refused. `yes`,
`no`, `on` and `off` are text, as Pulumi reads them; account numbers are quoted.

A default that differs by environment class is given as **dev / staging / prod**.
"""


def markdown() -> str:
    """Return the reference of every key, with its default by environment class, and of the rules across keys."""
    lines = [_INTRODUCTION]
    for title, block, rules in (
        ("mlops-estate:estate", EstateBlock, ESTATE_RULES),
        ("mlops-estate:models, each model", ModelBlock, MODEL_RULES),
    ):
        lines += [f"## {title}", "", *_tables(block, ""), "Rules across keys:", ""]
        lines += [f"- {_sentence(rule.__doc__ or '')}" for rule in rules]
        lines.append("")
    lines += [
        "Names are measured after prefixing: an endpoint, a job definition and a package group have at most 63",
        "characters, a feature group and a role 64, a bucket 63 (`{prefix}-access-logs-{account}-{region}` is the",
        "longest).",
        "",
    ]
    return "\n".join(lines)


def _tables(model: type[BaseModel], path: str) -> Iterator[str]:
    if path:
        yield from (f"### `{path}`", "")
    yield from (_sentence(model.__doc__ or ""), "", "| key | type | default | meaning |", "| --- | --- | --- | --- |")
    inner: list[tuple[str, type[BaseModel]]] = []
    for name, field in model.model_fields.items():
        block = block_of(field.annotation)
        if block is not None:
            inner.append((f"{path}.{name}".lstrip("."), block))
        yield f"| `{name}` | {_type(field)} | {_default(name, field)} | {_cell(field.description or '')} |"
    yield ""
    for below, block in inner:
        yield from _tables(block, below)


def _type(field: FieldInfo) -> str:
    if block_of(field.annotation) is not None:
        return "block by name" if get_origin(field.annotation) is dict else "block"
    return _named(field.annotation) + _range(field.metadata)


def _named(annotation: Any) -> str:
    arguments = get_args(annotation)
    if get_origin(annotation) is Literal:
        return (", " if isinstance(arguments[0], int) else " \\| ").join(f"`{choice}`" for choice in arguments)
    if get_origin(annotation) is list:
        return f"list of {_named(arguments[0])}"
    if get_origin(annotation) is dict:
        return f"{_named(arguments[1])} by name"
    if arguments:  # Annotated, or a type or None
        return _named(next(argument for argument in arguments if argument is not type(None)))
    return {str: "text", int: "whole number", float: "number", bool: "true \\| false"}[annotation]


def _range(metadata: list[Any]) -> str:
    low = next((f"≥ {item.ge:g}" for item in metadata if hasattr(item, "ge")), "")
    above = next((f"> {item.gt:g}" for item in metadata if hasattr(item, "gt")), "")
    high = next((f"≤ {item.le:,}" for item in metadata if hasattr(item, "le")), "")
    parts = [part for part in (low, above, high) if part]
    return f", {', '.join(parts)}" if parts else ""


def _default(name: str, field: FieldInfo) -> str:
    if isinstance(field.default_factory, ClassDefault):
        values = [_value(field.default_factory.values[known]) for known in CLASSES]
        return values[0] if len(set(values)) == 1 else " / ".join(values)
    if name == "environment_class":
        return "the environment's name"
    if field.is_required():
        return "**required**"
    if block_of(field.annotation) is not None:
        return "see below"
    default = field.get_default(call_default_factory=True)
    if default is None or default is PydanticUndefined or default == "":
        return "none"
    return _value(default)


def _value(value: Any) -> str:
    if isinstance(value, list):
        return f"`[{', '.join(f'{item:g}' if isinstance(item, float) else str(item) for item in value)}]`"
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _sentence(text: str) -> str:
    return " ".join(text.split())


def schema_text() -> str:
    """Return the JSON Schema as the file has it."""
    return json.dumps(json_schema(), indent=2, ensure_ascii=False) + "\n"


def main() -> None:
    """Write both files."""
    REFERENCE.mkdir(parents=True, exist_ok=True)
    (REFERENCE / "configuration.md").write_text(markdown(), encoding="utf-8")
    (REFERENCE / "configuration.schema.json").write_text(schema_text(), encoding="utf-8")


if __name__ == "__main__":
    main()
