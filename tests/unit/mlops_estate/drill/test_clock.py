"""The moment between what is kept and what is lost."""

from __future__ import annotations

from datetime import UTC, datetime

from mlops_estate.drill.clock import moment


def test_a_moment_is_a_full_second_with_everything_before_it_and_nothing_after():
    before = datetime.now(UTC)
    found = moment()
    after = datetime.now(UTC)
    assert found.microsecond == 0
    assert before.replace(microsecond=0) < found < after.replace(microsecond=0)
