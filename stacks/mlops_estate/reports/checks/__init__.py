"""A check's report in every form: for the terminal, Markdown, JSON, SARIF and JUnit."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

from mlops_estate.checks.report import CheckReport
from mlops_estate.faults import Fault, FaultsFound

FORMS = {".json": "as_json", ".sarif": "sarif", ".xml": "junit", ".md": "markdown", ".txt": "text"}
"""Which form a file's ending asks for, and the module that writes it."""


def form_of(path: Path) -> str:
    """Return the module that writes a file of this name. Raises `FaultsFound` for an ending that asks for none."""
    if path.suffix not in FORMS:
        rule = "the file's ending says what to write"
        raise FaultsFound([Fault("--output", str(path), rule, f"end it in {', '.join(FORMS)}")])
    return FORMS[path.suffix]


def write(report: CheckReport, path: Path) -> None:
    """Write a report to a file, in the form that its ending asks for."""
    text: str = import_module(f"{__name__}.{form_of(path)}").render(report)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
