"""The reference of the policy rules says what the rules are."""

from __future__ import annotations

import os

import pytest
from tests.support.reference_docs import ROOT, assert_same_file
from tests.support.rule_reference import SUBJECTS, pages

PAGES = pages()


@pytest.mark.parametrize("path", PAGES)
def test_a_page_of_the_rule_reference_is_current(path):
    (ROOT / SUBJECTS).mkdir(parents=True, exist_ok=True)
    assert_same_file(path, PAGES[path])


def test_no_page_is_left_of_a_subject_that_is_gone():
    pages_there = {str(path.relative_to(ROOT)) for path in (ROOT / SUBJECTS).glob("*.md")}
    if os.environ.get("UPDATE_DOCS"):
        for path in pages_there - set(PAGES):
            (ROOT / path).unlink()
    assert {path for path in pages_there - set(PAGES) if (ROOT / path).exists()} == set()
