"""Return on investment: what the estate costs and what it brings, month by month, until it has paid for itself.

Inputs are amounts by metric and phase (`inputs`, `defaults.yaml`); `calculation` sums them; `sensitivity` says what the
answer hangs on; `report` writes it.
"""

from __future__ import annotations

from mlops_estate.roi.calculation import Result, calculate
from mlops_estate.roi.inputs import RoiInputs, read_inputs
from mlops_estate.roi.sensitivity import Sensitivity, sensitivity_of

__all__ = ["Result", "RoiInputs", "Sensitivity", "calculate", "read_inputs", "sensitivity_of"]
