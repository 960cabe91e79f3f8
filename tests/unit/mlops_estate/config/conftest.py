"""A minimal environment, and a way to write one to disk."""

from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

ESTATE: dict[str, Any] = {
    "account": "123456789012",
    "region": "eu-west-1",
    "zones": ["eu-west-1a", "eu-west-1b"],
    "registry": {"account": "123456789012"},
}
MODELS: dict[str, Any] = {"churn": {"data": "data/churn/rows.csv", "label": "left", "protected_attribute": "gender"}}


@pytest.fixture
def estate() -> dict[str, Any]:
    return copy.deepcopy(ESTATE)


@pytest.fixture
def models() -> dict[str, Any]:
    return copy.deepcopy(MODELS)


@pytest.fixture
def project(tmp_path: Path) -> Callable[..., Path]:
    """Write `Pulumi.<name>.yaml` with the given text into a project folder."""

    def write(text: str | bytes, name: str = "dev") -> Path:
        content = text.encode() if isinstance(text, str) else text
        (tmp_path / f"Pulumi.{name}.yaml").write_bytes(content)
        return tmp_path

    return write
