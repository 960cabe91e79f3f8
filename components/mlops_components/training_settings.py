"""What a training pipeline is told about its data, search, gates and card: shapes, and how they become settings."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NotRequired, TypedDict

from mlops_components.validation import Checker

if TYPE_CHECKING:
    from mlops_pipelines.settings import Settings


class TrainingData(TypedDict):
    """What the data of a training pipeline have to be like, and how they are split."""

    min_records: NotRequired[int]
    """Fewest records, 1 or more. Default: 100."""
    max_missing_percent: NotRequired[float]
    """Share of empty cells in a column that may have some, 0 to 100 percent. Default: 20."""
    max_duplicate_percent: NotRequired[float]
    """Share of repeated records, 0 to 100 percent. Default: 5."""
    max_psi: NotRequired[float]
    """Population stability index against the last accepted snapshot above which a column has drifted, 0 to 10; it has
    only if the test below rejects, too. Default: 0.2."""
    drift_p_value: NotRequired[float]
    """Level at which the two-sample test of drift rejects, above 0 and below 1. Default: 0.01."""
    split: NotRequired[list[float]]
    """Shares of training, validation and test, which sum to 1. Default: 0.6, 0.2, 0.2."""


class TrainingSearch(TypedDict):
    """How a training pipeline finds hyperparameters."""

    mode: NotRequired[str]
    """none (the defaults), tune (of one family) or automl (of all families). Default: tune."""
    trials: NotRequired[int]
    """Sets of hyperparameters that are tried, 1 to 100. Default: 12."""
    family: NotRequired[str]
    """gradient_boosting, random_forest, linear or neural_network; automl chooses by itself. Default:
    gradient_boosting."""


class TrainingGates(TypedDict):
    """What a model has to be like to be registered."""

    metric: NotRequired[str]
    """Metric of the test set. Binary: roc_auc, average_precision, f1, balanced_accuracy, accuracy; multiclass:
    f1_macro, balanced_accuracy, accuracy, roc_auc_ovr; regression: r2, rmse, mae. Default: roc_auc, f1_macro or r2, by
    the label."""
    threshold: NotRequired[float]
    """Worst value of the metric, in its own unit; of rmse and mae the most. Default: by metric, for instance 0.7 for
    roc_auc; none for rmse and mae, which have the unit of the label."""
    champion_margin: NotRequired[float]
    """How much worse than the champion's the value may be, 0 or more. Default: 0.01."""
    max_selection_rate_difference: NotRequired[float]
    """Largest difference between two groups of a protected column in the share of positive answers, 0 to 1. Default:
    0.3."""
    max_equalized_odds_difference: NotRequired[float]
    """Largest difference between two groups of a protected column in true or false positive rates, 0 to 1. Default:
    0.35."""
    robustness_epsilon: NotRequired[float]
    """Size of the perturbation under which answers are compared, 0 to 10 standard deviations. Default: 0.1."""
    max_flipped_percent: NotRequired[float]
    """Share of records whose answer changes under it, 0 to 100 percent. Default: 20."""
    max_generalisation_gap: NotRequired[float]
    """By how much the training set's value may exceed the test set's, 0 or more. Default: 0.15."""
    max_optimised_loss: NotRequired[float]
    """What the optimised model may lose of the metric, 0 or more. Default: 0.005."""


class TrainingCard(TypedDict):
    """What only people know about a model, for its card."""

    intended_use: NotRequired[str]
    """What the model is for, 2048 characters at most. Default: nothing."""
    out_of_scope: NotRequired[str]
    """What it is not for, 2048 characters at most. Default: nothing."""
    limitations: NotRequired[str]
    """Known limits, 2048 characters at most. Default: nothing."""
    owner: NotRequired[str]
    """Who answers for it, 1024 characters at most. Default: nobody."""
    risk: NotRequired[str]
    """minimal, limited or high (EU AI Act). Default: high."""


_GROUPS = ("data_quality", "search", "gates", "card", "seed")
_RISKS = ("minimal", "limited", "high")
_RANGES: Mapping[str, tuple[float, float, str]] = {
    "data_quality.min_records": (1, 1e12, "records"),
    "data_quality.max_missing_percent": (0, 100, "percent"),
    "data_quality.max_duplicate_percent": (0, 100, "percent"),
    "data_quality.max_psi": (0, 10, ""),
    "data_quality.drift_p_value": (1e-12, 0.5, ""),
    "search.trials": (1, 100, "trials"),
    "gates.champion_margin": (0, float("inf"), "of the metric"),
    "gates.max_selection_rate_difference": (0, 1, ""),
    "gates.max_equalized_odds_difference": (0, 1, ""),
    "gates.robustness_epsilon": (0, 10, "standard deviations"),
    "gates.max_flipped_percent": (0, 100, "percent"),
    "gates.max_generalisation_gap": (0, float("inf"), "of the metric"),
    "gates.max_optimised_loss": (0, float("inf"), "of the metric"),
}
LONGEST_TEXT, LONGEST_OWNER = 2048, 1024
"""Source: SageMaker developer guide, Model card JSON schema (intended_uses, model_owner)."""


def check_settings(check: Checker[Any]) -> None:
    """Check the four groups by themselves, and together with the schema of the data, if that is there."""
    from mlops_pipelines.settings import FAMILIES, SEARCHES

    for path, (low, high, unit) in _RANGES.items():
        value = _at(check, path)
        if isinstance(value, (int, float)) and not low <= value <= high:
            limit = f"must be {low:g} or more" if high == float("inf") else f"must be {low:g} to {high:g}"
            check.fault(path, value, f"{limit} {unit}".strip(), f"use {low if value < low else high:g}")
    for path, allowed in (("search.mode", SEARCHES), ("search.family", FAMILIES), ("card.risk", _RISKS)):
        value = _at(check, path)
        if isinstance(value, str) and value not in allowed:
            check.fault(path, value, f"must be one of {', '.join(allowed)}", f"use {allowed[0]!r}")
    for key in ("intended_use", "out_of_scope", "limitations", "owner"):
        value, longest = _at(check, f"card.{key}"), LONGEST_OWNER if key == "owner" else LONGEST_TEXT
        if isinstance(value, str) and len(value) > longest:
            rule = f"has {len(value)} characters; a model card takes {longest}"
            check.fault(f"card.{key}", value[:40], rule, f"shorten it by {len(value) - longest}")
    _check_split(check)
    schema = schema_path(check.args)
    sound = all(check.plain(group) is not None for group in _GROUPS if group in check.args)
    if sound and schema is not None and schema.is_file() and check.plain("model"):
        _check_with_schema(check)


def _check_split(check: Checker[Any]) -> None:
    split = _at(check, "data_quality.split")
    if split is None or not all(isinstance(share, (int, float)) for share in split):
        return
    if len(split) != 3 or not all(0 < share < 1 for share in split) or abs(sum(split) - 1) > 1e-9:
        rule = "must be three shares, of training, validation and test, that sum to 1"
        check.fault("data_quality.split", split, rule, "use [0.6, 0.2, 0.2]")


def _check_with_schema(check: Checker[Any]) -> None:
    """Report what the schema doesn't allow, or that it is none."""
    from mlops_pipelines.features import load_schema

    path = schema_path(check.args)
    assert path is not None
    try:
        schema = load_schema(path).as_dict()
    except ValueError as error:
        check.fault("schema_file", str(path), str(error), "correct the file")
        return
    label = next(column["name"] for column in schema["columns"] if column["role"] == "label")
    if (given := check.plain("label")) not in (None, label):
        check.fault("label", given, f"the schema's label is {label}", f"use {label!r}, or leave it out")
    try:
        settings_of(check.args)
    except ValueError as error:
        at, _, rule = str(error).partition(" ")
        value = (check.args.get("gates") or {}).get(at.removeprefix("gates."))
        fix = "name one of them" if at == "gates.metric" else "give the most that is good enough"
        check.fault(at, value, rule.removeprefix(f"= {value!r} "), fix)


def settings_of(args: Mapping[str, Any]) -> "Settings":
    """Return a pipeline's settings: what is given, and the defaults for the kind of problem that the label makes.

    Raises `ValueError` for a metric that is none of the problem's, and for one that needs a threshold and has none.
    """
    from mlops_pipelines.features import load_schema
    from mlops_pipelines.settings import resolve

    path = schema_path(args)
    assert path is not None
    # A hosted component receives whole numbers as floats.
    data = {**(args.get("data_quality") or {}), **_whole(args.get("data_quality"), "min_records")}
    search = {**(args.get("search") or {}), **_whole(args.get("search"), "trials")}
    return resolve(
        args["model"],
        load_schema(path).as_dict(),
        seed=int(args.get("seed", 7)),
        data={**data, "split": list(data["split"])} if "split" in data else data,
        search=search,
        gates={key: value if key == "metric" else float(value) for key, value in (args.get("gates") or {}).items()},
        card=args.get("card"),
    )


def schema_path(args: Mapping[str, Any]) -> Path | None:
    """Return where the schema of the data lies: as given, or beside this project's sample data."""
    from mlops_pipelines.features import schema as shipped

    if args.get("schema_file"):
        return Path(args["schema_file"])
    return shipped.DATA / str(args["model"]) / "schema.yaml" if args.get("model") else None


def _at(check: Checker[Any], path: str) -> Any:
    group, key = path.split(".")
    value = check.args.get(group)
    return value.get(key) if isinstance(value, Mapping) else None


def _whole(group: Mapping[str, Any] | None, key: str) -> dict[str, int]:
    return {key: int(group[key])} if group and key in group else {}
