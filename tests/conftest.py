"""Fixtures for every test: a recording engine, and no network."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.support.recorder import Registered, by_tail, record

Deploy = Callable[[Callable[[], object]], dict[str, Registered]]


@pytest.fixture
def deploy() -> Deploy:
    """Run a program under the recording engine; return `"<type chain> <name>"` -> registration."""
    return lambda program: by_tail(record(program))
