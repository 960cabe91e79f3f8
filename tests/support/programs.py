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

PROJECT = Path(__file__).resolve().parents[2]
MODEL = "mortgage-approval"


def recorded(program: Callable[[], object], config: dict[str, str] | None = None) -> Recorder:
    """Run a program, and close the event loop that the SDK's mock monitor opens in its worker thread."""
    opened: list[asyncio.AbstractEventLoop] = []
    make = asyncio.new_event_loop

    def kept() -> asyncio.AbstractEventLoop:
        opened.append(make())
        return opened[-1]

    try:
        with mock.patch.object(asyncio, "new_event_loop", kept), warnings.catch_warnings():
            # While they load, modules of the SDK warn of deprecated classes of their own; the components use none.
            warnings.filterwarnings("ignore", ".+ has been deprecated in favor of", DeprecationWarning)
            return record(program, config)
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

    def program() -> None:
        from mlops_estate.program import declare

        for name, value in declare(config, project_dir).items():
            pulumi.export(name, value)

    return recorded(program)
