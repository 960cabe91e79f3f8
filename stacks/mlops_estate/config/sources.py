"""The files that a configuration names: there, readable, and holding what the model's block says they hold."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import yaml

from mlops_estate.config.document import ConfigFault, Document, dotted, nearest
from mlops_estate.config.masking import masking_findings
from mlops_estate.config.models import ModelBlock
from mlops_estate.config.monitoring import BY_RISK, Monitor
from mlops_estate.config.training_rules import misfit
from mlops_estate.faults import FaultsFound

if TYPE_CHECKING:
    from mlops_pipelines.features import Schema


class _Found(NamedTuple):
    key: tuple[str, ...]
    value: Any
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
    wrong = set()
    for key, role, column in (
        ("label", "label", model.label),
        ("protected_attribute", "protected", model.protected_attribute),
    ):
        known = schema.names(role)
        if column is not None and column not in known:
            wrong.add(key)
            close = nearest(column, known)
            fix = f"did you mean `{close}`?" if close else f"use {', '.join(known) or 'a column with that role'}"
            rule = f"{model.schema_path} has no column of that name with the role {role}"
            yield _Found((key,), column, rule, fix)
    if "label" not in wrong:  # metrics and monitors are those of the problem that the label makes
        yield from _gated(model, schema)
        if "protected_attribute" not in wrong:
            yield from _monitored(model, schema)
    for found in masking_findings(model.masking, schema):
        yield _Found(tuple(map(str, found.path)), found.value, found.rule, found.fix)


def _gated(model: ModelBlock, schema: Schema) -> Iterator[_Found]:
    """What the gates can't hold of the kind of problem that the label makes."""
    from mlops_pipelines.modelling.metrics import DEFAULT_METRIC, METRICS

    gates, problem = model.gates, schema.problem
    if gates.metric is not None and gates.metric not in METRICS[problem]:
        known = ", ".join(METRICS[problem])
        rule = f"is no metric of a {problem} model, which {model.label} makes of it: {known}"
        yield _Found(("gates", "metric"), gates.metric, rule, f"use {DEFAULT_METRIC[problem]}, or another one of them")
    elif gates.metric is None and gates.threshold is not None:
        for finding in misfit(DEFAULT_METRIC[problem], gates.threshold):
            yield _Found(("gates", "threshold"), str(finding.value), finding.rule, finding.fix)


TWO_CLASSES: frozenset[Monitor] = frozenset({"model-quality", "bias", "explainability"})
"""Monitors that understand answers of two classes alone: they look at one probability, and one positive answer."""


def running_monitors(model: ModelBlock, schema: Schema) -> tuple[Monitor, ...]:
    """Return the monitors that run on a model of these data: of those that `risk` asks for, what understands it."""
    return tuple(name for name in model.monitors if schema.problem == "binary" or name not in TWO_CLASSES)


def monitors_left_out(model: ModelBlock, schema: Schema) -> dict[Monitor, str]:
    """Return the monitors that a model's risk asks for and that it can't have, each with the reason."""
    left_out = {
        monitor: f"it understands answers of two classes, and a {schema.problem} model gives others"
        for monitor in model.monitors
        if monitor not in running_monitors(model, schema)
    }
    by_risk = model.monitored and "bias" in BY_RISK[model.risk] and model.monitoring.own("bias") is None
    if by_risk and model.protected_attribute is None:
        left_out["bias"] = "it compares the groups of `protected_attribute`, and none is named"
    return left_out


def _monitored(model: ModelBlock, schema: Schema) -> Iterator[_Found]:
    """What the monitors that run can't take of the data, and those that are written and can't run."""
    from mlops_pipelines.monitoring import facet_values

    running = running_monitors(model, schema)
    for monitor, reason in monitors_left_out(model, schema).items():
        if model.monitoring.own(monitor):
            key = ("monitoring", monitor.replace("-", "_"))
            yield _Found(key, "true", f"the {monitor} monitor can't run: {reason}", "remove it")
    if "bias" not in running or model.protected_attribute is None:
        return
    try:
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
