"""Rules across fields about training: what contradicts itself, and what metric and threshold mean together."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING

from mlops_estate.config.findings import Finding, Rule
from mlops_pipelines.modelling.metrics import ERRORS

if TYPE_CHECKING:
    from mlops_estate.config.estate import EstateBlock
    from mlops_estate.config.models import ModelBlock

STEPS_REPOSITORY = "steps"
_THRESHOLD = ("gates", "threshold")


def split_sums_to_one(model: ModelBlock) -> Iterator[Finding]:
    """The shares of training, validation and test are all there is."""
    split = model.training.split
    total = math.fsum(split)
    if abs(total - 1) > 1e-9:
        rest = round(1 - split[0] - split[1], 9)
        fix = f"write for example [{split[0]:g}, {split[1]:g}, {rest:g}]" if rest > 0 else "write [0.6, 0.2, 0.2]"
        yield Finding(("training", "split"), split, f"the shares must sum to 1, not {total:g}", fix)


def search_uses_what_it_is_told(model: ModelBlock) -> Iterator[Finding]:
    """What is written about a search is what it does: automl chooses the family, and without a search nothing is
    tried."""
    training = model.training
    for search, key, why in (("automl", "family", "it chooses the family"), ("none", "trials", "nothing is tried")):
        if training.search == search and key in training.model_fields_set:
            rule = f"contradicts `search: {search}`: {why}"
            yield Finding(
                ("training", key), getattr(training, key), rule, "remove one of the two", "", (("training", "search"),)
            )


def thresholds_suit_their_metric(model: ModelBlock) -> Iterator[Finding]:
    """A score is at most 1, and a guess has an area under the ROC curve of 0.5; an error has the unit of the label, so
    it needs a threshold."""
    gates = model.gates
    if gates.metric in ERRORS and gates.threshold is None:
        rule = f"is required with the metric {gates.metric}: it has the unit of the label, so there is no default"
        yield Finding(_THRESHOLD, None, rule, "add the largest error that is good enough", "", (("gates", "metric"),))
    elif gates.threshold is not None:
        yield from misfit(gates.metric, gates.threshold)


def misfit(metric: str | None, threshold: float) -> Iterator[Finding]:
    """Yield what is wrong with a threshold of a metric; None stands for a default metric, each of which is a score."""
    involved = (("gates", "metric"),)
    if metric in ERRORS:
        if threshold <= 0:
            yield Finding(_THRESHOLD, threshold, f"an error ({metric}) must be more than 0", "raise it", "", involved)
        return
    lowest = {"roc_auc": 0.5, "r2": -math.inf, None: -math.inf}.get(metric, 0.0)
    if not lowest <= threshold <= 1:
        name = metric or "the metric"
        limit = f"{name} must be at most 1" if lowest == -math.inf else f"{name} must be {lowest:g} to 1"
        yield Finding(_THRESHOLD, threshold, limit, f"use {1 if threshold > 1 else lowest:g}", "", involved)


def bias_needs_groups(model: ModelBlock) -> Iterator[Finding]:
    """The bias monitor compares the groups of one column."""
    if model.monitoring.bias and model.protected_attribute is None:
        rule = "needs `protected_attribute`: there are no groups to compare"
        fix = "name the column, or remove this key"
        yield Finding(("monitoring", "bias"), True, rule, fix, "", (("protected_attribute",),))


def the_steps_image_has_a_place(estate: EstateBlock, model: ModelBlock) -> Iterator[Finding]:
    """The image of the pipeline's jobs is named by the model, or lies in the repository that is made for it."""
    if model.training.steps_image is None and STEPS_REPOSITORY not in estate.registry.repositories:
        rule = f"is required where `registry.repositories` doesn't hold {STEPS_REPOSITORY}"
        fix = f"name the image, or add {STEPS_REPOSITORY} to `registry.repositories`"
        yield Finding(("training", "steps_image"), None, rule, fix)


TRAINING_RULES: tuple[Rule, ...] = (
    split_sums_to_one,
    search_uses_what_it_is_told,
    thresholds_suit_their_metric,
    bias_needs_groups,
)
