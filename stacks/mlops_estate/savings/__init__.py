"""What an environment saves, and could save: each lever with and without, from the same estimate as its cost."""

from mlops_estate.savings.build import savings
from mlops_estate.savings.model import FAMILIES, Lever, Savings

__all__ = ["FAMILIES", "Lever", "Savings", "savings"]
