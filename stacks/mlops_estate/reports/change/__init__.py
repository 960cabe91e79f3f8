"""The report on a change in every form: for the terminal, Markdown, JSON and one page."""

from __future__ import annotations

import json
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

from mlops_estate.faults import Fault, FaultsFound

FORMS = {".json": "as_json", ".md": "markdown", ".html": "html", ".txt": "text"}
"""Which form a file's ending asks for, and the module that writes it."""
SCHEMA = Path(__file__).with_name("change.schema.json")


def schema() -> dict[str, Any]:
    """Return the JSON Schema of the document that every form is made of."""
    found: dict[str, Any] = json.loads(SCHEMA.read_text(encoding="utf-8"))
    return found


def form_of(path: Path) -> str:
    """Return the module that writes a file of this name. Raises `FaultsFound` for an ending that asks for none."""
    if path.suffix not in FORMS:
        rule = "the file's ending says what to write"
        raise FaultsFound([Fault("--output", str(path), rule, f"end it in {', '.join(FORMS)}")])
    return FORMS[path.suffix]


def write(document: Mapping[str, Any], path: Path) -> None:
    """Write a report to a file, in the form that its ending asks for; a text file holds every change."""
    form = form_of(path)
    module = import_module(f"{__name__}.{form}")
    text: str = module.render(document, full=True) if form == "text" else module.render(document)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
