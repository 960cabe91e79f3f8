"""`estate pipeline`: a definition is checked and drawn; a file that holds none is refused."""

from __future__ import annotations

import json

import pytest

from mlops_estate.cli.boundary import run
from mlops_pipelines.training.rendering import load_definition


def test_the_deployed_definition_is_sound(capsys):
    assert run(["pipeline", "validate"]) == 0
    assert "is sound: 18 steps (Champion, ValidateData, Snapshot, Preprocess, Search, Train" in capsys.readouterr().out
    assert run(["pipeline", "validate", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["ok"] is True


def test_every_fault_is_told_with_step_path_rule_and_fix(tmp_path, capsys):
    definition = load_definition()
    definition["Steps"][1]["Type"] = "Train"
    definition["Steps"][2]["DependsOn"] = ["Prepare"]
    path = tmp_path / "definition.json"
    path.write_text(json.dumps(definition))
    assert run(["pipeline", "validate", str(path), "--json"]) == 2
    data = json.loads(capsys.readouterr().out)
    assert {"Steps[1].Type", "Steps[2].DependsOn[0]"} <= {fault["where"] for fault in data["faults"]}
    assert all(fault["rule"] and fault["fix"] for fault in data["faults"])


@pytest.mark.parametrize("command", ["validate", "graph"])
@pytest.mark.parametrize("content", [None, "{", "[]", '{"Steps": 3}'])
def test_a_file_that_is_no_definition_is_exit_code_2(command, content, tmp_path, capsys):
    path = tmp_path / "definition.json"
    if content is not None:
        path.write_text(content)
    assert run(["pipeline", command, str(path)]) == 2
    assert "describe-pipeline prints one" in capsys.readouterr().err


def test_the_picture_has_steps_data_and_branches(capsys):
    assert run(["pipeline", "graph"]) == 0
    drawn = capsys.readouterr().out
    assert 'GatesPassed{"GatesPassed: Condition"}' in drawn
    assert {"    Train --> Evaluate", "    GatesPassed -->|yes| Register"} <= set(drawn.splitlines())
    assert run(["pipeline", "graph", "--json"]) == 0
    assert {"from": "Preprocess", "to": "Train", "branch": ""} in json.loads(capsys.readouterr().out)["edges"]
