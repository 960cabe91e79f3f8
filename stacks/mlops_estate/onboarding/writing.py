"""The texts of a new model: its schema, the skeleton of its provenance, its block in an environment's file."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import yaml

from mlops_estate.onboarding.inference import Column, Inferred
from mlops_estate.onboarding.ranges import shown
from mlops_estate.onboarding.table import Table

MONITORS = ("model_quality", "bias", "explainability")
"""Monitors that make demands on label or protected column, in the order of the configuration."""


def schema_text(table: Table, inferred: Inferred) -> str:
    """Return `schema.yaml`: one line for each column, with `# review` where something was guessed."""
    identifier = inferred.identifier
    lines = [
        f"# Columns of {_comment(table.path.name)}, in the file's order. Made by `estate model add` of "
        f"{table.records} records.",
        "# Review each line: a range is closed and should be what the domain allows, not only what this file holds; a",
        "# value outside, or a new value of a category, is a fault of the data and ends a run. Roles: feature (the",
        "# default), label, protected (fairness is measured by it), identifier and ignored; only features train.",
        "# Ingestion adds the record identifier (unless it is a column) and the event time.",
        f"record_identifier: {_scalar(identifier.name if identifier else 'record_id')}",
        "event_time: event_time",
        "columns:",
        *(_line(column) for column in inferred.columns),
    ]
    return "\n".join(lines) + "\n"


def _line(column: Column) -> str:
    parts = [f"name: {_scalar(column.name)}"]
    if column.header != column.name:
        parts.append(f"header: {_quoted(column.header)}")
    parts.append(f"type: {column.type}")
    if column.role != "feature":
        parts.append(f"role: {column.role}")
    if column.nullable:
        parts.append("nullable: true")
    if column.minimum is not None and column.maximum is not None:
        parts += [f"minimum: {shown(column.minimum)}", f"maximum: {shown(column.maximum)}"]
    if column.values:
        parts.append(f"values: [{', '.join(map(_quoted, column.values))}]")
    parts.append(f"description: {_quoted(column.description)}")
    review = f"  # review: {_comment('; '.join(column.review))}" if column.review else ""
    return f"  - {{{', '.join(parts)}}}{review}"


def provenance_text(model: str, table: Table, inferred: Inferred, file: str) -> str:
    """Return the skeleton of `PROVENANCE.md`: what can be computed is there, the rest is to be filled in."""
    label = inferred.label
    shares = table.columns[inferred.columns.index(label)].counts
    balance = ", ".join(f"{value}: {shares[value]:,}" for value in label.values) if label.values else "a number"
    rows = "\n".join(f"| {_cell(column.header)} | {column.role} | TODO |" for column in inferred.columns)
    return f"""# Provenance of {file}

TODO: what the records are, of when and where, and who collected them for what purpose.

| | |
| --- | --- |
| Origin | TODO: source, owner, licence |
| Records | {table.records:,}, {len(table.columns)} columns |
| Label | {_cell(label.header)} ({_cell(balance)}) |
| SHA-256 | `{table.sha256}` |
| Personal data | TODO: which columns identify or describe people, on what legal basis, kept for how long |

## Columns

Types and ranges are in [schema.yaml](schema.yaml).

| column | role | meaning |
| --- | --- | --- |
{rows}

## How to check it

`sha256sum data/{model}/{file}` gives the checksum above.

## What to know before you use it

TODO: known errors, groups that are missing or rare, what the data must not be used for.
"""


def block_lines(
    model: str, inferred: Inferred, *, data: str, schema_file: str | None, refused: Sequence[str], threshold: str
) -> list[str]:
    """Return the model's block without its indentation: at most 15 lines, only what differs from the defaults.

    `refused` are the monitors that can't take this label or protected column, `threshold` the gate to show.
    """
    label, protected = inferred.label, inferred.protected
    schema = schema_file or f"{data.rpartition('/')[0]}/schema.yaml"
    lines = [
        f"{model}:",
        f"  # Made by `estate model add`: review {schema} first. All keys: docs/reference/configuration.md",
        f"  data: {_scalar(data)}",
        f"  label: {_scalar(label.name)}  # {_problem(label)}",
    ]
    if protected:
        also = f"; the schema protects {len(protected)} columns" if len(protected) > 1 else ""
        lines.append(f"  protected_attribute: {_scalar(protected[0].name)}  # fairness is measured by it{also}")
    else:
        lines.append("  # protected_attribute: none; fairness is not measured until the schema protects a column")
    if schema_file is not None:
        lines.append(f"  features: {{schema_file: {_scalar(schema_file)}}}")
    lines.append("  # risk: minimal | limited | high (the default) decides which monitors run (EU AI Act)")
    if refused:
        off = ", ".join(f"{monitor}: false" for monitor in refused)
        lines.append(f"  monitoring: {{{off}}}  # these can't take this label or protected column")
    lines.append(f"  # gates: {{{threshold}}}  # the default: a model that is worse is refused")
    return lines


def _problem(label: Column) -> str:
    if not label.values:
        return "a number: regression"
    return f"{len(label.values)} classes" if len(label.values) > 2 else "two classes, the second is the positive one"


def _scalar(text: str) -> str:
    """Write a text for YAML, without quotes where it stays a text under YAML 1.1 and 1.2."""
    plain = text.replace("-", "").replace("_", "").replace("/", "").replace(".", "").isalnum() and text.isascii()
    return text if plain and text[:1].isalpha() and yaml.safe_load(text) == text else _quoted(text)


def _quoted(text: str) -> str:
    quoted: Any = yaml.safe_dump(text, default_style='"', allow_unicode=True, width=float("inf"))
    return str(quoted).strip()


def _comment(text: str) -> str:
    """Write a text for a comment: in one line, and without characters that YAML takes nowhere."""
    return "".join(character if character.isprintable() else "?" for character in text)


def _cell(text: str) -> str:
    return _comment(text).replace("|", "\\|")
