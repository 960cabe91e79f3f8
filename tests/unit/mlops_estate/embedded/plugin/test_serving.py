"""The plugin's process: its arguments, its executables, and errors that are no refusals."""

from __future__ import annotations

import asyncio
import os
from typing import Any

import pytest
from tests.support.programs import PROJECT

from mlops_estate.embedded.plugin.serving import PACKAGES, _answered, main
from mlops_estate.faults import Fault, FaultsFound


class Context:
    """Notes how a call was ended."""

    def __init__(self) -> None:
        self.ended: tuple[Any, ...] = ()

    async def abort(self, *ended: Any) -> None:
        self.ended = ended


async def wrapped(error: Exception) -> None:
    """Fail as Pulumi's servicer does: with an exception of its own around the cause."""
    failure = RuntimeError(f"{error}: with a traceback")
    failure.__context__ = error
    raise failure


@pytest.mark.parametrize("arguments", [[], ["gcp"], ["127.0.0.1:1"]])
def test_a_package_that_it_does_not_serve_is_refused(arguments):
    with pytest.raises(SystemExit, match=r"usage: .*aws,aws-native"):
        main(arguments)


def test_a_refusal_ends_the_call_in_its_own_words():
    context = Context()
    asyncio.run(_answered(wrapped(FaultsFound([Fault("a", 1, "rule", "fix")])), context))
    assert "rule: rule" in context.ended[1]
    assert "traceback" not in context.ended[1]
    assert context.ended[2] == ()


def test_a_bug_is_not_hidden():
    context = Context()
    with pytest.raises(RuntimeError, match="a bug: with a traceback"):
        asyncio.run(_answered(wrapped(ValueError("a bug")), context))
    assert context.ended == ()


@pytest.mark.parametrize("package", sorted(PACKAGES))
def test_each_package_has_an_executable_that_names_it(package):
    executable = PROJECT / "plugins" / package / f"pulumi-resource-{package}"
    assert os.access(executable, os.X_OK)
    assert f'-m mlops_estate.embedded.plugin {package} "$@"' in executable.read_text(encoding="utf-8")
