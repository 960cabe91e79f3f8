"""The report as JSON: everything there is, in an order that does not vary."""

from __future__ import annotations

import json

from mlops_estate.checks.report import CheckReport


def render(report: CheckReport) -> str:
    """Return the report as JSON text."""
    return json.dumps(report.as_dict(), indent=1, default=str) + "\n"
