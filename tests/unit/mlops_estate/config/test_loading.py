"""Finding, reading and overlaying an environment's file."""

from __future__ import annotations

import copy

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.mlops_estate.config.conftest import ESTATE, MODELS

from mlops_estate.config import (
    environments,
    load_environment,
    load_schemas,
    monitors_left_out,
    overlay_account,
    overlay_network,
    overlay_versions,
    parse,
    running_monitors,
    unpinned,
)
from mlops_estate.faults import FaultsFound


def text(**config) -> str:
    return yaml.safe_dump({"config": {"mlops-estate:estate": ESTATE, "mlops-estate:models": MODELS, **config}})


def faults_of(name, folder):
    with pytest.raises(FaultsFound) as caught:
        load_environment(name, folder)
    assert caught.value.exit_code == 2
    return list(caught.value.faults)


def test_a_sound_file_is_loaded_with_its_raw_blocks(project):
    loaded = load_environment("dev", project(text()))
    assert (loaded.estate_raw, loaded.models_raw) == (ESTATE, MODELS)
    assert loaded.path.name == "Pulumi.dev.yaml"
    assert loaded.config.prefix == "mlops-dev"
    assert loaded.config.owns_registry


def test_a_missing_environment_names_those_that_exist(project):
    folder = project(text(), "dev")
    project(text(), "staging")
    (fault,) = faults_of("stagin", folder)
    assert fault.rule == "there is no Pulumi.stagin.yaml"
    assert fault.fix == "did you mean `staging`? there are dev, staging"
    assert environments(folder) == ["dev", "staging"]


@pytest.mark.parametrize("name", ["../dev", "", "Dev", "dev/x", "d\x00v"])
def test_a_name_that_is_no_environment_is_refused(project, name):
    (fault,) = faults_of(name, project(text()))
    assert (fault.where, fault.value) == ("environment", name)


def test_a_folder_without_environments_says_so(tmp_path):
    (fault,) = faults_of("dev", tmp_path)
    assert "has none" in fault.fix


@pytest.mark.parametrize(
    ("content", "where", "rule", "fix"),
    [
        ("- a\n", "file", "must be a block of keys", "begin with `config:`"),
        ("{}\n", "config", "is required", "`mlops-estate:estate`"),
        ("confg: {}\nconfig: {}\n", "confg", "unknown key", "did you mean `config`?"),
        ("config: []\n", "config", "must be a block of keys", "add `config:`"),
        (text(**{"mlops-estate:modles": {}}), "modles", "unknown key", "did you mean `mlops-estate:models`?"),
        (text(estate={}), "config.estate", "unknown key", "did you mean `mlops-estate:estate`?"),
        ("config:\n  mlops-estate:models: {}\n", "estate", "is required", "add `mlops-estate:estate:`"),
    ],
)
def test_what_surrounds_the_blocks_is_checked_too(project, content, where, rule, fix):
    found = {fault.where: fault for fault in faults_of("dev", project(content))}
    assert rule in found[where].rule
    assert fix in found[where].fix
    assert found[where].file == "Pulumi.dev.yaml"


def test_keys_of_other_pulumi_packages_are_left_alone(project):
    assert load_environment("dev", project(text(**{"aws:endpoints": [], "pulumi:tags": {}}))).config.name == "dev"


def test_faults_of_form_and_of_content_come_together_in_the_order_of_lines(project):
    content = """config:
  mlops-estate:estate:
    account: 123456789012
    region: eu-west-1
    zones: [eu-west-1a]
    registry: {account: "123456789012"}
    people:
      data_scientist: {sso: DataScientist}
      ml_engineer: {sso: MlEngineer}
      model_approver: {sso: ModelApprover}
      auditor: {sso: Auditor}
      platform_operator: {sso: PlatformOperator}
  mlops-estate:models:
    churn: {data: rows.csv, label: left, protected_attribute: gender}
    churn: {}
    other:
      data: rows.csv
      lable: x
      protected_attribute: gender
"""
    faults = faults_of("dev", project(content))
    assert [(fault.line, fault.where) for fault in faults] == [
        (3, "estate.account"),
        (15, "models.churn"),
        (16, "models.other.label"),
        (18, "models.other.lable"),
    ]
    assert faults[0].fix == 'quote it: "123456789012"'
    assert faults[3].fix == "did you mean `label`?"


def test_an_unquoted_account_with_a_leading_zero_is_shown_as_written(project):
    content = text().replace("account: '123456789012'", "account: 012345678901", 1)
    (fault,) = faults_of("dev", project(content))
    assert fault.fix == 'quote it: "012345678901"'


def test_an_environment_of_another_name_states_its_class(project):
    (fault,) = faults_of("sandbox", project(text(), "sandbox"))
    assert (fault.where, fault.rule) == ("estate.environment_class", "is required")
    sandbox = text(**{"mlops-estate:estate": {**ESTATE, "environment_class": "dev"}})
    config = load_environment("sandbox", project(sandbox, "sandbox")).config
    assert (config.prefix, config.environment_class) == ("mlops-sandbox", "dev")


def test_defaults_follow_the_environments_class(estate, models):
    dev, staging, prod = (parse(name, estate, models) for name in ("dev", "staging", "prod"))
    chosen = {
        config.name: (
            config.models["churn"].release.strategy,
            config.models["churn"].serving.instance_count,
            config.models["churn"].autoscaling.enabled,
            config.models["churn"].monitoring.schedule,
            config.estate.storage.snapshot_lock_mode,
            config.estate.storage.snapshot_lock_days,
            config.estate.keys.deletion_window_days,
            config.estate.protect,
        )
        for config in (dev, staging, prod)
    }
    assert chosen == {
        "dev": ("all_at_once", 1, False, "daily", "GOVERNANCE", 1, 7, False),
        "staging": ("canary", 2, True, "daily", "GOVERNANCE", 30, 14, True),
        "prod": ("canary", 2, True, "hourly", "COMPLIANCE", 365, 30, True),
    }


def test_defaults_outside_a_parse_are_the_safest():
    from mlops_estate.config.estate import KeysBlock

    assert KeysBlock().deletion_window_days == 30


def test_the_schema_file_lies_beside_the_data_unless_named(estate, models):
    models["other"] = {**models["churn"], "data": "rows.csv"}
    models["third"] = {**models["churn"], "features": {"schema_file": "shared/schema.yaml"}}
    config = parse("dev", estate, models)
    assert {name: model.schema_path for name, model in config.models.items()} == {
        "churn": "data/churn/schema.yaml",
        "other": "schema.yaml",
        "third": "shared/schema.yaml",
    }


def test_the_account_overlay_moves_environment_and_registry(estate):
    estate["registry"] = {"account": "999999999999", "prefix": "reg"}
    before = copy.deepcopy(estate)
    overlaid = overlay_account(estate, "111122223333")
    assert overlaid == {
        **before,
        "account": "111122223333",
        "registry": {"account": "111122223333", "prefix": "reg"},
    }
    assert estate == before


def test_the_other_accounts_are_all_that_share_the_registry_but_the_own(estate, models):
    estate["registry"] = {"account": "999999999999", "member_accounts": ["111122223333", estate["account"]]}
    assert parse("dev", estate, models).estate.other_accounts == ["111122223333", "999999999999"]
    alone = overlay_account({**estate, "registry": {"account": "999999999999"}}, "123456789012")
    assert parse("dev", alone, models).estate.other_accounts == []


def test_an_unknown_model_cannot_be_pinned(models):
    with pytest.raises(KeyError, match="no model named chrun; there are churn"):
        overlay_versions(models, {"chrun": 1})


@pytest.mark.parametrize(
    ("network", "left"),
    [
        ({"vpc_id": "vpc-0a1b2c3d", "subnet_ids": ["subnet-0a1b2c3d"], "security_group_ids": ["sg-0a1b2c3d"]}, None),
        ({"vpc_id": "vpc-0a1b2c3d", "flow_log_retention_days": 30}, {"flow_log_retention_days": 30}),
        ({"cidr": "10.1.0.0/16"}, {"cidr": "10.1.0.0/16"}),
    ],
)
def test_the_network_overlay_takes_a_brought_network_away_and_nothing_else(estate, network, left):
    brought = {**estate, "network": network}
    overlaid = overlay_network(brought)
    assert overlaid.get("network") == left
    assert {key: value for key, value in overlaid.items() if key != "network"} == estate
    assert brought["network"] == network


@settings(deadline=None, derandomize=True)
@given(
    pins=st.dictionaries(st.sampled_from("abc"), st.integers(1, 99), max_size=3),
    overlay=st.dictionaries(st.sampled_from("abc"), st.none() | st.integers(1, 99)),
)
def test_a_version_overlay_pins_exactly_what_it_names_and_removing_it_restores_the_block(pins, overlay):
    models = {name: copy.deepcopy(MODELS["churn"]) for name in "abc"}
    unpinned_models = copy.deepcopy(models)
    for name, version in pins.items():
        models[name]["release"] = {"version": version}
    before = copy.deepcopy(models)
    overlaid = overlay_versions(models, overlay)
    expected = {**dict.fromkeys("abc"), **pins, **overlay}
    config = parse("dev", ESTATE, overlaid)
    assert {name: model.release.version for name, model in config.models.items()} == expected
    assert unpinned(config) == [name for name in "abc" if expected[name] is None]
    assert models == before
    assert overlay_versions(overlaid, dict.fromkeys("abc")) == unpinned_models


def test_removing_a_pin_keeps_the_rest_of_the_release(models):
    models["churn"]["release"] = {"version": 2, "previous": 1, "wait_seconds": 5}
    assert overlay_versions(models, {"churn": None})["churn"]["release"] == {"wait_seconds": 5}


@pytest.mark.parametrize(
    ("change", "where", "rule", "fix"),
    [
        ({"data": "data/churn/none.csv"}, "data", "no such file", "correct the path"),
        ({"features": {"schema_file": "none.yaml"}}, "features.schema_file", "needs a schema: No such file", "see"),
        ({"features": {"schema_file": "bad.yaml"}}, "features.schema_file", "needs a schema", "see"),
        ({"features": {"schema_file": "worse.yaml"}}, "features.schema_file", "needs a schema", "see"),
        ({"label": "lft"}, "label", "no column of that name with the role label", "did you mean `left`?"),
        ({"protected_attribute": "age"}, "protected_attribute", "with the role protected", "use gender"),
    ],
)
def test_the_files_a_model_names_hold_what_it_says(project, change, where, rule, fix):
    folder = project(text(**{"mlops-estate:models": {"churn": {**MODELS["churn"], **change}}}))
    (folder / "bad.yaml").write_text("columns: 3\n", encoding="utf-8")
    (folder / "worse.yaml").write_text("columns: [\n", encoding="utf-8")
    (fault,) = faults_of("dev", folder)
    assert fault.where == f"models.churn.{where}"
    assert rule in fault.rule
    assert fix in fault.fix
    assert fault.line > 1


MULTICLASS = ('values: ["0", "1"]', 'values: ["0", "1", "2"]')
REGRESSION = ('type: category, role: label, values: ["0", "1"]', "type: number, role: label, minimum: 0, maximum: 9")


@pytest.mark.parametrize(
    ("label", "change", "where", "rule", "fix"),
    [
        (None, {"gates": {"metric": "f1_macro"}}, "gates.metric", "is no metric of a binary model", "use roc_auc"),
        (None, {"gates": {"threshold": 0.4}}, "gates.threshold", "roc_auc must be 0.5 to 1", "use 0.5"),
        (MULTICLASS, {"gates": {"metric": "f1"}}, "gates.metric", "is no metric of a multiclass model", "use f1_macro"),
        (REGRESSION, {"gates": {"metric": "roc_auc"}}, "gates.metric", "of a regression model", "use r2"),
        (MULTICLASS, {"monitoring": {"bias": True}}, "monitoring.bias", "answers of two classes", "remove it"),
        (REGRESSION, {"monitoring": {"model_quality": True}}, "monitoring.model_quality", "two classes", "remove it"),
    ],
)
def test_metric_and_monitors_suit_the_problem_that_the_label_makes(project, label, change, where, rule, fix):
    folder = project(text(**{"mlops-estate:models": {"churn": {**MODELS["churn"], **change}}}))
    if label is not None:
        schema = folder / "data" / "churn" / "schema.yaml"
        schema.write_text(schema.read_text(encoding="utf-8").replace(*label), encoding="utf-8")
    (fault,) = faults_of("dev", folder)
    assert fault.where == f"models.churn.{where}"
    assert rule in fault.rule
    assert fix in fault.fix


@pytest.mark.parametrize(
    ("label", "change", "running", "left_out"),
    [
        (None, {}, ("data-quality", "model-quality", "bias", "explainability"), set()),
        (None, {"protected_attribute": None}, ("data-quality", "model-quality", "explainability"), {"bias"}),
        (None, {"protected_attribute": None, "risk": "limited"}, ("data-quality", "model-quality"), set()),
        (None, {"protected_attribute": None, "monitoring": {"bias": False, "explainability": False}},
         ("data-quality", "model-quality"), set()),
        (MULTICLASS, {}, ("data-quality",), {"model-quality", "bias", "explainability"}),
        (REGRESSION, {"gates": {"metric": "rmse", "threshold": 2}}, ("data-quality",),
         {"model-quality", "bias", "explainability"}),
        (REGRESSION, {"protected_attribute": None, "risk": "limited"}, ("data-quality",), {"model-quality"}),
        (REGRESSION, {"monitoring": {"enabled": False}}, (), set()),
    ],
)  # fmt: skip
def test_monitors_by_risk_are_those_that_understand_the_answers(project, label, change, running, left_out):
    folder = project(text(**{"mlops-estate:models": {"churn": {**MODELS["churn"], **change}}}))
    if label is not None:
        schema = folder / "data" / "churn" / "schema.yaml"
        schema.write_text(schema.read_text(encoding="utf-8").replace(*label), encoding="utf-8")
    models = load_environment("dev", folder).config.models
    schemas = load_schemas(models, folder)
    assert running_monitors(models["churn"], schemas["churn"]) == running
    assert monitors_left_out(models["churn"], schemas["churn"]).keys() == left_out


def test_models_of_one_schema_share_it(project):
    folder = project(text(**{"mlops-estate:models": {"a": MODELS["churn"], "b": MODELS["churn"]}}))
    schemas = load_schemas(load_environment("dev", folder).config.models, folder)
    assert schemas["a"] is schemas["b"]
    assert schemas["a"].names("label") == ("left",)
