"""The JSON Schema and the reference page: made from the models, kept current, and true."""

from __future__ import annotations

import copy
import json
import re

import pytest
from tests.unit.mlops_estate.config.conftest import ESTATE, MODELS
from tests.unit.mlops_estate.config.schema_check import violations
from tests.unit.mlops_estate.config.test_blocks import WRONG_BY_THEMSELVES, blocks, put

from mlops_estate.config import json_schema, load_environment
from mlops_estate.config.estate import EstateBlock
from mlops_estate.config.models import ModelBlock
from mlops_estate.config.reference import REFERENCE, markdown, schema_text

PROJECT = REFERENCE.parents[1]


def refused(config) -> list[str]:
    schema = json_schema()
    return list(violations(schema, {"config": config}, schema))


def whole(root) -> dict:
    return {"mlops-estate:estate": root["estate"], "mlops-estate:models": root["models"]}


@pytest.mark.parametrize(("file", "made"), [("configuration.md", markdown), ("configuration.schema.json", schema_text)])
def test_the_kept_file_is_current(file, made):
    kept = (REFERENCE / file).read_text(encoding="utf-8")
    assert kept == made(), "run: python -m mlops_estate.config.reference"


@pytest.mark.parametrize("name", ["dev", "staging", "prod"])
def test_the_schema_accepts_each_shipped_environment(name):
    loaded = load_environment(name, PROJECT)
    assert refused({"mlops-estate:estate": loaded.estate_raw, "mlops-estate:models": loaded.models_raw}) == []


@pytest.mark.parametrize("name", ["dev", "staging", "prod"])
def test_each_shipped_environment_points_editors_at_the_schema(name):
    first = (PROJECT / f"Pulumi.{name}.yaml").read_text(encoding="utf-8").splitlines()[0]
    match = re.fullmatch(r"# yaml-language-server: \$schema=(\S+)", first)
    assert match
    assert json.loads((PROJECT / match[1]).read_text(encoding="utf-8")) == json_schema()


@pytest.mark.parametrize("name", ["dev", "staging", "prod"])
def test_a_shipped_model_has_at_most_15_lines(name):
    lines = (PROJECT / f"Pulumi.{name}.yaml").read_text(encoding="utf-8").splitlines()
    block = lines[lines.index("    mortgage-approval:") :]
    assert 4 <= len(block) <= 15
    assert load_environment(name, PROJECT).config.models["mortgage-approval"].label == "deny"


def test_the_schema_refuses_what_the_program_refuses():
    for path, value, rule, _fix in WRONG_BY_THEMSELVES:
        root = put({"estate": copy.deepcopy(ESTATE), "models": copy.deepcopy(MODELS)}, path, value)
        if "not a region" in rule:  # a rule of its own: the schema names no regions
            continue
        assert refused(whole(root)), (path, value)


@pytest.mark.parametrize("key", ["account", "region", "zones", "registry"])
def test_the_schema_requires_what_the_program_requires(key):
    root = {"estate": copy.deepcopy(ESTATE), "models": copy.deepcopy(MODELS)}
    del root["estate"][key]
    assert refused(whole(root)) == [f"config.mlops-estate:estate.{key}: required"]


def test_every_key_is_described_in_schema_and_page():
    definitions = json_schema()["$defs"]
    described = {name: key for name, block in definitions.items() for key, field in block["properties"].items()
                 if not field.get("description")}  # fmt: skip
    assert described == {}
    page = markdown()
    for model in (EstateBlock, ModelBlock):
        for path in blocks(model):
            if path:
                assert f"### `{'.'.join(path)}`" in page
        for key in model.model_fields:
            assert f"| `{key}` |" in page


def test_defaults_by_class_are_in_schema_and_page():
    field = json_schema()["$defs"]["ReleaseBlock"]["properties"]["wait_seconds"]
    assert field["x-default-by-class"] == {"dev": 0, "staging": 300, "prod": 600}
    assert "Default: dev 0, staging 300, prod 600." in field["description"]
    assert "| `wait_seconds` | whole number, ≥ 0, ≤ 3,600 | `0` / `300` / `600` |" in markdown()
