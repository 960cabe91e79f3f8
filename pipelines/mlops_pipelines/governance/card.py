"""The model card of a version, filled from the run: what people said of the model, and what the pipeline measured."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from mlops_pipelines.governance import regulation
from mlops_pipelines.governance.card_metrics import evaluation_details
from mlops_pipelines.governance.card_schema import (
    LONGEST_CONTENT,
    LONGEST_DETAIL,
    LONGEST_METRIC_NAME,
    LONGEST_NOTE,
    LONGEST_TEXT,
    MOST_HYPERPARAMETERS,
    cut,
)
from mlops_pipelines.governance.figures import at, number, text
from mlops_pipelines.modelling.metrics import greater_is_better
from mlops_pipelines.settings import Settings

Documents = Mapping[str, Any]
Facts = Mapping[str, str]
REQUIRED = ("champion", "snapshot", "evaluation", "fairness", "robustness", "explanations", "gate")
"""The documents that a card is made of, by name."""
OPTIONAL = ("search", "validation", "optimisation")
"""Documents that a card tells of where they are given; without one, the card says that it does not know."""
UNKNOWN = "not told in the model's configuration"


class CardTooLong(ValueError):  # noqa: N818 -- what is wrong with the card
    """A card exceeds 100,000 characters even without its metric groups."""


def compose(documents: Documents, settings: Settings, facts: Facts) -> dict[str, Any]:
    """Return model_card.json: the content of a model package's card, within the limits of its schema.

    Metric groups are left out from the longest on, and named, where the whole would exceed 100,000 characters. Raises
    `CardTooLong` where it does without them.
    """
    content = {
        "model_overview": _overview(settings, facts),
        "intended_uses": _uses(documents, settings),
        "training_details": _training(documents, settings, facts),
        "evaluation_details": evaluation_details(documents, {"test": _snapshot_place(documents, facts)}),
        "additional_information": _additional(documents, settings, facts),
    }
    return _fitting(content)


def as_text(content: Mapping[str, Any]) -> str:
    """Return a card as the one line of text that CreateModelPackage takes; ASCII, for its pattern knows other ends of
    lines."""
    return json.dumps(content, separators=(",", ":"), allow_nan=False)


def _fitting(content: dict[str, Any]) -> dict[str, Any]:
    left_out: list[str] = []
    details = content["additional_information"]["custom_details"]
    while len(as_text(content)) > LONGEST_CONTENT:
        groups = [
            (len(as_text(group)), place, index)
            for place, one in enumerate(content["evaluation_details"])
            for index, group in enumerate(one["metric_groups"])
        ]
        if not groups:
            raise CardTooLong(
                f"the model card has {len(as_text(content))} characters, CreateModelPackage takes {LONGEST_CONTENT}: "
                "shorten card.intended_use, card.out_of_scope and card.limitations, or protect fewer columns"
            )
        _, place, index = max(groups)
        one = content["evaluation_details"][place]
        left_out.append(f"{one['name']}: {one['metric_groups'].pop(index)['name']}")
        details["left out for length"] = cut("; ".join(left_out), LONGEST_DETAIL)
    return content


def _overview(settings: Settings, facts: Facts) -> dict[str, Any]:
    artifact = {"model_artifact": [cut(facts["model_uri"], 1024)]} if facts.get("model_uri") else {}
    return {"model_creator": cut(settings.card.owner or UNKNOWN, 1024), **artifact}


def _uses(documents: Documents, settings: Settings) -> dict[str, Any]:
    card = settings.card
    scope = f" Out of scope: {card.out_of_scope}" if card.out_of_scope else ""
    return {
        "purpose_of_model": cut(f"Predicts {settings.label} ({settings.problem}) for {settings.model}.", LONGEST_TEXT),
        "intended_uses": cut(f"{card.intended_use or UNKNOWN.capitalize()}{scope}", LONGEST_TEXT),
        "factors_affecting_model_efficiency": cut(" ".join(_factors(documents)), LONGEST_TEXT),
        "risk_rating": regulation.rating(card.risk),
        "explanations_for_risk_rating": cut(regulation.explanation(card.risk), LONGEST_TEXT),
    }


def _factors(documents: Documents) -> Iterator[str]:
    features = at(documents, "explanations", "features") or []
    if features:
        yield f"Features that weigh most: {', '.join(str(at(one, 'feature')) for one in features[:5])}."
    drift = at(documents, "validation", "drift")
    drifted = ", ".join(at(drift, "drifted") or [])
    if drifted:
        yield f"These columns drifted against the last accepted snapshot: {drifted}."
    elif drift:
        yield f"Drift against the last accepted snapshot: {at(drift, 'status')}, no column drifted."
    records = at(documents, "evaluation", "dataset", "item_count")
    yield f"Scores were measured on {records} records like those of training."


def _training(documents: Documents, settings: Settings, facts: Facts) -> dict[str, Any]:
    metric, search, evaluation = settings.gates.metric, documents.get("search"), documents["evaluation"]
    function = "Maximize" if greater_is_better(metric) else "Minimize"
    place = _snapshot_place(documents, facts)
    images = {"container_image": [cut(facts["training_image"], 1024)]} if facts.get("training_image") else {}
    scores = {
        f"train:{metric}": number(evaluation, "train_score"),
        f"search:{at(search, 'metric') or metric}": number(search, "score"),
        f"test:{metric}": number(evaluation, "metric", "value"),
    }
    job: dict[str, Any] = {
        "training_datasets": [place] if place else [],
        "training_environment": images,
        "training_metrics": [
            {"name": cut(name, LONGEST_METRIC_NAME), "value": value}
            for name, value in scores.items()
            if value is not None
        ],
        "hyper_parameters": [
            {"name": cut(str(name), 255), "value": cut(str(value), 255) or "none"}
            for name, value in list(_hyperparameters(search).items())[:MOST_HYPERPARAMETERS]
        ],
    }
    return {
        "objective_function": {
            "function": {"function": function, "facet": cut(metric, 63), "condition": "on the validation set"},
            "notes": cut(_searched(search), LONGEST_NOTE),
        },
        "training_observations": cut(
            f"{text(number(documents['snapshot'], 'records'))} records in the snapshot, split by contents and seed "
            f"{settings.seed}; generalisation gap {text(number(evaluation, 'generalisation_gap'))}.", 1024,
        ),
        "training_job_details": job,
    }  # fmt: skip


def _hyperparameters(search: Any) -> dict[str, Any]:
    found = at(search, "hyperparameters")
    family = {"family": at(search, "family")} if at(search, "family") else {}
    return {**family, **(dict(sorted(found.items())) if isinstance(found, Mapping) else {})}


def _searched(search: Any) -> str:
    if not search:
        return "How hyperparameters were found is not known to this card."
    return f"Search: {at(search, 'mode')}, {len(at(search, 'trials') or [])} trials."


def _snapshot_place(documents: Documents, facts: Facts) -> str:
    where = facts.get("snapshot_uri") or facts.get("input") or ""
    return cut(where or f"snapshot with SHA-256 {at(documents, 'snapshot', 'sha256')}", 1024)


def _additional(documents: Documents, settings: Settings, facts: Facts) -> dict[str, Any]:
    gate, snapshot = documents["gate"], documents["snapshot"]
    protected = ", ".join(settings.protected)
    worst = at(documents, "fairness", "worst") or {}
    differences = "; ".join(f"{name.replace('_', ' ')} {text(number(worst, name))}" for name in sorted(worst))
    ethics = (
        f"Protected: {protected}; never a feature. Largest differences between groups: {differences or 'not measured'}."
        if protected
        else "No column is protected, so fairness was not measured by group."
    )
    told = {
        "model": settings.model,
        "problem": settings.problem,
        "label": settings.label,
        "semantic version": str(at(gate, "version")),
        "reason of the version": str(at(gate, "version_reason")),
        "challenger of": str(at(gate, "challenger_of") or "no champion"),
        "owner": settings.card.owner or UNKNOWN,
        "out of scope": settings.card.out_of_scope or UNKNOWN,
        "model SHA-256": str(at(documents, "evaluation", "model_sha256")),
        "snapshot SHA-256": str(at(snapshot, "sha256")),
        "schema SHA-256": str(at(snapshot, "schema_sha256")),
        "settings SHA-256": settings.sha256(),
        "seed": str(settings.seed),
        "commit": facts.get("commit") or "not recorded",
        "pipeline execution": facts.get("execution") or "not recorded",
    }
    return {
        "ethical_considerations": cut(ethics, LONGEST_TEXT),
        "caveats_and_recommendations": cut(_caveats(documents, settings), LONGEST_TEXT),
        "custom_details": {
            **{name: cut(value, LONGEST_DETAIL) for name, value in told.items()},
            **regulation.details(documents, settings, facts),
        },
    }


def _caveats(documents: Documents, settings: Settings) -> str:
    warnings = [f"Warning: {warning}." for warning in at(documents, "gate", "warnings") or []]
    return " ".join([settings.card.limitations or f"Limitations are {UNKNOWN}.", *warnings])
