"""A model's training settings: what configuration decides about its pipeline, resolved, and passed on as plain JSON.

The estate writes them as `settings.json` into the pipeline's code; every step reads that file, and its checksum is part
of a model's lineage. Thresholds are deliberately no parameters of the pipeline: a run that is started by hand must not
be able to lower a gate; a change of one is a reviewed change of the configuration.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Literal

from mlops_pipelines.modelling.metrics import DEFAULT_METRIC, DEFAULT_THRESHOLD, METRICS

Problem = Literal["binary", "multiclass", "regression"]
FAMILIES = ("gradient_boosting", "random_forest", "linear", "neural_network")
SEARCHES = ("none", "tune", "automl")


@dataclass(frozen=True)
class DataSettings:
    """What data have to be like: shares in percent, counts of records, and when a column counts as drifted.

    `max_missing_percent` bounds a nullable column's empty cells, `max_duplicate_percent` repeated records. A column has
    drifted if its population stability index against the last accepted snapshot exceeds `max_psi` (0.2: "significant"
    by the usual rule of thumb) and a two-sample test rejects at `drift_p_value`, so that small samples raise no false
    alarm. `split` holds the shares of train, validation and test.
    """

    min_records: int = 100
    max_missing_percent: float = 20.0
    max_duplicate_percent: float = 5.0
    max_psi: float = 0.2
    drift_p_value: float = 0.01
    split: tuple[float, float, float] = (0.6, 0.2, 0.2)


@dataclass(frozen=True)
class SearchSettings:
    """How hyperparameters are found: `none` (the defaults), `tune` (one family), `automl` (among all families)."""

    mode: str = "tune"
    trials: int = 12
    family: str = "gradient_boosting"
    hyperparameters: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class GateSettings:
    """What a model has to be like to be registered.

    `metric` and `threshold`: its score on the test set (for errors, such as rmse, the most). `champion_margin`: how
    much worse than the champion's its score may be. `max_selection_rate_difference` and `max_equalized_odds_difference`
    bound the largest difference between two groups of a protected attribute, 0 to 1. `max_flipped_percent`: share of
    records whose decision changes under perturbation of `robustness_epsilon` standard deviations.
    `max_generalisation_gap`: by how much the training score may exceed the test score. `max_optimised_loss`: what the
    optimised model may lose of the score.
    """

    metric: str = "roc_auc"
    threshold: float = 0.7
    champion_margin: float = 0.01
    max_selection_rate_difference: float = 0.3
    max_equalized_odds_difference: float = 0.35
    robustness_epsilon: float = 0.1
    max_flipped_percent: float = 20.0
    max_generalisation_gap: float = 0.15
    max_optimised_loss: float = 0.005


@dataclass(frozen=True)
class CardSettings:
    """What only people know about a model, for its card: purpose, limits, owner, and risk (minimal, limited, high)."""

    intended_use: str = ""
    out_of_scope: str = ""
    limitations: str = ""
    owner: str = ""
    risk: str = "high"


@dataclass(frozen=True)
class Settings:
    """All of it. `problem` follows from the label's type; `protected` are the schema's protected columns."""

    model: str
    problem: Problem
    label: str
    protected: tuple[str, ...] = ()
    seed: int = 7
    data: DataSettings = field(default_factory=DataSettings)
    search: SearchSettings = field(default_factory=SearchSettings)
    gates: GateSettings = field(default_factory=GateSettings)
    card: CardSettings = field(default_factory=CardSettings)

    def as_dict(self) -> dict[str, Any]:
        """Return the settings as plain JSON data."""
        plain: dict[str, Any] = json.loads(json.dumps(asdict(self)))
        return plain

    def sha256(self) -> str:
        """Return the checksum of the settings, whatever the order of their keys."""
        return hashlib.sha256(json.dumps(self.as_dict(), sort_keys=True).encode()).hexdigest()


_GROUPS: Mapping[str, Any] = {
    "data": DataSettings, "search": SearchSettings, "gates": GateSettings, "card": CardSettings
}  # fmt: skip


def read_settings(document: Mapping[str, Any]) -> Settings:
    """Return the settings that a JSON document holds. Raises `ValueError` naming every unknown or missing key."""
    faults = [f"{key} is missing" for key in ("model", "problem", "label") if key not in document]
    faults += [f"{key} is unknown" for key in document if key not in {item.name for item in fields(Settings)}]
    given: dict[str, Any] = {key: value for key, value in document.items() if key not in _GROUPS}
    for name, group in _GROUPS.items():
        own = dict(document.get(name, {}))
        known = {item.name for item in fields(group)}
        faults += [f"{name}.{key} is unknown" for key in own if key not in known]
        given[name] = group(**{key: _frozen(value) for key, value in own.items() if key in known})
    if faults:
        raise ValueError("these are no training settings: " + "; ".join(faults))
    return Settings(**{key: _frozen(value) for key, value in given.items()})


def resolve(
    model: str, schema: Mapping[str, Any], *, label: str = "", seed: int = 7, data: Mapping[str, Any] | None = None,
    search: Mapping[str, Any] | None = None, gates: Mapping[str, Any] | None = None,
    card: Mapping[str, Any] | None = None,
) -> Settings:  # fmt: skip
    """Return a model's settings: what is given, and the defaults for the kind of problem that the label makes.

    `schema` is `Schema.as_dict()`. A key whose value is None takes its default. Raises `ValueError` for a metric that
    is none of the problem's, and for rmse or mae without a threshold: an error has the unit of the label.
    """
    problem = problem_of(schema)
    chosen = _given(gates)
    metric = str(chosen.get("metric") or DEFAULT_METRIC[problem])
    if metric not in METRICS[problem]:
        raise ValueError(f"gates.metric = {metric!r} is none of a {problem} model's: {', '.join(METRICS[problem])}")
    threshold = chosen.get("threshold", DEFAULT_THRESHOLD.get(metric))
    if threshold is None:
        raise ValueError(f"gates.threshold is missing: {metric} has the unit of the label, so there is no default")
    columns = schema["columns"]
    return Settings(
        model=model,
        problem=problem,
        label=label or next(column["name"] for column in columns if column["role"] == "label"),
        protected=tuple(column["name"] for column in columns if column["role"] == "protected"),
        seed=seed,
        data=DataSettings(**{key: _frozen(value) for key, value in _given(data).items()}),
        search=SearchSettings(**_given(search)),
        gates=GateSettings(**{**chosen, "metric": metric, "threshold": float(threshold)}),
        card=CardSettings(**_given(card)),
    )


def problem_of(schema: Mapping[str, Any]) -> Problem:
    """Return what kind of problem a schema's label makes: two values, more values, or a number."""
    label = next(column for column in schema["columns"] if column["role"] == "label")
    return problem_of_label(label["type"], label.get("values", ()))


def problem_of_label(kind: str, values: Sequence[str]) -> Problem:
    """Return what kind of problem a label of this type makes, with these values if it is a category."""
    if kind != "category":
        return "regression"
    return "binary" if len(values) == 2 else "multiclass"


def _given(block: Mapping[str, Any] | None) -> dict[str, Any]:
    return {key: value for key, value in (block or {}).items() if value is not None}


def _frozen(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value
