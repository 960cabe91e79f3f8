"""The search step's shell: inputs, the fact that overrides the mode, the document."""

from __future__ import annotations

import json

import pytest
from tests.support.problems import problem, write_problem

from mlops_pipelines.steps.search import main


@pytest.fixture
def step(tmp_path):
    """Write a step's inputs and code; return what starts it."""
    given = problem("binary")
    write_problem(given, given.settings(mode="tune", family="linear", trials=3), tmp_path / "opt/processing/input")

    def start(*flags):
        root = tmp_path / "opt/processing"
        return main(
            [
                "--input",
                str(root / "input"),
                "--output",
                str(root / "output"),
                "--code",
                str(root / "input/code"),
                *flags,
            ]
        )

    return start


def document(folder):
    return json.loads((folder / "opt/processing/output/search/search.json").read_text())


def test_the_step_writes_what_it_found_and_tells_every_trial(step, tmp_path, capsys):
    assert step() == 0
    found, lines = document(tmp_path), capsys.readouterr().out.splitlines()
    assert {"mode", "family", "hyperparameters", "metric", "score", "trials", "seed"} <= found.keys()
    assert [line.split()[0] for line in lines[:-1]] == ["trial=0", "trial=1", "trial=2"]
    assert json.loads(lines[-1]) == {
        key: found[key] for key in ("mode", "family", "hyperparameters", "metric", "score")
    }


def test_the_fact_search_is_taken_in_place_of_the_settings_mode(step, tmp_path):
    assert step("--fact", "search=none", "--seed", "3") == 0
    assert (document(tmp_path)["mode"], len(document(tmp_path)["trials"]), document(tmp_path)["seed"]) == ("none", 1, 3)


def test_an_unknown_mode_and_a_missing_input_end_the_step_with_the_reason(step, tmp_path, capsys):
    assert step("--fact", "search=guess") == 1
    assert "search mode 'guess' is none of none, tune, automl" in capsys.readouterr().err
    (tmp_path / "opt/processing/input/validation/validation.csv").unlink()
    assert step() == 1
    assert "input validation has no readable validation.csv" in (tmp_path / "opt/output/message").read_text()
    assert not (tmp_path / "opt/processing/output").exists()
