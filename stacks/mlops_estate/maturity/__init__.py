"""How mature an estate is, by capability: computed from what graph, workflows, pipelines and tests really contain.

`capabilities.yaml` says what is asked; `checks` looks; `model.Report` draws the conclusions; `report` writes them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlops_estate.maturity.model import Evidence, Item, Outcome, Report

if TYPE_CHECKING:
    from mlops_estate.maturity.facts import Facts

__all__ = ["Evidence", "Item", "Outcome", "Report", "assess"]


def assess(facts: Facts, environment: str) -> Report:
    """Return the outcome of every item of the shipped catalog."""
    from mlops_estate.maturity.catalog import catalog
    from mlops_estate.maturity.checks import run

    asked = catalog()
    outcomes = {item.id: run(item, facts) for capability in asked.capabilities for item in capability.items}
    return Report(environment, asked, outcomes, dict(facts.tests), (*facts.graph.notes, *facts.notes))
