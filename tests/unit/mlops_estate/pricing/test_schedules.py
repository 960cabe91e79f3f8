"""Schedule expressions as runs of an average month."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlops_estate.pricing.schedules import runs_a_month

MONTH = Fraction(365, 12)


@pytest.mark.parametrize(
    ("expression", "runs"),
    [
        ("cron(0 * ? * * *)", 730),  # SageMaker's hourly monitors
        ("cron(0 6 ? * * *)", MONTH),  # and daily ones
        ("cron(0 3 1 * ? *)", 1),
        ("cron(0 3 1 1,4,7,10 ? *)", Fraction(1, 3)),
        ("cron(0 3 ? * SUN *)", MONTH / 7),
        ("cron(0 3 ? * MON-FRI *)", MONTH * 5 / 7),
        ("cron(0/15 8-17 ? * * *)", 40 * MONTH),
        ("cron(0,30 0 1,15 JAN-JUN ? *)", 2),
        ("cron(0 0 L * ? *)", 1),
        ("cron(0 0 ? * 6#3 *)", MONTH / 7),
        ("rate(1 hour)", 730),
        ("rate(5 minutes)", 8760),
        ("rate(2 days)", MONTH / 2),
        ("at(2026-12-01T00:00:00)", 0),
        ("NOW", 0),
    ],
)
def test_an_expression_runs_so_often(expression, runs):
    expected = Fraction(runs)
    found = runs_a_month(expression)
    assert found is not None
    assert abs(Fraction(found) - expected) < Fraction(1, 10**20)


@pytest.mark.parametrize("expression", ["", "daily", "cron(x)", "cron(a b c d e f)", "rate(0 days)", "rate(1 week)"])
def test_what_is_no_expression_has_no_answer(expression):
    assert runs_a_month(expression) is None


@given(st.text(max_size=40))
def test_no_text_breaks_it(text):
    for expression in (text, f"cron({text})", f"cron(0 {text} * * ? *)", f"rate({text})"):
        found = runs_a_month(expression)
        assert found is None or (isinstance(found, Decimal) and found >= 0)
