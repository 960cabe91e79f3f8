"""All levers of an environment, from its graph, its usage and the price table."""

from __future__ import annotations

from collections.abc import Mapping

from mlops_estate.graph import ResourceGraph
from mlops_estate.pricing.estimate import estimate
from mlops_estate.pricing.model import CostEstimate, Usage
from mlops_estate.pricing.table import BASE_REGION, PriceTable, shipped
from mlops_estate.savings.bench import Bench, facts
from mlops_estate.savings.jobs import job_levers
from mlops_estate.savings.model import Savings
from mlops_estate.savings.serving import serving_levers


def savings(
    graph: ResourceGraph,
    usage: Mapping[str, Usage],
    *,
    region: str,
    environment_class: str,
    prices_from: str | None = BASE_REGION,
    table: PriceTable | None = None,
    budget_usd: float | None = None,
    anomaly_usd: float | None = None,
) -> Savings:
    """Return what the environment saves and could save a month, in US dollars.

    The first arguments are `pricing.estimate`'s. `budget_usd` and `anomaly_usd` are what is configured, to be shown
    beside what the estimate comes to. Raises `FaultsFound` as the estimate does.
    """
    costs = estimate(
        graph, usage, region=region, environment_class=environment_class, prices_from=prices_from, table=table
    )
    prices = (table or shipped()).of(region, prices_from)
    bench = Bench(costs, graph, usage, prices, environment_class)
    levers = [*serving_levers(bench), *job_levers(bench)]
    made = Savings(costs.environment, region, costs.monthly, levers, facts()["families"], budget_usd, anomaly_usd)
    made.notes = _notes(made, costs)
    return made


def _notes(made: Savings, costs: CostEstimate) -> list[str]:
    notes = [
        "levers that exclude each other are counted once: `adds_up` names those that are",
        "the source's 35, 25 and 40 % add up to 100: they are held against each family's share of what is saved in all",
    ]
    if not any(lever.saves.expected for lever in made.levers if lever.family == "model optimisation"):
        notes.append(
            "model optimisation saves nothing here while endpoints run at their fewest instances: the source speaks of "
            "fleets that traffic fills"
        )
    compute = sum(line.monthly.expected for line in costs.lines if line.basis.get("instance_type"))
    if costs.monthly.expected:
        notes.append(
            f"{compute / costs.monthly.expected:.0%} of the bill is for instances; the rest (network, keys, detective "
            "controls) hardly follows traffic, and neither scaling nor a faster model lowers it"
        )
    return [*notes, *costs.notes]
