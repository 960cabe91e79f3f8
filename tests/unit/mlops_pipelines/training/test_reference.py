"""The reference names what there is, and nothing that there isn't."""

from __future__ import annotations

import re
from pathlib import Path

from tests.support.definition_shapes import walk

from mlops_pipelines.training import PLACEHOLDERS, load_definition

TEXT = (Path(__file__).resolve().parents[4] / "docs/reference/pipelines.md").read_text(encoding="utf-8")


def rows(heading):
    section = TEXT.split(f"## {heading}\n")[1].split("\n## ")[0]
    return [line.split("|")[1:3] for line in section.splitlines() if line.startswith("| `")]


def test_every_step_is_described_with_its_type():
    steps = [(step["Name"], step["Type"]) for step in walk(load_definition()["Steps"])]
    assert [(name.strip(" `"), kind.strip()) for name, kind in rows("Steps")] == steps


def test_every_placeholder_is_described():
    assert {name for cell, _ in rows("Placeholders") for name in re.findall(r"`(\w+)`", cell)} == PLACEHOLDERS


def test_every_parameter_and_every_lineage_property_is_named():
    definition = load_definition()
    register = next(step for step in walk(definition["Steps"]) if step["Type"] == "RegisterModel")
    names = [item["Name"] for item in definition["Parameters"]]
    names += register["Arguments"]["CustomerMetadataProperties"]
    assert [name for name in names if f"`{name}`" not in TEXT] == []
