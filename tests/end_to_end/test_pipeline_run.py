"""`estate pipeline run`, whole: the deployed definition in processes of its own, a package, a report, an exit code."""

from __future__ import annotations

import json
import re

import pytest
from tests.support.project import copy_project

from mlops_estate.cli.boundary import run
from mlops_pipelines.training import load_definition

pytestmark = pytest.mark.xdist_group("pipeline run")


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    return copy_project(tmp_path_factory.mktemp("project"))


def asked(project, *more):
    return ["pipeline", "run", "mortgage-approval", "--local", "--project", str(project), *more]


def test_the_real_data_end_with_a_signed_package_and_a_report(project, capsys):
    assert run(asked(project, "--json", "--reclaim")) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["status"], told["version"], told["registry_version"]) == ("registered", "1.0.0", 1)
    assert re.fullmatch(r"the signature of \d+ artefacts holds", told["verified"])
    steps = {step["name"]: step for step in told["steps"]}
    outer = [step["Name"] for step in load_definition()["Steps"]]
    assert set(outer) < set(steps)
    assert steps["Train"]["attempts"] == 2  # the spot instance was lost once
    assert all(check["passed"] for check in told["checks"])
    page = (project / ".estate/dev/runs/mortgage-approval/report.html").read_text()
    for part in ("1.0.0", "afam", "insurance", "mean |SHAP", "sha256", "HopSkipJump"):
        assert part.lower() in page.lower(), part
    assert not re.search(r'(src|href)="(https?:)?//', page)


def test_broken_data_are_refused_with_the_cell_and_nothing_is_registered(project, capsys, tmp_path):
    file = tmp_path / "broken.csv"
    shipped = (project / "data/mortgage-approval/hmda_boston_mortgages.csv").read_bytes()
    file.write_bytes(shipped.replace(b"no,0.265,0.265,", b"no,0.265,high,", 1))
    page = tmp_path / "report.html"
    assert run(asked(project, "--data", str(file), "--report", str(page))) == 1
    out = capsys.readouterr().out
    assert "step ValidateData failed, nothing is registered" in out
    assert "broken.csv" in out
    assert "hirat = 'high' in record 2" in out
    assert "hirat" in page.read_text()


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (["pipeline", "run", "mortgage-aproval", "--local"], "did you mean mortgage-approval?"),
        (["pipeline", "run", "mortgage-approval"], "add --local"),
        (["pipeline", "run", "mortgage-approval", "--local", "--parameter", "Treshold=0.1"], "is not NAME=VALUE"),
        (["pipeline", "run", "mortgage-approval", "--local", "--parameter", "Seed=x"], "takes a whole number"),
        (
            ["pipeline", "run", "mortgage-approval", "--local", "--parameter", "Search=hard"],
            "one of none, tune, automl",
        ),
        (["pipeline", "run", "mortgage-approval", "--local", "--data", "nowhere.csv"], "there is no such file"),
        (["pipeline", "run", "mortgage-approval", "--local", "--env", "devv"], "devv"),
    ],
)
def test_a_mistake_on_the_command_line_is_exit_code_2_and_runs_nothing(given, told, project, capsys):
    assert run([*given, "--project", str(project)]) == 2
    shown = capsys.readouterr()
    assert told in shown.err
    assert "Traceback" not in shown.err
