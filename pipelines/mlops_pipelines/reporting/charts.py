"""Which charts a run's documents make: none for a document that is missing or holds nothing to draw."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeGuard

from mlops_pipelines.modelling.metrics import ERRORS
from mlops_pipelines.reporting import figures, formatting

Documents = Mapping[str, Any]
MOST_BARS, MOST_DOTS = 20, 1000
CURVES: Mapping[str, tuple[str, tuple[str, str]]] = {
    "roc": ("ROC curve", ("false positive rate", "true positive rate")),
    "calibration": ("Calibration", ("predicted probability", "observed share")),
    "precision_recall": ("Precision and recall", ("recall", "precision")),
    "residuals": ("Residuals", ("predicted", "actual minus predicted")),
    "prediction": ("Prediction and label", ("mean prediction", "mean label")),
}
"""Curves whose axes are known by the curve's name; of others the names of their points' values are the axes."""
DIRECTIONS = {"one": "raises the prediction", "two": "lowers it", "soft": "no one direction"}


@dataclass(frozen=True)
class Chart:
    """A chart as inline SVG, its title, and what to look for."""

    title: str
    svg: str
    note: str = ""


def charts(documents: Documents) -> dict[str, list[Chart]]:
    """Return the charts of each section."""
    return {
        "performance": _curves(documents.get("evaluation") or {}),
        "champion": _champion(documents),
        "explanations": _attributions(documents.get("explanations") or {}),
        "robustness": _robustness(documents),
        "drift": _drift((documents.get("validation") or {}).get("drift") or {}),
        "search": _search(documents.get("search") or {}),
    }


def group_charts(fairness: Mapping[str, Any]) -> dict[str, list[Chart]]:
    """Return the charts of each protected attribute."""
    found = (fairness.get("attributes") or {}).items()
    return {attribute: _groups(f"group-{place}", attribute, own) for place, (attribute, own) in enumerate(found)}


def points(curve: Any) -> tuple[list[figures.Point], tuple[str, str]]:
    """Return a curve's points and what its axes are called; a point with a missing value is left out.

    A curve is a list of pairs, a list of mappings, or a mapping of equally long lists. Where mappings hold more than
    two numbers, the first two are the point.
    """
    if isinstance(curve, Mapping):
        lists = {
            key: value for key, value in curve.items() if isinstance(value, Sequence) and not isinstance(value, str)
        }
        if len(lists) < 2 and isinstance(curve.get("points"), Sequence):
            return points(curve["points"])
        names = list(lists)[:2]
        pairs = list(zip(*(lists[name] for name in names), strict=False)) if len(names) == 2 else []
    elif isinstance(curve, Sequence) and curve and isinstance(curve[0], Mapping):
        names = [key for key, value in curve[0].items() if _is_number(value) or value is None][:2]
        pairs = [tuple(point.get(name) for name in names) for point in curve if isinstance(point, Mapping)]
    else:
        names, pairs = ["x", "y"], [tuple(pair[:2]) for pair in curve or () if isinstance(pair, Sequence)]
    found = [(float(pair[0]), float(pair[1])) for pair in pairs if len(pair) == 2 and all(map(_is_number, pair))]
    return found, (formatting.words(names[0]), formatting.words(names[1])) if len(names) == 2 else ("x", "y")


def _curves(evaluation: Mapping[str, Any]) -> list[Chart]:
    made = []
    found_curves = evaluation.get("curves") or {}
    ordered = sorted(found_curves, key=lambda name: list(CURVES).index(name) if name in CURVES else len(CURVES))
    for name, curve in ((name, found_curves[name]) for name in ordered):
        found, own_axes = points(curve)
        if len(found) < 2:
            continue
        title, axes = CURVES.get(name, (formatting.words(name).capitalize(), own_axes))
        identity = f"curve-{_slug(name)}"
        if name == "residuals":
            svg = figures.scatter(identity, title, found[:MOST_DOTS], axes=axes, zero=True)
        else:
            within = all(0 <= value <= 1 for point in found for value in point)
            diagonal = name in ("roc", "calibration", "prediction")
            marks = name != "roc" and len(found) <= 30
            svg = figures.curve(identity, title, found, axes=axes, diagonal=diagonal, marks=marks, whole=within)
        made.append(Chart(title, svg, _CURVE_NOTES.get(name, "")))
    return made


_CURVE_NOTES = {
    "roc": "The further above the dashed diagonal (chance), the better the model ranks.",
    "calibration": "On the dashed diagonal, a predicted probability is the share that came true.",
    "precision_recall": "How many of the found are right, against how many of the right are found.",
    "prediction": "By tenths of the records; on the dashed diagonal, predictions are right on average.",
    "residuals": "Dots should lie around zero without a pattern.",
}


def _champion(documents: Documents) -> list[Chart]:
    compared = (documents.get("evaluation") or {}).get("champion") or {}
    if compared.get("status") != "compared" or not _is_number(compared.get("difference")):
        return []
    gates = (documents.get("settings") or {}).get("gates") or {}
    margin = gates.get("champion_margin")
    lines = [(0.0, "no difference", "soft")]
    if _is_number(margin):
        lines.append((-float(margin), f"allowed: {formatting.number(-float(margin))}", "bad"))
    row = ("challenger", float(compared["difference"]), compared.get("low"), compared.get("high"))
    title = "Difference to the champion"
    svg = figures.intervals("champion", title, [row], axis="difference of the metric", lines=lines)
    return [Chart(title, svg, "Dot: the difference; line: its interval. Right of zero, the new model is better.")]


def _groups(name: str, attribute: str, measured: Mapping[str, Any]) -> list[Chart]:
    groups = measured.get("groups") or {}
    metric = _metric_to_draw(groups)
    rows: list[tuple[str, float, float | None, float | None]] = []
    for group, own in groups.items():
        value, low, high = _measured(own.get(metric))
        if value is not None:
            rows.append((str(group), value, low, high))
    if not rows:
        return []
    title = f"{attribute}: {formatting.words(metric)}"
    svg = figures.intervals(name, title, rows[:MOST_BARS], axis=formatting.words(metric))
    return [Chart(title, svg, "Dot: the group's figure; line: its interval.")]


def _metric_to_draw(groups: Mapping[str, Any]) -> str:
    known = {name: None for own in groups.values() for name in own if name not in ("count", "share")}
    return next((name for name in ("selection_rate", "mean_prediction", *known) if name in known), "")


def _attributions(explanations: Mapping[str, Any]) -> list[Chart]:
    rows = [
        (str(item.get("feature")), float(item["mean_abs_shap"]), direction_colour(item.get("direction")))
        for item in explanations.get("features") or []
        if _is_number(item.get("mean_abs_shap"))
    ]
    if not rows:
        return []
    title = "What the model goes by"
    svg = figures.bars("shap", title, rows[:MOST_BARS], axis="mean |SHAP value|", legend=DIRECTIONS)
    note = "Mean size of a feature's contribution to a prediction; the colour says what a higher value does to it."
    return [Chart(title, svg, note)]


def direction_colour(direction: Any) -> str:
    """Return the colour of a feature's direction, whether it is told as a number or a word."""
    if _is_number(direction):
        return "one" if direction > 0 else "two" if direction < 0 else "soft"
    told = str(direction or "").lower()
    if any(word in told for word in ("positive", "raise", "increase", "up", "higher", "+")):
        return "one"
    return "two" if any(word in told for word in ("negative", "lower", "decrease", "down", "-")) else "soft"


def _robustness(documents: Documents) -> list[Chart]:
    robustness = documents.get("robustness") or {}
    measured = [item for item in robustness.get("curve") or [] if _is_number(item.get("epsilon"))]
    gates = (documents.get("settings") or {}).get("gates") or {}
    limit = gates.get("max_flipped_percent")
    made = []
    kinds: tuple[tuple[str, str, Any], ...] = (
        ("flipped_percent", "decisions that change, percent", limit),
        ("score", "score", None),
    )
    for key, axis, most in kinds:
        found = [(float(item["epsilon"]), float(item[key])) for item in measured if _is_number(item.get(key))]
        if len(found) < 2:
            continue
        title = (
            "Changed decisions by size of the perturbation" if key == "flipped_percent" else "Score under perturbation"
        )
        bound = float(most) if _is_number(most) else None
        svg = figures.curve(
            f"robustness-{_slug(key)}", title, found, axes=("perturbation, standard deviations", axis), marks=True,
            limit=bound, limit_name=f"limit {formatting.number(bound, 1)}" if bound is not None else "",
        )  # fmt: skip
        gate = robustness.get("epsilon")
        note = f"The gate looks at {formatting.compact(gate)} standard deviations." if _is_number(gate) else ""
        made.append(Chart(title, svg, note))
    return made


def _drift(drift: Mapping[str, Any]) -> list[Chart]:
    columns = [item for item in drift.get("columns") or [] if _is_number(item.get("psi"))]
    if not columns:
        return []
    ordered = sorted(columns, key=lambda item: -item["psi"])[:MOST_BARS]
    rows = [(str(item.get("column")), float(item["psi"]), "two" if item.get("drifted") else "one") for item in ordered]
    limits = {float(item["limit"]) for item in columns if _is_number(item.get("limit"))}
    limit = limits.pop() if len(limits) == 1 else None
    title = "Drift by column"
    svg = figures.bars(
        "drift", title, rows, axis="population stability index", limit=limit,
        limit_name=f"limit {formatting.number(limit, 2)}" if limit is not None else "",
        legend={"two": "drifted", "one": "not drifted"},
    )  # fmt: skip
    return [Chart(title, svg, "A column counts as drifted if it is beyond the limit and the two-sample test agrees.")]


def _search(search: Mapping[str, Any]) -> list[Chart]:
    """A trial that was stopped early was scored on less, so it takes no part in the best so far."""
    places: dict[figures.Point, Mapping[str, Any]] = {
        (float(place if item.get("number") is None else item["number"]), float(item["score"])): item
        for place, item in enumerate(search.get("trials") or [])
        if _is_number(item.get("score"))
    }
    if len(places) < 2:
        return []
    metric = str(search.get("metric") or "score")
    better: Callable[[float, float], float] = min if metric in ERRORS else max
    complete = [point for point, item in places.items() if item.get("complete", True)]
    stopped = [point for point in places if point not in complete]
    best: list[figures.Point] = []
    for place, score in complete:
        best.append((place, better(score, best[-1][1]) if best else score))
    number = ((search.get("selection") or {}).get("chosen") or {}).get("number")
    chosen = next(
        (point for point, item in places.items() if number is not None and item.get("number") == number), None
    )
    title = "Search by trial"
    return [Chart(title, figures.trials("search", title, complete, stopped, best, chosen, formatting.words(metric)))]


def _measured(value: Any) -> tuple[float | None, float | None, float | None]:
    if isinstance(value, Mapping):
        value_, low, high = (value.get(key) for key in ("value", "low", "high"))
        return _float(value_), _float(low), _float(high)
    return _float(value), None, None


def _float(value: Any) -> float | None:
    return float(value) if _is_number(value) else None


def _is_number(value: Any) -> TypeGuard[int | float]:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _slug(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-") or "x"
