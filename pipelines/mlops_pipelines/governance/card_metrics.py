"""The evaluation details of a model card: what was measured, as metric groups of the card's schema."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from mlops_pipelines.governance.card_schema import (
    LARGEST_MATRIX,
    LONGEST_AXIS,
    LONGEST_METRIC_NAME,
    LONGEST_NAME,
    LONGEST_NOTE,
    LONGEST_OBSERVATION,
    LONGEST_VALUE,
    cut,
)
from mlops_pipelines.governance.figures import at, number, text

MOST_BARS = 40
"""Groups or features that a chart shows; the figures of all are in the step's own document."""
QUALITY = {
    "binary": "binary_classification_metrics", "multiclass": "multiclass_classification_metrics",
    "regression": "regression_metrics",
}  # fmt: skip
"""Where evaluation.json has the metrics in Model Monitor's format, by problem."""
Documents = Mapping[str, Any]
Detail = dict[str, Any]


def evaluation_details(documents: Documents, places: Mapping[str, str]) -> list[Detail]:
    """Return an evaluation for each document that was measured; `places` are the URIs of data sets by name."""
    test = [places["test"]] if places.get("test") else []
    found = [
        ("Quality on the test set", _quality_told(documents), list(_quality(documents["evaluation"])), test),
        ("Gates", _gates_told(documents["gate"]), [_gates(documents["gate"])], []),
        *_fairness(documents["fairness"], test),
        ("Robustness", _robustness_told(documents["robustness"]), list(_robustness(documents["robustness"])), test),
        ("Explanations", _explained(documents["explanations"]), list(_explanations(documents["explanations"])), test),
    ]
    if documents.get("optimisation"):
        found.append(("Optimised formats", "", list(_optimised(documents["optimisation"])), test))
    return [_detail(*one) for one in found]


def _detail(name: str, told: str, groups: Sequence[Detail], datasets: Sequence[str]) -> Detail:
    return {
        "name": cut(name, LONGEST_NAME),
        "evaluation_observation": cut(told, LONGEST_OBSERVATION),
        "datasets": list(datasets),
        "metric_groups": [group for group in groups if group["metric_data"]],
    }


def _group(name: str, data: Sequence[Detail | None]) -> Detail:
    return {"name": cut(name, LONGEST_NAME), "metric_data": [one for one in data if one is not None]}


def simple(name: str, value: float | str | bool | None, notes: str = "") -> Detail | None:
    """Return a single figure; None for one that was not measured."""
    if value is None:
        return None
    kind = "boolean" if isinstance(value, bool) else "string" if isinstance(value, str) else "number"
    shown = cut(value, LONGEST_VALUE) if isinstance(value, str) else value
    made: Detail = {"name": cut(name, LONGEST_METRIC_NAME), "type": kind, "value": shown}
    return {**made, "notes": cut(notes, LONGEST_NOTE)} if notes else made


def bars(name: str, values: Mapping[str, float | None], axis: str) -> Detail | None:
    """Return a bar chart of figures by name, the first forty; None where none was measured."""
    known = {key: value for key, value in values.items() if value is not None}
    kept = dict(list(known.items())[:MOST_BARS])
    if not kept:
        return None
    left_out = f"{len(known) - len(kept)} more are not shown. " if len(known) > len(kept) else ""
    missing = ", ".join(key for key in values if key not in known)
    notes = f"{left_out}{f'Not measured: {missing}' if missing else ''}".strip()
    made: Detail = {
        "name": cut(name, LONGEST_METRIC_NAME), "type": "bar_chart", "value": list(kept.values()),
        "x_axis_name": [cut(key, LONGEST_AXIS) for key in kept], "y_axis_name": cut(axis, LONGEST_AXIS),
    }  # fmt: skip
    return {**made, "notes": cut(notes, LONGEST_NOTE)} if notes else made


def _interval(figure: Any, confidence: float = 0.95) -> str:
    low, high = number(figure, "low"), number(figure, "high")
    if low is None or high is None:
        return ""
    return f"{text(100 * confidence)} % confidence interval: {text(low)} to {text(high)}"


def _quality_told(documents: Documents) -> str:
    evaluation = documents["evaluation"]
    compared = at(evaluation, "champion") or {}
    told = [
        f"{at(evaluation, 'dataset', 'item_count')} records that the model has not seen.",
        f"Training score {text(number(evaluation, 'train_score'))}, "
        f"generalisation gap {text(number(evaluation, 'generalisation_gap'))}.",
    ]
    if at(compared, "status") == "compared":
        arn = at(documents, "champion", "package_arn")
        told.append(
            f"Better than the champion ({arn}) by {text(number(compared, 'difference'))} "
            f"({_interval(compared)}; p = {text(number(compared, 'p_value'))})."
        )
    else:
        told.append(f"Champion: {at(compared, 'status')}. {at(compared, 'reason') or ''}".strip())
    return " ".join(told)


def _quality(evaluation: Any) -> Iterator[Detail]:
    metric = at(evaluation, "metric") or {}
    confidence = number(metric, "confidence") or 0.95
    name = str(at(metric, "name"))
    yield _group("Gated metric", [simple(name, number(metric, "value"), _interval(metric, confidence))])
    intervals = at(evaluation, "intervals") or {}
    data = [simple(key, number(found, "value"), _interval(found)) for key, found in sorted(intervals.items())]
    yield _group("Metrics with intervals", data)
    measured = at(evaluation, QUALITY.get(str(at(evaluation, "problem")), "")) or {}
    deviations = [
        simple(key, number(found, "value"), f"standard deviation {text(number(found, 'standard_deviation'))}")
        for key, found in sorted(measured.items())
        if key != "confusion_matrix"
    ]
    yield _group("Model-quality metrics", deviations)
    yield _group("Confusion matrix", [_matrix(measured.get("confusion_matrix"))])


def _matrix(found: Any) -> Detail | None:
    """Return a confusion matrix as the card draws it; one of more than twenty classes is left out."""
    if not isinstance(found, Mapping) or not 1 <= len(found) <= LARGEST_MATRIX:
        return None
    names = list(found)
    rows = [[number(found, actual, predicted) or 0.0 for predicted in names] for actual in names]
    axis = [cut(str(name), LONGEST_AXIS) for name in names]
    return {
        "name": "confusion matrix", "type": "matrix", "value": rows, "x_axis_name": axis, "y_axis_name": axis,
        "notes": "rows: actual, columns: predicted",
    }  # fmt: skip


def _gates_told(gate: Any) -> str:
    warnings = at(gate, "warnings") or []
    told = "All gates passed." if at(gate, "passed") is True else f"Gates failed: {at(gate, 'reason')}"
    return " ".join([told, *(f"Warning: {warning}." for warning in warnings)])


def _gates(gate: Any) -> Detail:
    return _group("Gates", [
        simple(str(at(one, "gate")), bool(at(one, "passed")), f"{text(number(one, 'value'))}; {at(one, 'rule')}")
        for one in at(gate, "checks") or []
    ])  # fmt: skip


def _fairness(fairness: Any, datasets: Sequence[str]) -> Iterator[tuple[str, str, list[Detail], Sequence[str]]]:
    if at(fairness, "status") != "measured":
        yield ("Fairness", f"Not measured: {at(fairness, 'status')}.", [], datasets)
        return
    for attribute, found in sorted((at(fairness, "attributes") or {}).items()):
        groups = at(found, "groups") or {}
        counts = ", ".join(f"{name}: {text(number(one, 'count'))}" for name, one in sorted(groups.items()))
        yield (f"Fairness by {attribute}", f"Records by group: {counts}.", list(_by_group(found, groups)), datasets)


def _by_group(found: Any, groups: Mapping[str, Any]) -> Iterator[Detail]:
    for title in ("differences", "ratios"):
        data = [
            simple(key, number(one, "value"), _interval(one)) for key, one in sorted((at(found, title) or {}).items())
        ]
        yield _group(title.capitalize(), data)
    names = sorted({key for one in groups.values() for key, figure in one.items() if isinstance(figure, Mapping)})
    ordered = sorted(groups.items())
    charts = [bars(name, {key: number(one, name, "value") for key, one in ordered}, name) for name in names]
    yield _group("Figures by group", charts)


def _robustness_told(robustness: Any) -> str:
    return (
        f"{text(number(robustness, 'flipped_percent'))} % of {text(number(robustness, 'records'))} records get another "
        f"decision under perturbation of {text(number(robustness, 'epsilon'))} standard deviations."
    )


def _robustness(robustness: Any) -> Iterator[Detail]:
    curve = at(robustness, "curve") or []
    for key, axis in (("flipped_percent", "flipped records, %"), ("score", "score")):
        points = [[number(one, "epsilon"), number(one, key)] for one in curve]
        known = [point for point in points if None not in point]
        if known:
            graph = {
                "name": f"{key} by perturbation", "type": "linear_graph", "value": known,
                "x_axis_name": "standard deviations", "y_axis_name": axis,
            }  # fmt: skip
            yield _group(f"Perturbation: {key}", [graph])
    attack = at(robustness, "attack") or {}
    if isinstance(attack, Mapping):
        data = [simple(key, _plain(value)) for key, value in sorted(attack.items())]
        yield _group("Adversarial attack", data)


def _explained(explanations: Any) -> str:
    features = at(explanations, "features") or []
    top = ", ".join(f"{at(one, 'feature')} ({text(number(one, 'share'))})" for one in features[:5])
    return f"Method: {at(explanations, 'method')}. Features that weigh most, with their share: {top or 'none'}."


def _explanations(explanations: Any) -> Iterator[Detail]:
    features = at(explanations, "features") or []
    shares = {str(at(one, "feature")): number(one, "mean_abs_shap") for one in features}
    yield _group("Mean absolute SHAP value", [bars("mean absolute SHAP value", shares, "SHAP value")])


def _optimised(optimisation: Any) -> Iterator[Detail]:
    for name, found in sorted((at(optimisation, "formats") or {}).items()):
        if isinstance(found, Mapping):
            yield _group(f"Format {name}", [simple(key, _plain(value)) for key, value in sorted(found.items())])
    yield _group("Loss", [simple("loss of the score", number(optimisation, "loss"))])


def _plain(value: Any) -> float | str | bool | None:
    """Return what a simple metric can hold; None for what it cannot."""
    if isinstance(value, bool):
        return value
    return value if isinstance(value, str) else number({"value": value}, "value")
