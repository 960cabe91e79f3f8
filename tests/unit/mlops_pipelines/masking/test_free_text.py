"""Personal data in free text, by their form."""

from __future__ import annotations

import pytest

from mlops_pipelines.masking.free_text import patterns_in, scan


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("write to ada.lovelace+x@example.co.uk please", ["email"]),
        ("call +49 (0)30 1234567", ["phone"]),
        ("0044 20 7946 0958", ["phone"]),
        ("ring 030 / 1234567 after six", ["phone"]),
        ("(212) 555-0199", ["phone"]),
        ("415 555 2671", ["phone"]),
        ("pay DE89 3704 0044 0532 0130 00", ["iban"]),
        ("GB82WEST12345698765432 and a@b.org", ["email", "iban"]),
        ("DE89 3704 0044 0532 0130 01 is mistyped", ["phone"]),  # its end could be one
        ("order 4711 of 2024-05-01, 12.5 %", []),
        ("a @ b, version 1.2.3", []),
        ("", []),
    ],
)
def test_what_is_found_and_what_is_not(text, kinds):
    assert patterns_in(text) == kinds


def test_cells_are_counted_by_kind():
    assert scan(["a@b.org", "a@b.org, c@d.org", "nothing", "+44 20 7946 0958"]) == {"email": 2, "phone": 1}
    assert scan([]) == {}
