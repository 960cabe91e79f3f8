"""What a version says of itself in the registry, within the service's limits."""

from __future__ import annotations

import re

import botocore.session
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.governed import FACTS, MODEL_SHA256, SNAPSHOT_SHA256, documents, settings

from mlops_pipelines.governance import gates, registration

SHAPE = (
    botocore.session.get_session()
    .get_service_model("sagemaker")
    .operation_model("CreateModelPackage")
    .input_shape.members["CustomerMetadataProperties"]
)


def test_the_limits_are_the_services() -> None:
    assert SHAPE.metadata["max"] == registration.MOST_ENTRIES
    assert SHAPE.key.metadata["max"] == registration.LONGEST_KEY
    assert SHAPE.value.metadata["max"] == registration.LONGEST_VALUE
    assert SHAPE.value.metadata["min"] == 1
    assert SHAPE.value.metadata["pattern"] == r"([\p{L}\p{Z}\p{N}_.:\/=+\-@]*)${1,256}"


def test_properties_hold_the_summaries_and_what_identifies_the_version() -> None:
    found = {**documents(), "gate": gates.decide(documents(), settings())}
    found["verification"] = {"summary": {"manifest_sha256": "b" * 64, "version": "1.0.0"}}
    told = registration.properties(found, FACTS, model="credit", label="denied", protected=["sex"])
    assert list(told) == sorted(told)
    expected = {
        "version": "1.0.0", "score": "0.8", "metric": "roc_auc", "challenger_of": "none", "manifest_sha256": "b" * 64,
        "snapshot_sha256": SNAPSHOT_SHA256, "model_sha256": MODEL_SHA256, "commit": "0f1e2d3c", "model": "credit",
        "label": "denied", "protected_attribute": "sex", "score_interval": "0.78 to 0.82 at 95 percent",
    }  # fmt: skip
    assert expected.items() <= told.items()
    assert registration.refused(told) == []


def test_too_many_entries_are_refused() -> None:
    crowded = {"gate": {"summary": {f"key{number}": "1" for number in range(60)}}}
    with pytest.raises(ValueError, match="entries, at most 50 are taken"):
        registration.properties(crowded, {}, model="m", label="y")


def test_keys_that_the_service_refuses_are_all_named() -> None:
    bad = {"gate": {"summary": {"with,comma": "1", "k" * 129: "1"}}}
    with pytest.raises(ValueError, match=r"'with,comma' has the characters ','.*has 129 characters"):
        registration.properties(bad, {}, model="m", label="y")


@pytest.mark.parametrize(
    ("given_text", "kept"),
    [(None, "none"), ("", "none"), ("(!)", "none"), ("95 %", "95 percent"), ("a, b (c)", "a b c"),
     ("x" * 300, "x" * 256),
     ("arn:aws:kms:eu-west-1:1:key/a-b", "arn:aws:kms:eu-west-1:1:key/a-b"), ("größe_1", "größe_1"), (0.5, "0.5")],
)  # fmt: skip
def test_a_value_is_written_as_the_service_takes_it(given_text: object, kept: str) -> None:
    assert registration.value(given_text) == kept


@given(st.text(max_size=400))
def test_whatever_the_text_the_value_is_taken(text: str) -> None:
    value = registration.value(text)
    assert registration.refused({"key": value}) == []
    assert re.fullmatch(r"[\w .:/=+\-@]{1,256}", value)
