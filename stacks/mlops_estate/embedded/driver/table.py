"""The operations table: one reviewed row per resource type that the estate uses.

Rows were checked against the providers' documentation and the services' API references. A type that is not here is
refused with a clear message; `python -m mlops_estate.embedded.driver.propose TYPE` proposes a row for review.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping

from mlops_estate.embedded.driver.operations import Operations


@functools.lru_cache(maxsize=1)
def table() -> Mapping[str, Operations]:
    """Return every row, by Pulumi type token."""
    from mlops_estate.embedded.driver.rows import (
        audit,
        compute,
        costs,
        data,
        detection,
        events,
        machine_learning,
        observability,
        protection,
        recovery,
        scheduling,
        security,
        studio,
    )

    rows: dict[str, Operations] = {}
    shared = (security, compute, data, machine_learning, observability, events)
    for module in (*shared, protection, recovery, scheduling, detection, studio, audit, costs):
        rows.update(module.ROWS)
    return rows
