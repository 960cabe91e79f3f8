"""The gate step: what it reads and writes, and that a refused model is no failure of the step."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.support.governed import documents, lay, shell

from mlops_pipelines.steps import gate
from mlops_pipelines.steps.shell import StepFault


def test_a_model_that_passes_has_its_gate_and_report(tmp_path: Path) -> None:
    lay(tmp_path / "input", documents())
    told = gate.assess(shell(tmp_path))
    written = json.loads((tmp_path / "output/gate/gate.json").read_text())
    assert told["passed"] is written["passed"] is True
    assert written["version"] == told["version"] == "1.0.0"
    report = (tmp_path / "output/report/report.html").read_text(encoding="utf-8")
    assert "credit" in report or "roc_auc" in report


def test_a_model_below_the_minimum_is_refused_and_the_step_ends_well(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given = shell(tmp_path)
    lay(tmp_path / "input", documents(evaluation__metric__value=0.6))
    code = tmp_path / "code"
    code.mkdir()
    (code / "settings.json").write_text(json.dumps(given.settings.as_dict()))
    (code / "schema.json").write_text('{"columns": []}')
    arguments = ["--input", str(given.input), "--output", str(given.output), "--code", str(code)]
    assert gate.main(arguments) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["passed"] is False
    assert told["reason"].startswith("quality: 0.6, but roc_auc on the test set >= 0.7.")


def test_every_document_that_cannot_be_read_is_named_at_once(tmp_path: Path) -> None:
    found = {name: document for name, document in documents().items() if name not in ("champion", "optimisation")}
    lay(tmp_path / "input", {**found, "fairness": []})
    with pytest.raises(StepFault) as refused:
        gate.assess(shell(tmp_path))
    told = str(refused.value)
    for what in ("champion.json", "optimised has no readable optimisation.json", "fairness.json holds no object"):
        assert what in told


def test_the_same_documents_give_the_same_gate(tmp_path: Path) -> None:
    texts = []
    for place in ("a", "b"):
        lay(tmp_path / place / "input", documents())
        gate.assess(shell(tmp_path / place))
        texts.append((tmp_path / place / "output/gate/gate.json").read_bytes())
    assert texts[0] == texts[1]
