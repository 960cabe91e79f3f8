"""A moment between what a drill keeps and what it loses: S3 tells times to the second."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta


def moment() -> datetime:
    """Return a full second that lies after everything done so far and before everything done from now on."""
    _until_next_second()
    found = datetime.now(UTC).replace(microsecond=0)
    _until_next_second()
    return found


def _until_next_second() -> None:
    now = datetime.now(UTC)
    wanted = now.replace(microsecond=0) + timedelta(seconds=1)
    while (left := (wanted - datetime.now(UTC)).total_seconds()) > 0:
        time.sleep(left)
