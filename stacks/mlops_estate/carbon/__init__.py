"""What energy an environment takes a month, and what that emits: from the same quantities as its cost."""

from mlops_estate.carbon.advice import Advice
from mlops_estate.carbon.factors import Factors, Grid, shipped
from mlops_estate.carbon.footprint import CarbonLine, Footprint, carbon_delta, footprint, footprint_of

__all__ = [
    "Advice",
    "CarbonLine",
    "Factors",
    "Footprint",
    "Grid",
    "carbon_delta",
    "footprint",
    "footprint_of",
    "shipped",
]
