"""Training, data quality, gates and card: their defaults and choices are those that the pipeline's steps read."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any, get_args

import pytest

from mlops_estate.config import parse
from mlops_estate.config.models import ModelBlock
from mlops_estate.config.training import Family, Metric, Search
from mlops_estate.faults import FaultsFound
from mlops_pipelines.modelling.metrics import METRICS
from mlops_pipelines.settings import FAMILIES, SEARCHES, CardSettings, DataSettings, GateSettings, SearchSettings


def block(models: dict[str, Any], estate: dict[str, Any]) -> ModelBlock:
    return parse("dev", estate, models).models["churn"]


def test_the_choices_are_those_of_the_settings():
    assert get_args(Search) == SEARCHES
    assert get_args(Family) == FAMILIES
    assert set(get_args(Metric)) == {metric for metrics in METRICS.values() for metric in metrics}


def test_the_defaults_are_those_of_the_settings(models, estate):
    model = block(models, estate)
    gates = {**asdict(GateSettings()), "metric": None, "threshold": None}  # they follow from the label
    assert model.gates.model_dump() == gates
    assert {**model.data_quality.model_dump(), "split": tuple(model.training.split)} == asdict(DataSettings())
    search = SearchSettings()
    assert (model.training.search, model.training.trials, model.training.family) == (
        search.mode,
        search.trials,
        search.family,
    )
    assert {**model.card.model_dump(), "risk": model.risk} == asdict(CardSettings())


@pytest.mark.parametrize("environment", ["dev", "staging", "prod"])
def test_what_a_model_has_to_be_like_is_the_same_in_every_environment(models, estate, environment):
    dev, other = block(models, estate), parse(environment, estate, models).models["churn"]
    for name in ("gates", "data_quality", "card"):
        assert getattr(other, name) == getattr(dev, name)
    assert other.training.split == dev.training.split


def test_images_without_a_repository_are_named(models, estate):
    estate["registry"]["repositories"] = ["inference"]
    with pytest.raises(FaultsFound, match="doesn't hold steps"):
        parse("dev", estate, models)
    image = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/other@sha256:" + "a" * 64
    models["churn"]["training"] = {"steps_image": image}
    assert block(models, estate).training.steps_image == image
