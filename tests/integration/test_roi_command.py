"""`estate roi` as people call it."""

from __future__ import annotations

import json

import pytest
from tests.support.programs import PROJECT

from mlops_estate.cli.boundary import run


def test_without_anything_the_documented_defaults_are_taken(capsys):
    assert run(["roi"]) == 0
    out = capsys.readouterr().out
    assert "Pays for itself in month 14; net $560,000 after 24 months" in out
    assert "the split into metrics is ours" in out


def test_the_inputs_to_begin_with_give_the_same_answer(tmp_path, capsys):
    path = tmp_path / "roi.yaml"
    assert run(["roi", "--init", str(path)]) == 0
    capsys.readouterr()
    assert run(["roi", str(path), "--json"]) == 0
    own = json.loads(capsys.readouterr().out)
    assert run(["roi", "--json"]) == 0
    shipped = json.loads(capsys.readouterr().out)
    assert own["notes"] == []
    assert {**own, "notes": 0} == {**shipped, "notes": 0}


def test_inputs_to_begin_with_overwrite_nothing(tmp_path, capsys):
    path = tmp_path / "roi.yaml"
    path.write_text("mine", encoding="utf-8")
    assert run(["roi", "--init", str(path)]) == 2
    assert path.read_text(encoding="utf-8") == "mine"
    assert "isn't overwritten" in capsys.readouterr().err


def test_files_are_written_and_named(tmp_path, capsys):
    wanted = [tmp_path / name for name in ("a.html", "a.csv", "a.md", "a.json", "a.txt")]
    assert run(["roi", *(part for path in wanted for part in ("-o", str(path)))]) == 0
    out = capsys.readouterr().out
    assert all(path.is_file() and f"wrote {path}" in out for path in wanted)


@pytest.mark.parametrize(
    "arguments",
    [["none.yaml"], ["--set", "x"], ["--set", "horizon_months=0"], ["-o", "roi.pdf"], ["--env", "nowhere"]],
)
def test_wrong_input_is_told_and_ends_with_2(arguments, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert run(["roi", *arguments, *(["--project", str(PROJECT)] if "--env" in arguments else [])]) == 2
    assert "fix:" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_infrastructure_comes_from_the_estimate_of_an_environment(capsys):
    assert run(["roi", "--env", "dev", "--json", "--project", str(PROJECT)]) == 0
    data = json.loads(capsys.readouterr().out)
    phases = data["inputs"]["costs"]["infrastructure"]
    assert [phase["start"] for phase in phases] == [1]
    monthly = phases[0]["monthly_usd"]
    assert monthly > 0
    assert data["by_metric_usd"]["infrastructure"] == pytest.approx(24 * monthly, abs=0.2)
    assert any(f"the estimate of dev: ${monthly:,.0f} a month" in note for note in data["notes"])
    assert run(["cost", "dev", "--json", "--prices-from", "us-east-1", "--project", str(PROJECT)]) == 0
    assert json.loads(capsys.readouterr().out)["monthly"]["expected"] == pytest.approx(monthly, abs=0.01)
