"""Tables of the report that take more than looking up: metrics, groups, columns, the confusion matrix, the card."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from mlops_pipelines.reporting.formatting import words

KINDS = ("binary_classification_metrics", "multiclass_classification_metrics", "regression_metrics")
"""The keys of Model Monitor's model-quality format."""
_PROFILE_FIRST = ("type", "role", "count", "missing", "missing_percent", "distinct", "mean", "std", "min", "max")


def tables(documents: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the templates lay out, by name."""
    evaluation = documents.get("evaluation") or {}
    validation = documents.get("validation") or {}
    return {
        "metrics": [row for row in metrics(evaluation) if row.get("low") is not None or row["gate"]],
        "other_metrics": [row for row in metrics(evaluation) if row.get("low") is None and not row["gate"]],
        "confusion": confusion(evaluation, documents.get("schema") or {}),
        "groups": [
            groups(name, own) for name, own in ((documents.get("fairness") or {}).get("attributes") or {}).items()
        ],
        "residuals": residuals(evaluation),
        "by_group": by_group(documents.get("explanations") or {}),
        "profile": profile(validation.get("columns") or {}),
        "drift": sorted((validation.get("drift") or {}).get("columns") or [], key=lambda item: -(item.get("psi") or 0)),
        "trials": trials((documents.get("search") or {}).get("trials") or []),
        "formats": formats(documents.get("optimisation") or {}),
        "kept": [
            (name, list(own.items()))
            for name, document in documents.items()
            if isinstance(own := document.get("summary"), Mapping) and own
        ],
        "card": card(documents.get("card") or {}),
    }


def metrics(evaluation: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the metrics, the gate's first, each with its interval and the standard deviation where measured."""
    measured: Mapping[str, Any] = next((evaluation[kind] for kind in KINDS if kind in evaluation), {})
    intervals = evaluation.get("intervals") or {}
    metric = evaluation.get("metric") or {}
    rows: dict[str, dict[str, Any]] = {}
    if metric.get("name"):
        rows[metric["name"]] = {"name": metric["name"], "gate": True, **_figures(metric)}
    for name, value in intervals.items():
        rows.setdefault(name, {"name": name, "gate": False}).update(_figures(value))
    for name, value in measured.items():
        if isinstance(value, Mapping) and "value" in value:
            row = rows.setdefault(_own_name(name, rows), {"name": name, "gate": False, "value": value["value"]})
            row["standard_deviation"] = value.get("standard_deviation")
    return list(rows.values())


def _own_name(name: str, rows: Mapping[str, Any]) -> str:
    """Return what the intervals call one of Model Monitor's metrics: `auc` is roc_auc there."""
    return "roc_auc" if name == "auc" and "roc_auc" in rows else name


def _figures(value: Any) -> dict[str, Any]:
    if isinstance(value, Mapping):
        return {key: value.get(key) for key in ("value", "low", "high")}
    return {"value": value}


def confusion(evaluation: Mapping[str, Any], schema: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the confusion matrix: the classes, and by actual class the counts with their share of that class."""
    measured: Mapping[str, Any] = next((evaluation[kind] for kind in KINDS if kind in evaluation), {})
    matrix = measured.get("confusion_matrix")
    if not isinstance(matrix, Mapping) or not matrix:
        return None
    classes = list(dict.fromkeys([*matrix, *(predicted for row in matrix.values() for predicted in row)]))
    rows = []
    for actual in classes:
        counts = [(matrix.get(actual) or {}).get(predicted, 0) for predicted in classes]
        total = sum(counts)
        rows.append(
            {"name": _class(actual, schema), "cells": [(count, count / total if total else 0.0) for count in counts]}
        )
    return {"classes": [_class(name, schema) for name in classes], "rows": rows}


def _class(name: str, schema: Mapping[str, Any]) -> str:
    """Return a class's value in the data for its place, which is what Model Monitor's format has."""
    label: Mapping[str, Any] = next((item for item in schema.get("columns") or [] if item.get("role") == "label"), {})
    values = label.get("values") or []
    return str(values[int(name)]) if name.isdigit() and name not in values and int(name) < len(values) else name


def groups(attribute: str, measured: Mapping[str, Any]) -> dict[str, Any]:
    """Return one protected attribute: its groups by the union of their metrics, its differences and ratios.

    With more than two classes a group's rates are by class; each class is then a row of its own.
    """
    rows: list[tuple[str, bool, Mapping[str, Any]]] = []
    for group, own in (measured.get("groups") or {}).items():
        plain = {name: value for name, value in own.items() if name not in ("small", "classes")}
        rows.append((group, bool(own.get("small")), plain))
        rows += [(f"{group}: {name}", False, rates) for name, rates in (own.get("classes") or {}).items()]
    names = list(dict.fromkeys(name for *_, values in rows for name in values))
    names.sort(key=lambda name: name != "count")
    return {
        "attribute": attribute, "metrics": names, "best": measured.get("best"), "worst": measured.get("worst"),
        "not_compared": measured.get("not_compared") or {},
        "groups": [(group, small, [values.get(name) for name in names]) for group, small, values in rows],
        "differences": list({**(measured.get("differences") or {}), **(measured.get("ratios") or {})}.items()),
    }  # fmt: skip


def residuals(evaluation: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the distribution of a regression's residuals, where the document has that and no points."""
    found = (evaluation.get("curves") or {}).get("residuals")
    if isinstance(found, Mapping) and all(isinstance(value, int | float) for value in found.values()):
        return found
    return {}


def by_group(explanations: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the attributions by group of each protected attribute: a row per feature, the strongest first."""
    made = []
    for attribute, own in (explanations.get("by_group") or {}).items():
        sizes = {group: found["mean_abs_shap"] for group, found in own.items() if "mean_abs_shap" in found}
        features = list(dict.fromkeys(feature for found in sizes.values() for feature in found))
        rows = [(feature, [found.get(feature) for found in sizes.values()]) for feature in features]
        rows.sort(key=lambda row: -max(value or 0 for value in row[1]))
        made.append({"attribute": attribute, "groups": list(sizes), "rows": rows})
    return made


def profile(columns: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the columns' profiles: a table for all columns whose profiles hold the same (numbers, categories)."""
    alike: dict[tuple[str, ...], list[tuple[str, list[Any]]]] = {}
    for column, own in columns.items():
        heads = sorted(
            own, key=lambda name: _PROFILE_FIRST.index(name) if name in _PROFILE_FIRST else len(_PROFILE_FIRST)
        )
        alike.setdefault(tuple(heads), []).append((column, [own[name] for name in heads]))
    return [{"heads": heads, "rows": rows} for heads, rows in alike.items()]


def trials(found: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Return the trials in the order of their numbers."""
    return sorted(found, key=lambda item: item.get("number") or 0)


def formats(optimisation: Mapping[str, Any]) -> list[tuple[str, Mapping[str, Any]]]:
    """Return the original and the optimised formats as rows."""
    original = optimisation.get("original")
    rows = [("as trained", original)] if isinstance(original, Mapping) else []
    return rows + [(name, own) for name, own in (optimisation.get("formats") or {}).items() if isinstance(own, Mapping)]


def card(document: Mapping[str, Any]) -> Any:
    """Return a model card's content, parsed where it is JSON in a string; the text itself where it is not."""
    content = document.get("content", document)
    if not isinstance(content, str):
        return _titled(content)
    try:
        return _titled(json.loads(content))
    except ValueError:
        return content


def _titled(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {words(key): _titled(item) for key, item in value.items() if item not in (None, "", [], {})}
    return [_titled(item) for item in value] if isinstance(value, list) else value
