"""Patterns of the service models, written for Java, as Python runs them."""

from __future__ import annotations

import pytest

from mlops_estate.embedded.driver.table import table
from mlops_estate.embedded.validation import service_model
from mlops_estate.embedded.validation.patterns import compiled, matches, unusable_patterns

SERVICES = sorted({row.service for row in table().values()} | {"sagemaker-runtime", "sagemaker-featurestore-runtime"})


@pytest.mark.parametrize("service", SERVICES)
def test_every_pattern_of_a_service_that_is_called_can_be_run(service):
    assert unusable_patterns(service_model(service)) == []


@pytest.mark.parametrize(
    ("pattern", "fits", "does_not"),
    [
        (r"\p{Alnum}+", "aZ9", "a-b"),
        (r"[\p{Alnum}-]+", "a-b", "a_b"),
        (r"[^\p{Punct}]+", "ab", "a!"),
        (r"[\p{Punct}]", "[", "a"),
        (r"\p{ASCII}*", "a~", "ä"),
        (r"[\p{XDigit}]{2}", "fF", "fg"),
        (r"\p{Lower}\p{Upper}\p{Digit}\p{Alpha}", "aB1c", "AB1c"),
        (r"[\p{Print}]+", "a b", "a\tb"),
        (r"[\p{Graph}]+", "ab", "a b"),
        (r"[\p{Space}]+", " \t", "a"),
        (r"[\p{L}\p{Z}\p{N}_.:/=+\-@]*", "größe 1", "a#"),
        (r"\p{IsAlphabetic}+\p{IsDigit}", "äb1", "1"),
        (r"[\w+=,.@-]+", "a+b@c-d", "a b"),
        (r"[\u0009\u000A\u000D\u0020-\u007E]*", "line\nline", "\x00"),
        (r"[\uD800\uDC00-\uDBFF\uDFFF]", "😀", "a"),
        (r"[a[b]", "[", "c"),
        (r"\[\p{Digit}\]", "[1]", "1"),
    ],
)
def test_java_classes_mean_what_they_mean_in_java(pattern, fits, does_not):
    assert matches(pattern, fits)
    assert not matches(pattern, does_not)


def test_the_whole_value_must_fit():
    assert not matches("[a-z]+", "abc1")
    assert not matches("[a-z]+", "abc\n")


def test_what_cannot_be_run_is_reported_and_refuses_nothing():
    assert compiled("(") is None
    assert matches("(", "anything")

    class Broken(type(service_model("sts"))):
        shape_names = ("x",)

        def shape_for(self, _name):
            return type("Shape", (), {"metadata": {"pattern": "("}})

    assert unusable_patterns(Broken(service_model("sts")._service_description, "sts")) == ["("]
