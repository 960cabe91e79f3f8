"""Ground truth in the form that each monitor merges."""

from __future__ import annotations

import pytest

from mlops_pipelines.features import load_schema
from mlops_pipelines.monitoring import bias_truth, model_quality_truth

SCHEMA = load_schema("mortgage-approval")


def test_model_quality_takes_the_place_of_the_label_as_csv():
    assert model_quality_truth("event", "yes", SCHEMA) == {
        "groundTruthData": {"data": "1", "encoding": "CSV"},
        "eventMetadata": {"eventId": "event"},
        "eventVersion": "0",
    }
    assert model_quality_truth("event", "no", SCHEMA)["groundTruthData"]["data"] == "0"


def test_bias_takes_the_labels_of_all_records_as_json():
    truth = bias_truth("event", ["yes", "no"], SCHEMA)
    assert truth["groundTruthData"] == {"data": '{"deny": ["yes", "no"]}', "encoding": "JSON"}
    assert truth["eventMetadata"] == {"eventId": "event"}


def test_a_label_that_the_data_has_not_is_refused():
    with pytest.raises(ValueError, match="'maybe' is none of no, yes"):
        model_quality_truth("event", "maybe", SCHEMA)
    with pytest.raises(ValueError, match="'maybe' is none of no, yes"):
        bias_truth("event", ["no", "maybe"], SCHEMA)
