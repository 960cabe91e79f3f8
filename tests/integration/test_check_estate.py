"""The estate by its own policy pack, offline: nothing mandatory in any environment, few exemptions, all used."""

from __future__ import annotations

import json

import pytest
from tests.support.programs import PROJECT

from mlops_estate.cli.boundary import run
from mlops_policies.catalog import rules


@pytest.mark.parametrize("environment", ["dev", "staging", "prod"])
def test_an_environment_passes_its_policies_as_declared(environment, capsys):
    assert run(["check", environment, "--json", "--project", str(PROJECT)]) == 0
    report = json.loads(capsys.readouterr().out)
    summary = report["summary"]
    assert (report["class"], report["ok"], summary["mandatory"], summary["error"]) == (environment, True, 0, 0)
    assert summary["rules"] == len(rules())
    assert summary["pass"] > 500
    assert summary["not_evaluated"] > 0  # ARNs of keys are unknown before the update
    assert len(report["exemptions"]) <= 3
    assert [item for item in report["exemptions"] if item["faults"] or not item["used"]] == []


def test_a_weakened_program_does_not_pass(tmp_path, capsys):
    """Break the estate in three places, each of another service, as a pull request might."""
    graph = tmp_path / "graph.json"
    assert run(["graph", "prod", "-o", str(graph), "--project", str(PROJECT)]) == 0
    data = json.loads(graph.read_text(encoding="utf-8"))
    for node in data["nodes"]:
        if node["type"].endswith("EndpointConfiguration"):
            node["inputs"]["dataCaptureConfig"]["enableCapture"] = False
        if node["type"] == "aws:kms/key:Key":
            node["inputs"]["enableKeyRotation"] = False
        if node["type"].endswith("AccountPublicAccessBlock"):
            node["inputs"]["blockPublicPolicy"] = False
    graph.write_text(json.dumps(data), encoding="utf-8")
    capsys.readouterr()
    assert run(["check", "--state", str(graph), "--json", "--project", str(PROJECT)]) == 1
    found = {item["rule"] for item in json.loads(capsys.readouterr().out)["findings"] if item["status"] == "fail"}
    assert {"ml-datacapture-enabled", "kms-rotation", "s3-account-block-public-access"} <= found
