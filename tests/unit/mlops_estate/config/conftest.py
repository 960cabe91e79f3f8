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
    "people": {
        "data_scientist": {"sso": "DataScientist"},
        "ml_engineer": {"sso": "MlEngineer"},
        "model_approver": {"sso": "ModelApprover"},
        "auditor": {"sso": "Auditor"},
        "platform_operator": {"sso": "PlatformOperator"},
    },
}
MODELS: dict[str, Any] = {"churn": {"data": "data/churn/rows.csv", "label": "left", "protected_attribute": "gender"}}


SCHEMA = """\
record_identifier: customer_id
event_time: event_time
columns:
  - {name: age, type: integer, minimum: 0, maximum: 120, description: Age in years.}
  - {name: left, type: category, role: label, values: ["0", "1"], description: Whether the customer left.}
  - {name: gender, type: category, role: protected, values: [f, m], description: As the customer says.}
"""


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
        data = tmp_path / "data" / "churn"
        data.mkdir(parents=True, exist_ok=True)
        (data / "rows.csv").write_text("left,gender,age\n1,f,30\n", encoding="utf-8")
        (data / "schema.yaml").write_text(SCHEMA, encoding="utf-8")
        (tmp_path / f"Pulumi.{name}.yaml").write_bytes(content)
        return tmp_path

    return write
