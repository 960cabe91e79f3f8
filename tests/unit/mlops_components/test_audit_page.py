"""The page on the audit trail says what is so: every question, and every default by class."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from mlops_components.audit_sql import Scope, questions
from mlops_components.audit_trail import watched
from mlops_estate.config.audit import AuditBlock
from mlops_estate.config.classes import CLASSES, defaults_of

PAGE = (Path(__file__).resolve().parents[3] / "docs" / "reference" / "audit.md").read_text(encoding="utf-8")
ROWS = [[cell.strip() for cell in line.strip("|").split("|")] for line in PAGE.splitlines() if line.startswith("|")]
ASKED = questions(Scope("p", (), (), (), ()))


def test_every_question_is_on_the_page_with_its_query():
    told = {match[1]: row[0] for row in ROWS if (match := re.match(r"`([a-z-]+)`", row[-1])) and row[0].endswith("?")}
    assert told == {name: question.asks for name, question in ASKED.items()}


@pytest.mark.parametrize("alarm", watched(()))
def test_every_alarm_is_on_the_page(alarm):
    assert f"`{alarm}`" in PAGE


@pytest.mark.parametrize(("column", "environment"), list(enumerate(CLASSES, start=1)))
def test_defaults_by_class_are_those_of_the_configuration(column, environment):
    with defaults_of(environment):
        audit = AuditBlock().model_dump()
    words = {"True": "yes", "False": "no", "DAILY": "daily", "CONTINUOUS": "each change"}
    told = {row[4].strip("`"): row[column] for row in ROWS if len(row) == 5 and row[4].strip("`") in audit}
    lock = f"{audit['trail_lock_mode']}, {audit['trail_lock_days']} day{'s' if audit['trail_lock_days'] != 1 else ''}"
    assert ("`trail_lock_mode`, `trail_lock_days`", lock) in {(row[-1], row[column]) for row in ROWS if len(row) == 5}
    assert told == {key: words.get(str(audit[key]), str(audit[key])) for key in told}
    assert len(told) == 8
