"""The whole program under the recording engine."""

from __future__ import annotations

import asyncio
import copy
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest import mock

import pulumi

from mlops_estate.config import EnvironmentConfig, load_environment, overlay_versions, parse
from tests.support.recorder import Recorder, record

with warnings.catch_warnings():
    # While they load, modules of the SDK warn of deprecated classes of their own; the components use none of them.
    warnings.filterwarnings("ignore", ".+ has been deprecated in favor of", DeprecationWarning)
    from mlops_estate import program

PROJECT = Path(__file__).resolve().parents[2]
MODEL = "mortgage-approval"


def recorded(declares: Callable[[], object], config: dict[str, str] | None = None) -> Recorder:
    """Run a program, and close the event loop that the SDK's mock monitor opens in its worker thread."""
    opened: list[asyncio.AbstractEventLoop] = []
    make = asyncio.new_event_loop

    def kept() -> asyncio.AbstractEventLoop:
        opened.append(make())
        return opened[-1]

    try:
        with mock.patch.object(asyncio, "new_event_loop", kept):
            return record(declares, config)
    finally:
        for loop in opened:
            loop.close()


def configured(
    environment: str,
    *,
    estate: dict[str, Any] | None = None,
    model: dict[str, Any] | None = None,
    version: int | None = None,
) -> EnvironmentConfig:
    """Return a shipped environment's configuration, with keys of its estate and model blocks replaced."""
    loaded = load_environment(environment, PROJECT)
    models = copy.deepcopy(loaded.models_raw)
    models[MODEL] |= model or {}
    if version is not None:
        models = overlay_versions(models, {MODEL: version})
    return parse(environment, {**loaded.estate_raw, **(estate or {})}, models)


def declared(config: EnvironmentConfig, project_dir: Path = PROJECT) -> Recorder:
    """Declare a configuration's estate and export its outputs."""

    def declares() -> None:
        for name, value in program.declare(config, project_dir).items():
            pulumi.export(name, value)

    return recorded(declares)
