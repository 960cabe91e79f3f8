"""The restore drill as a user runs it, and what it says where a restore does nothing."""

from __future__ import annotations

import json
import subprocess
import sys

from tests.support.project import copy_project

from mlops_estate.config import load_environment
from mlops_estate.drill import drill
from mlops_pipelines.recovery import RestoredObjects


def test_a_drill_loses_everything_and_brings_it_back(tmp_path):
    project = copy_project(tmp_path)
    command = [sys.executable, "-c", "from mlops_estate.cli import main; main()", "drill", "dev", "--json"]
    done = subprocess.run(command, cwd=project, capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert report == json.loads((project / ".estate" / "dev" / "drill.json").read_text(encoding="utf-8"))
    kinds = [item["kind"] for item in report["rehearsals"]]
    assert kinds == ["online store", *["bucket"] * 4, "endpoints", "registry", "releases", "state"]
    assert all(item["ok"] and item["damaged"] and not item["lost"] for item in report["rehearsals"])
    online = report["rehearsals"][0]
    assert (online["items"], online["damaged"]) == (2380, 1190)
    models = next(item for item in report["rehearsals"] if "-models-" in item["what"])
    assert "meanwhile mlops-dev-mortgage-approval did not answer" in models["notes"]
    assert (report["ok"], report["within_rpo"], report["within_rto"], report["unequal"]) == (True, True, True, {})


def test_a_restore_that_does_nothing_is_found_out(tmp_path, monkeypatch):
    project = copy_project(tmp_path)
    monkeypatch.setattr("mlops_estate.drill.objects.restore_objects", lambda *_, **__: RestoredObjects())
    report = drill(load_environment("dev", project))
    failed = {item.kind for item in report.rehearsals if not item.ok}
    assert (report.ok, {"bucket", "endpoints"} <= failed) == (False, True)
    buckets = [item for item in report.rehearsals if item.kind == "bucket"]
    assert all(len(item.lost) == item.items for item in buckets)
