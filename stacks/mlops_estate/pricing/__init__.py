"""What an environment costs a month: estimated from its resource graph, its usage, and a table of list prices."""

from mlops_estate.pricing.delta import budget_state, cost_delta
from mlops_estate.pricing.estimate import estimate
from mlops_estate.pricing.model import CostEstimate, CostLine, Price, Range, Usage
from mlops_estate.pricing.table import Prices, PriceTable, load, shipped
from mlops_estate.pricing.usage import assumed, usage_of

__all__ = [
    "CostEstimate",
    "CostLine",
    "Price",
    "PriceTable",
    "Prices",
    "Range",
    "Usage",
    "assumed",
    "budget_state",
    "cost_delta",
    "estimate",
    "load",
    "shipped",
    "usage_of",
]
