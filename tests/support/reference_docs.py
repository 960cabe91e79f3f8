"""Generated parts of reference pages: a test holds them current; `UPDATE_DOCS=1` in its environment rewrites them."""

from __future__ import annotations

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def assert_current(page: str, name: str, generated: str) -> None:
    """Assert that the part of `docs/reference/<page>` between the marks of `name` is `generated`."""
    path = ROOT / "docs" / "reference" / page
    text = path.read_text(encoding="utf-8")
    start, end = f"<!-- {name}: generated -->\n", f"<!-- end of {name} -->"
    head, found, rest = text.partition(start)
    body, ended, tail = rest.partition(end)
    assert found, f"{page} has no mark {start!r}"
    assert ended, f"{page} has no mark {end!r}"
    if os.environ.get("UPDATE_DOCS"):
        path.write_text(f"{head}{start}{generated.strip()}\n{end}{tail}", encoding="utf-8")
        return
    assert body.strip() == generated.strip(), f"{page} is out of date: run this test with UPDATE_DOCS=1"


def assert_same_file(path: str, generated: str) -> None:
    """Assert that a whole file of the project is `generated`."""
    file = ROOT / path
    if os.environ.get("UPDATE_DOCS"):
        file.write_text(generated, encoding="utf-8")
        return
    assert file.read_text(encoding="utf-8") == generated, f"{path} is out of date: run this test with UPDATE_DOCS=1"
