"""The model-card step: what it reads and writes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.support.governed import documents, lay, settings, shell

from mlops_pipelines.governance import gates
from mlops_pipelines.steps import card
from mlops_pipelines.steps.shell import StepFault


def test_a_card_is_written_as_a_document_and_as_the_same_text(tmp_path: Path) -> None:
    found = documents()
    lay(tmp_path / "input", {**found, "gate": gates.decide(found, settings())})
    told = card.assess(shell(tmp_path))
    content = json.loads((tmp_path / "output/card/model_card.json").read_text())
    registered = json.loads((tmp_path / "output/card/card.json").read_text())
    assert json.loads(registered["content"]) == content
    assert registered["risk_rating"] == told["risk_rating"] == content["intended_uses"]["risk_rating"] == "High"
    assert told["characters"] == len(registered["content"]) <= 100_000
    assert "1 trials" in content["training_details"]["objective_function"]["notes"]


def test_documents_that_a_card_needs_are_named_where_they_are_missing(tmp_path: Path) -> None:
    found = documents()
    lay(tmp_path / "input", {name: found[name] for name in ("champion", "snapshot", "evaluation", "fairness")})
    with pytest.raises(StepFault, match=r"robustness.*explanations.*gate"):
        card.assess(shell(tmp_path))


def test_a_card_that_is_too_long_is_a_fault_with_its_fix(tmp_path: Path) -> None:
    attributes = {f"column {number}": {"groups": {f"g{i}": {"count": 1} for i in range(300)}} for number in range(70)}
    found = documents(fairness__attributes=attributes)
    lay(tmp_path / "input", {**found, "gate": gates.decide(found, settings())})
    with pytest.raises(StepFault, match="CreateModelPackage takes 100000: shorten"):
        card.assess(shell(tmp_path))
