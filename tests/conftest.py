"""For every test: a recording engine, no network, and examples that repeat from run to run."""

from __future__ import annotations

import gc
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from tests.support.recorder import Registered, by_tail, record

# Estates and graphs live as long as the tests that share them: each of the default's many collections walks them all to
# free nothing, a seventh of the time.
gc.set_threshold(100_000, 50, 50)

settings.register_profile("project", deadline=None, derandomize=True)
settings.load_profile("project")

Deploy = Callable[[Callable[[], object]], dict[str, Registered]]


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Name long bytes by their argument: an archive holds the second it was made in, and workers would disagree."""
    return argname if isinstance(val, bytes) and len(val) > 40 else None


@pytest.fixture
def deploy() -> Deploy:
    """Run a program under the recording engine; return `"<type chain> <name>"` -> registration."""
    return lambda program: by_tail(record(program))


@pytest.fixture(autouse=True, scope="session")
def _cached_steps() -> None:
    """Let whatever stands an estate up share the outputs of the pipeline's steps, wherever its project lies."""
    cache = Path(__file__).resolve().parents[1] / ".estate" / "cache" / "steps"
    os.environ.setdefault("MLOPS_STEP_CACHE", str(cache))


@pytest.fixture(autouse=True, scope="session")
def _offline() -> Iterator[None]:
    """Refuse every connection beyond loopback while tests run."""
    from mlops_estate.embedded.network_guard import NetworkGuard

    with NetworkGuard():
        yield
