"""Preflight: everything that would stop `up`, in one list, before anything is made."""

from mlops_estate.preflight.finding import CHECKS, STATES, Finding, PreflightReport
from mlops_estate.preflight.running import Account, Planned, collect_planned, in_account, preflight

__all__ = [
    "CHECKS",
    "STATES",
    "Account",
    "Finding",
    "Planned",
    "PreflightReport",
    "collect_planned",
    "in_account",
    "preflight",
]
