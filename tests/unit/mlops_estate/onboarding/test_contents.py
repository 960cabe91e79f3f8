"""What a column holds, by its cells alone."""

from __future__ import annotations

import pytest

from mlops_estate.onboarding.contents import content_of, words_of
from mlops_estate.onboarding.table import TextColumn


@pytest.mark.parametrize(
    ("cells", "kind"),
    [
        (["1", "-2", "+3", "0", ""], "integer"),
        (["9" * 18], "integer"),
        (["9" * 19], "number"),
        (["1", "2.5", "1e-3", ".5", "3."], "number"),
        (["1.0", "2.0"], "number"),
        (["007", "012"] * 5, "words"),
        (["0123456", "0123457", "0123458"], "text"),
        (["nan", "1", "2"], "text"),
        (["inf", "1"] * 5, "words"),
        (["1_000", "2"] * 9, "words"),
        (["2024-05-01", "1999-12-31"], "date"),
        (["01.05.2024", ""], "date"),
        (["2024-05-01 10:00", "2024-05-02 11:30"], "date"),
        (["2024-13-01", "2024-05-01"] * 3, "words"),
        (["12/31/2024", "01/02/2024"], "date"),
        (["yes", "no"], "words"),
        (["true", "FALSE"] * 4, "words"),
        ([f"w{place % 20}" for place in range(100)], "words"),
        ([f"w{place % 21}" for place in range(100)], "text"),
        ([f"w{place % 50}" for place in range(2500)], "words"),
        ([f"w{place % 51}" for place in range(2500)], "text"),
        ([f"w{place}" for place in range(12)], "text"),
        (["", ""], "empty"),
    ],
)
def test_a_column_is_what_its_cells_are(cells, kind):
    assert content_of(TextColumn("x", tuple(cells))).kind == kind


def test_what_keeps_a_column_of_numbers_from_being_one_is_named():
    mostly = content_of(TextColumn("x", (*map(str, range(40)), "NA", "NA", "n/a")))
    assert (mostly.kind, mostly.strays) == ("text", ("NA", "n/a"))
    assert content_of(TextColumn("x", ("1", "a", "b", "c"))).strays == ()


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("CustomerID", ("customer", "id")),
        ("customer_id", ("customer", "id")),
        ("Customer Id.", ("customer", "id")),
        ("humid", ("humid",)),
        ("HTTPCode2", ("http", "code2")),
        ("maritalStatus", ("marital", "status")),
        ("", ()),
    ],
)
def test_a_name_is_made_of_words(name, words):
    assert words_of(name) == words
