"""docs/reference/cost.md says what the package does."""

from __future__ import annotations

import re

import pytest
from tests.support.programs import PROJECT

from mlops_estate.pricing import shipped
from mlops_estate.pricing.usage import table

PAGE = (PROJECT / "docs" / "reference" / "cost.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("part", ["model", "estate"])
def test_every_assumption_stands_in_the_reference(part):
    for key, entry in table()[part].items():
        row = next((line for line in PAGE.splitlines() if line.startswith(f"| `{key}`")), "")
        for numbers in [entry["all"]] if "all" in entry else [entry[name] for name in ("dev", "staging", "prod")]:
            assert " / ".join(f"{number:,}" for number in numbers) in row, key
        assert str(entry.get("why", "")) in row, key
        assert (" a model" in row) == bool(entry.get("per_model")), key
        assert (" a resource" in row) == bool(entry.get("per_resource")), key


def test_the_reference_lists_no_assumption_that_there_is_not():
    listed = set(re.findall(r"^\| `([a-z_]+)`", PAGE, re.MULTILINE))
    assert listed == table()["model"].keys() | table()["estate"].keys()


def test_the_number_of_prices_is_current():
    assert f"holds {len(shipped().regions['us-east-1'].prices)} prices of us-east-1" in PAGE


def test_the_number_of_worked_configurations_is_current():
    text = (PROJECT / "tests/unit/mlops_estate/pricing/test_worked_prices.py").read_text(encoding="utf-8")
    assert f"work {len(re.findall(r'^def test_[0-9]+_', text, re.MULTILINE))} configurations out" in PAGE
