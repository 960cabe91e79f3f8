"""The champion step: its facts, its documents, and what it says of a champion it can't trust."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from mlops_pipelines.governance import aws
from mlops_pipelines.settings import Settings
from mlops_pipelines.steps import champion
from mlops_pipelines.steps.shell import Shell, StepFault


class EmptyRegistry:
    def get_paginator(self, _operation: str) -> EmptyRegistry:
        return self

    def paginate(self, **_given: str) -> list[dict[str, Any]]:
        return [{"ModelPackageSummaryList": []}]


def shell(tmp_path: Path, **facts: str) -> Shell:
    return Shell(tmp_path / "input", tmp_path / "output", Settings("credit", "binary", "denied"), {}, facts)


def test_the_group_has_to_be_told(tmp_path: Path) -> None:
    with pytest.raises(StepFault, match="the fact model_package_group is missing"):
        champion.assess(shell(tmp_path))


def test_a_group_without_versions_leaves_the_document_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[str, str | None]] = []
    monkeypatch.setattr(aws, "client", lambda service, region=None: asked.append((service, region)) or EmptyRegistry())
    told = champion.assess(shell(tmp_path, model_package_group="credit", region="eu-north-1"))
    assert told == {"status": "none", "package_arn": None, "version": None, "notes": []}
    assert asked == [("sagemaker", "eu-north-1")]
    assert [path.name for path in (tmp_path / "output/champion").iterdir()] == ["champion.json"]
    assert json.loads((tmp_path / "output/champion/champion.json").read_text())["status"] == "none"


def test_clients_address_buckets_by_path_at_an_endpoint_of_ones_own(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "none")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://localhost:1")
    assert aws.client("s3", "eu-west-1").meta.config.s3["addressing_style"] == "path"
    monkeypatch.delenv("AWS_ENDPOINT_URL")
    assert not (aws.client("s3", "eu-west-1").meta.config.s3 or {}).get("addressing_style")
