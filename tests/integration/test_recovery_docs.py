"""The recovery page says what the configuration holds, and the runbook's code is code of this project."""

from __future__ import annotations

import ast
import inspect
import re
from importlib import import_module

import pytest
from tests.support.programs import PROJECT

from mlops_components.data_lake import PURPOSES
from mlops_estate.config.classes import CLASSES, defaults_of
from mlops_estate.config.recovery import RecoveryBlock

PAGE = (PROJECT / "docs" / "reference" / "recovery.md").read_text(encoding="utf-8")
RUNBOOK = (PROJECT / "docs" / "runbooks" / "restore.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```python\n(.*?)```", RUNBOOK, re.DOTALL)


def row(start: str) -> list[str]:
    line = next(line for line in PAGE.splitlines() if line.startswith(f"| {start} |"))
    return [cell.strip() for cell in line.strip("|").split("|")][1:]


def test_the_page_has_the_defaults_of_each_class():
    for index, environment_class in enumerate(CLASSES):
        with defaults_of(environment_class):
            block = RecoveryBlock()
        assert row("RPO, RTO")[index] == f"{block.rpo_hours} h, {block.rto_hours} h"
        assert row("kept")[index] == f"{block.retention_days} days"
        assert row("vault lock")[index].split(",")[0] == block.vault_lock
        assert row("restore test by AWS")[index] == block.restore_test
        interval = "daily" if block.interval_hours == 24 else f"every {block.interval_hours} h"
        assert row("backup of the buckets")[index].startswith(interval)
        assert ("continuous" in row("backup of the buckets")[index]) is block.continuous


def test_the_page_says_how_long_superseded_versions_are_kept():
    (line,) = [line for line in PAGE.splitlines() if line.startswith("- Superseded versions")]
    told = re.findall(r"(\d+)(?: days)? in ([a-z and]+)", line)
    found = {purpose.strip(): int(days) for days, purposes in told for purpose in purposes.split(" and ")}
    assert found == {purpose: plan.noncurrent_kept for purpose, plan in PURPOSES.items()}


@pytest.mark.parametrize("block", BLOCKS, ids=range(len(BLOCKS)))
def test_the_runbook_imports_what_there_is_and_calls_it_as_it_is(block):
    names = {}
    tree = ast.parse(block)
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("mlops_pipelines"):
            names |= {alias.name: getattr(import_module(node.module), alias.name) for alias in node.names}
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)]
    called = [call for call in calls if call.func.id in names]
    assert called
    for call in called:
        signature = inspect.signature(names[call.func.id])
        signature.bind(*call.args, **{keyword.arg: keyword.value for keyword in call.keywords})
    assert {call.func.id for call in called} == names.keys()
