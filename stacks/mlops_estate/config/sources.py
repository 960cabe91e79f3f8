"""The files that a configuration names: there, readable, and holding what the model's block says they hold."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import yaml

from mlops_estate.config.document import ConfigFault, Document, dotted, nearest
from mlops_estate.config.models import ModelBlock
from mlops_estate.faults import FaultsFound

if TYPE_CHECKING:
    from mlops_pipelines.features import Schema


class _Found(NamedTuple):
    key: tuple[str, ...]
    value: str
    rule: str
    fix: str


def load_schemas(
    models: Mapping[str, ModelBlock], project_dir: Path, document: Document | None = None
) -> dict[str, Schema]:
    """Return the schema of each model's data; models that name the same file share one.

    Raises `FaultsFound` with every file that is missing or malformed and every column that its schema lacks; `document`
    gives them their lines.
    """
    from mlops_pipelines.features import load_schema

    read: dict[str, Schema | str] = {}
    schemas: dict[str, Schema] = {}
    faults: list[ConfigFault] = []
    for name, model in models.items():
        path = model.schema_path
        if path not in read:
            try:
                read[path] = load_schema(project_dir / path)
            except (OSError, ValueError, yaml.YAMLError) as error:
                read[path] = getattr(error, "strerror", None) or str(error)
        schema = read[path]
        findings = [*_missing_data(model, project_dir), *_schema_findings(model, schema)]
        faults += [_fault(name, found, document) for found in findings]
        if not isinstance(schema, str):
            schemas[name] = schema
    if faults:
        faults.sort(key=lambda fault: fault.line)
        raise FaultsFound(faults, "the configuration names files with faults")
    return schemas


def _missing_data(model: ModelBlock, project_dir: Path) -> Iterator[_Found]:
    if not (project_dir / model.data).is_file():
        yield _Found(("data",), model.data, "there is no such file in the project", "correct the path, or add the file")


def _schema_findings(model: ModelBlock, schema: Schema | str) -> Iterator[_Found]:
    if isinstance(schema, str):
        named = ("features", "schema_file") if model.features.schema_file else ("data",)
        yield _Found(named, model.schema_path, f"needs a schema: {schema}", "see data/mortgage-approval/schema.yaml")
        return
    for key, role, column in (
        ("label", "label", model.label),
        ("protected_attribute", "protected", model.protected_attribute),
    ):
        known = schema.names(role)
        if column not in known:
            close = nearest(column, known)
            fix = f"did you mean `{close}`?" if close else f"use {', '.join(known) or 'a column with that role'}"
            rule = f"{model.schema_path} has no column of that name with the role {role}"
            yield _Found((key,), column, rule, fix)
            return
    yield from _monitored(model, schema)


def _monitored(model: ModelBlock, schema: Schema) -> Iterator[_Found]:
    """What the monitors that run can't take of the data."""
    from mlops_pipelines.monitoring import facet_values, positive_label

    try:
        if set(model.monitors) - {"data-quality"}:
            positive_label(schema)
    except ValueError as error:
        yield _Found(("label",), model.label, str(error), "choose `risk: minimal`, or turn those monitors off")
    try:
        if "bias" in model.monitors:
            facet_values(schema, model.protected_attribute)
    except ValueError as error:
        fix = "group its values in the data, or set `monitoring.bias: false`"
        yield _Found(("protected_attribute",), model.protected_attribute, str(error), fix)


def _fault(name: str, found: _Found, document: Document | None) -> ConfigFault:
    path = ("config", "mlops-estate:models", name, *found.key)
    return ConfigFault(
        where=dotted(path),
        value=found.value,
        rule=found.rule,
        fix=found.fix,
        file=document.file if document else "",
        line=document.line(path) if document else 0,
    )
