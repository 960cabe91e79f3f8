"""The entry file, run as Pulumi runs it: configuration as text in, resources and exports out."""

from __future__ import annotations

import json
import runpy
from typing import Any

import pulumi
import pytest
from tests.support.programs import PROJECT, recorded
from tests.support.recorder import Recorder

from mlops_estate.config import load_environment, overlay_account, overlay_versions
from mlops_estate.faults import FaultsFound

MAIN = PROJECT / "stacks" / "__main__.py"


def run(estate: Any, models: Any) -> Recorder:
    config = {"mlops-estate:estate": json.dumps(estate), "mlops-estate:models": json.dumps(models)}
    return recorded(lambda: runpy.run_path(str(MAIN), run_name="__main__"), config)


@pytest.mark.parametrize("name", ["dev", "staging", "prod"])
def test_each_shipped_environment_runs_and_exports(name):
    loaded = load_environment(name, PROJECT)
    # The recorder's stack is called `test`: an environment of another name states its class.
    recorder = run({"environment_class": name, **loaded.estate_raw}, loaded.models_raw)
    outputs = recorder.stack_outputs
    assert outputs["account"] == loaded.config.estate.account
    assert outputs["buckets"]["raw"] == f"mlops-test-raw-{outputs['account']}-eu-west-1"
    assert outputs["models"]["mortgage-approval"]["waits_for"] == "a version of mlops-mortgage-approval"
    assert "endpoint" not in outputs["models"]["mortgage-approval"]


def test_the_overlays_of_a_local_run_reach_the_program():
    loaded = load_environment("dev", PROJECT)
    estate = overlay_account({"environment_class": "dev", **loaded.estate_raw}, "123456789012")
    recorder = run(estate, overlay_versions(loaded.models_raw, {"mortgage-approval": 3}))
    model = recorder.stack_outputs["models"]["mortgage-approval"]
    assert model["endpoint"] == "mlops-test-mortgage-approval"
    assert model["version"] == 3
    assert model["model_package_group"] == "mlops-mortgage-approval"
    assert any(
        node.type == "aws:sagemaker/modelPackageGroup:ModelPackageGroup" for node in recorder.registered.values()
    )


@pytest.mark.parametrize(
    ("estate", "models", "where"), [(None, {}, "estate"), ({}, None, "models"), ({}, {}, "estate")]
)
def test_a_faulty_configuration_registers_nothing(estate, models, where):
    registered = []
    with pytest.raises(FaultsFound) as caught:
        registered.append(run(estate, models))
    assert registered == []
    assert isinstance(caught.value, pulumi.RunError)  # which Pulumi prints without a stack trace
    assert any(fault.where.startswith(where) for fault in caught.value.faults)


def test_the_entry_file_stays_thin():
    assert len(MAIN.read_text(encoding="utf-8").splitlines()) <= 25
