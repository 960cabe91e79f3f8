"""The checks that items name. Each looks at what is really there, and says what it saw.

A check takes the facts and its settings, and returns an `Outcome`. Names of resources prove nothing: a check follows
references, reads the properties that make the thing work, and looks whether what is named exists.
"""

from __future__ import annotations

from mlops_estate.maturity.checks import operations, pipeline, project, security, serving, workflow
from mlops_estate.maturity.checks.registry import CHECKS, run

__all__ = ["CHECKS", "operations", "pipeline", "project", "run", "security", "serving", "workflow"]
