"""The package's schema and its reference page, derived from the components; `python -m` this module writes both."""

import json
from pathlib import Path
from typing import Any

from mlops_components import __version__, all_components

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "reference"
_INTRODUCTION = """\
# Components

The Pulumi package `mlops`: import a component in Python (`from mlops_components import DataLake`), or in any Pulumi
language from `components/` (`pulumi package add ./components`). Names here are Python's; other languages write them in
their own style. Types marked *plain* have to be known before deployment; the others also take outputs of resources.
This page and [components.schema.json](components.schema.json) are made by `python -m mlops_components.reference`.
"""


def package_schema() -> dict[str, Any]:
    """Return the schema Pulumi derives from the components, descriptions on one line each."""
    from pulumi.provider.experimental.component import ComponentProvider

    text = ComponentProvider(all_components(), "mlops", version=__version__).schema
    schema: dict[str, Any] = json.loads(text or "{}")
    return _flowing(schema)  # type: ignore[no-any-return]  # a dictionary stays one


def reference_page(schema: dict[str, Any]) -> str:
    """Return the reference page: a table of inputs and outputs for each component and type."""
    parts = [_INTRODUCTION]
    for token, component in sorted(schema["resources"].items()):
        parts.append(f"## {token.split(':')[-1]}\n\n{component['description']}\n")
        parts.append(_table(component["inputProperties"], component.get("requiredInputs", []), "Input"))
        parts.append(_table(component["properties"], component["properties"], "Output"))
    for token, record in sorted(schema["types"].items()):
        parts.append(f"## {token.split(':')[-1]}\n\n{record['description']}\n")
        parts.append(_table(record["properties"], record.get("required", []), "Field"))
    return "\n".join(parts)


def main() -> None:
    """Write both files."""
    schema = package_schema()
    (FOLDER / "components.schema.json").write_text(json.dumps(schema, indent=1) + "\n", encoding="utf-8")
    (FOLDER / "components.md").write_text(reference_page(schema), encoding="utf-8")


def _flowing(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _flowing(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_flowing(item) for item in value]
    return " ".join(value.split()) if isinstance(value, str) else value


def _table(properties: dict[str, Any], required: Any, heading: str) -> str:
    rows = [f"| {heading} | Type | |", "| --- | --- | --- |"]
    for name, about in properties.items():
        snake = "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name)
        must = " **required**" if name in required and heading != "Output" else ""
        rows.append(f"| `{snake}`{must} | {_type(about)} | {about['description'].replace('|', chr(92) + '|')} |")
    return "\n".join(rows) + "\n"


def _type(about: dict[str, Any]) -> str:
    if about.get("type") == "array":
        kind = f"list of {_type({**about['items'], 'plain': False})}"
    elif "additionalProperties" in about:
        kind = f"map of {_type({**about['additionalProperties'], 'plain': False})}"
    else:
        kind = about["$ref"].split(":")[-1] if "$ref" in about else about["type"]
    return f"{kind}, plain" if about.get("plain") else kind


if __name__ == "__main__":
    main()
