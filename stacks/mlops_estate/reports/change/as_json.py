"""The report as JSON: everything there is; the same report gives the same bytes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any


def render(document: Mapping[str, Any]) -> str:
    """Return the report as JSON text; keys are sorted, lists keep their order: it says what is gravest."""
    return json.dumps(document, indent=1, sort_keys=True, default=str) + "\n"
