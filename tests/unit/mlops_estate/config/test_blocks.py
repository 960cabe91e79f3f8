"""Every kind of wrong value is refused with its path, a rule and a fix; all of them at once."""

from __future__ import annotations

import copy
from typing import Any, get_origin

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel
from tests.unit.mlops_estate.config.conftest import ESTATE, MODELS

from mlops_estate.config import parse
from mlops_estate.config.blocks import block_of
from mlops_estate.config.estate import EstateBlock
from mlops_estate.config.models import ModelBlock
from mlops_estate.faults import Fault, FaultsFound


def faults_of(estate: Any, models: Any, environment: str = "dev") -> list[Fault]:
    with pytest.raises(FaultsFound) as caught:
        parse(environment, estate, models)
    assert caught.value.exit_code == 2
    return list(caught.value.faults)


def put(block: dict[str, Any], dotted: str, value: Any) -> dict[str, Any]:
    *above, last = dotted.split(".")
    at = block
    for part in above:
        at = at.setdefault(part, {})
    at[last] = value
    return block


WRONG_BY_THEMSELVES = [
    # path, value, words of the rule, words of the fix
    ("estate.acount", "x", "unknown key", "did you mean `account`?"),
    ("estate.zzz", "x", "unknown key", "known here: account"),
    ("estate.network.cdir", "10.0.0.0/16", "unknown key", "did you mean `cidr`?"),
    ("estate.account", 123456789012, "must be a string, not a number", 'quote it: "123456789012"'),
    ("estate.account", "12345", "must match ^[0-9]{12}$", 'write it like `"123456789012"`'),
    ("estate.region", "eu-west-9", "not a region", "did you mean `eu-west-"),
    ("estate.region", "cn-north-1", "not a region", "`"),
    ("estate.zones", "eu-west-1a", "must be a list, not a string", "one item per line"),
    ("estate.zones", [], "must be at least 1 items", "use at least 1 items"),
    ("estate.environment_class", "production", "must be one of dev, staging, prod", "did you mean `prod`?"),
    ("estate.budget.monthly_usd", "300", "must be a number, not a string", "without quotes"),
    ("estate.budget.monthly_usd", 0, "must be at least 0.01", "use at least 0.01"),
    ("estate.budget.warn_at_percent", [0], "must be more than 0", "use more than 0"),
    ("estate.keys.deletion_window_days", 6, "must be at least 7", "use at least 7"),
    ("estate.keys.deletion_window_days", 31, "must be at most 30", "use at most 30"),
    ("estate.protect", "yes", "must be true or false, not a string", "without quotes"),
    ("estate.storage.snapshot_lock_mode", "compliance", "must be one of", "did you mean `COMPLIANCE`?"),
    ("estate.network.flow_log_retention_days", 31, "must be one of 1, 3, 5", "did you mean `30`?"),
    ("estate.alerts.critical", ["nobody"], "must match", "ml-oncall@example.com"),
    ("models.churn.label", None, "must be a string, not nothing", "single text value"),
    ("models.churn.training", "big", "must be a block of keys, not a string", "indent the keys"),
    ("models.churn.training.instance_type", "m5.large", "must match", "`ml.m5.large`"),
    ("models.churn.training.max_runtime_seconds", 1.5, "must be a whole number", "without quotes"),
    ("models.churn.training.minimum_auc", 0.8, "unknown key", "use `gates.threshold`"),
    ("models.churn.training.trials", 101, "must be at most 100", "use at most 100"),
    ("models.churn.training.search", "tuned", "must be one of none, tune, automl", "did you mean `tune`?"),
    ("models.churn.training.split", [], "must be at least 3 items", "use at least 3 items"),
    ("models.churn.training.steps_image", "mlops/steps", "must match", "amazonaws.com/mlops/steps@sha256:"),
    ("models.churn.gates.metric", "auc", "must be one of roc_auc", "did you mean `roc_auc`?"),
    ("models.churn.gates.max_flipped_percent", 101, "must be at most 100", "use at most 100"),
    ("models.churn.gates.champion_margin", -0.1, "must be at least 0", "use at least 0"),
    ("models.churn.data_quality.min_records", 0, "must be at least 1", "use at least 1"),
    ("models.churn.data_quality.drift_p_value", 0, "must be more than 0", "use more than 0"),
    ("models.churn.card.limitations", "x" * 2049, "must be at most 2048 characters", "use at most 2048"),
    ("models.churn.release.version", "3", "must be a whole number, not a string", "without quotes"),
    ("models.churn.release.version", True, "must be a whole number, not a boolean", "without quotes"),
    ("models.churn.release.version", 0, "must be at least 1", "use at least 1"),
    ("models.churn.release.strategy", "canery", "must be one of all_at_once, canary", "did you mean `canary`?"),
    ("models.churn.release.wait_seconds", 3601, "must be at most 3600", "use at most 3600"),
    ("models.churn.data", "/etc/passwd", "must match", "data/mortgage-approval"),
    ("models.churn", None, "must be a block of keys, not nothing", "data, label"),
]


@pytest.mark.parametrize(("path", "value", "rule", "fix"), WRONG_BY_THEMSELVES)
def test_a_wrong_value_is_refused_with_path_value_rule_and_fix(path, value, rule, fix):
    root = put({"estate": copy.deepcopy(ESTATE), "models": copy.deepcopy(MODELS)}, path, value)
    (fault,) = faults_of(root["estate"], root["models"])
    item = value[0] if isinstance(value, list) and value else value
    assert fault.where == (f"{path}[0]" if item is not value else path)
    assert fault.value == item
    assert rule in fault.rule
    assert fix in fault.fix


@pytest.mark.parametrize("key", ["account", "region", "zones", "registry"])
def test_each_required_estate_key_is_asked_for_with_an_example(estate, models, key):
    del estate[key]
    (fault,) = faults_of(estate, models)
    assert (fault.where, fault.rule) == (f"estate.{key}", "is required")
    assert f"`{key}: " in fault.fix


@pytest.mark.parametrize("key", ["data", "label"])
def test_each_required_model_key_is_asked_for_with_an_example(estate, models, key):
    del models["churn"][key]
    (fault,) = faults_of(estate, models)
    assert (fault.where, fault.rule) == (f"models.churn.{key}", "is required")


def test_every_fault_of_every_block_is_reported_at_once(estate, models):
    estate["acount"] = 1
    estate["zones"] = ["eu-west-1a", "eu-west-1a", "us-east-1b"]
    models["churn"]["release"] = {"strategy": "canary", "step_percent": 60, "version": "1"}
    models["other"] = {"label": "x", "training": {"use_spot": False, "max_wait_seconds": 9}}
    assert {fault.where for fault in faults_of(estate, models)} == {
        "estate.acount",
        "estate.zones[1]",
        "estate.zones[2]",
        "models.churn.release.step_percent",
        "models.churn.release.version",
        "models.churn.serving.instance_count",
        "models.other.data",
        "models.other.training.max_wait_seconds",
    }


def test_a_rule_is_silent_about_a_value_that_is_wrong_by_itself(estate, models):
    models["churn"]["release"] = {"strategy": "canery", "step_percent": 60}
    assert [fault.where for fault in faults_of(estate, models)] == ["models.churn.release.strategy"]


@pytest.mark.parametrize("models", [None, [], [{"name": "a"}], "x"])
def test_models_must_be_a_block(estate, models):
    (fault,) = faults_of(estate, models)
    assert fault.where == "models"
    assert "one key for each model" in fault.rule


def test_no_models_at_all_is_sound(estate):
    assert parse("dev", estate, {}).models == {}


def blocks(model: type[BaseModel], path: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    """Return the path of every block below a model: read from the models, so that a new one is covered.

    Blocks by name (`masking.columns`) have keys of the user's own; test_masking.py covers them.
    """
    found = [path]
    for name, field in model.model_fields.items():
        inner = block_of(field.annotation)
        if inner is not None and get_origin(field.annotation) is not dict:
            found += blocks(inner, (*path, name))
    return found


@settings(deadline=None, max_examples=150, derandomize=True)
@given(
    place=st.sampled_from(
        [("estate", *path) for path in blocks(EstateBlock)]
        + [("models", "churn", *path) for path in blocks(ModelBlock)]
    ),
    key=st.from_regex(r"[a-z_]{1,20}", fullmatch=True),
    value=st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.lists(st.integers(), max_size=2),
)
def test_an_unknown_key_at_any_depth_is_refused_with_its_path(place, key, value):
    root: dict[str, Any] = {"estate": copy.deepcopy(ESTATE), "models": copy.deepcopy(MODELS)}
    at: Any = root
    model: type[BaseModel] = EstateBlock if place[0] == "estate" else ModelBlock
    for part in place:
        at = at.setdefault(part, {})
    for part in place[1:] if place[0] == "estate" else place[2:]:
        model = block_of(model.model_fields[part].annotation)  # type: ignore[assignment]
    if key in model.model_fields:
        return
    at[key] = value
    (fault,) = faults_of(root["estate"], root["models"])
    assert fault.where == ".".join([*place, key])
    assert fault.rule == "unknown key"


@settings(deadline=None, max_examples=200, derandomize=True)
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from([*EstateBlock.model_fields, *ModelBlock.model_fields, "x"]), inner, max_size=4
            )
        ),
        max_leaves=12,
    ),
    st.booleans(),
)
def test_no_shape_of_input_escapes_as_anything_but_faults(junk, as_models):
    estate, models = (copy.deepcopy(ESTATE), junk) if as_models else (junk, copy.deepcopy(MODELS))
    if as_models and junk == {}:
        return
    assert all(fault.where and fault.rule and fault.fix for fault in faults_of(estate, models))
