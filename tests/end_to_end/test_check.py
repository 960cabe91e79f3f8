"""`estate check ENV --standing`: what stands in an embedded account is judged by every rule, and nothing is unknown."""

from __future__ import annotations

import json
import shutil

from tests.support.programs import PROJECT
from tests.support.project import copy_project

from mlops_estate.cli.boundary import run


def test_production_as_it_stands_passes_with_every_rule_answering(tmp_path, capsys):
    copy_project(tmp_path)
    (tmp_path / "policies").mkdir()
    shutil.copy(PROJECT / "policies" / "policies.yaml", tmp_path / "policies" / "policies.yaml")
    outputs = [tmp_path / f"check.{ending}" for ending in ("sarif", "md", "xml")]
    wanted = [argument for path in outputs for argument in ("-o", str(path))]
    assert run(["check", "prod", "--standing", "--json", *wanted, "--project", str(tmp_path)]) == 0
    report = json.loads(capsys.readouterr().out)
    summary = report["summary"]
    assert (summary["mandatory"], summary["error"], summary["not_evaluated"]) == (0, 0, 0)
    assert summary["pass"] > 1000
    assert [item["finding"] for item in report["exemptions"]] == ["ml-model-card-required"]
    assert summary["exempt"] == 1
    advised = {item["rule"] for item in report["findings"] if item["status"] == "fail"}
    failing = [control for control in report["frameworks"]["nist-800-53-r5"]["controls"] if control["status"] == "fail"]
    # Advice fails a control too: told, and not hidden.
    assert failing
    assert all(advised & set(control["rules"]) for control in failing)
    assert all(path.stat().st_size > 10_000 for path in outputs)
