"""Analysis configurations: made of the schema, valid by what Clarify documents, and true to requests and answers."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import jmespath
import pytest

from mlops_pipelines.features import load_schema
from mlops_pipelines.monitoring import (
    ANSWER_CLASS,
    ANSWER_PROBABILITY,
    bias_analysis,
    bias_truth,
    explainability_analysis,
    facet_values,
    features_path,
    positive_label,
)
from mlops_pipelines.steps.inference import Request, ServedModel, input_fn, output_fn, predict_fn

SCHEMA = load_schema("mortgage-approval")
FEATURES = SCHEMA.names("feature")
# Developer guide, parameters of the bias and of the attribution monitor: a type, or an object's keys.
BIAS = {
    "version": str, "headers": [str], "label": str, "label_values_or_threshold": [str],
    "facet": [{"name_or_index": str, "value_or_threshold": [str]}], "group_variable": str,
}  # fmt: skip
EXPLAINABILITY = {
    "version": str, "headers": [str],
    "methods": {"shap": {"baseline": dict, "num_samples": int, "agg_method": str, "use_logit": bool,
                         "save_local_shap_values": bool}},
    "predictor": {"model_name": str, "instance_type": str, "initial_instance_count": int, "content_type": str,
                  "accept_type": str, "content_template": str, "record_template": str, "label_headers": [str]},
}  # fmt: skip


def strangers(value: Any, documented: Any, path: str = "") -> list[str]:
    """Return the paths of what the documentation does not have, or has with another type."""
    if isinstance(documented, dict):
        known = [f"{path}.{key}" for key in value if key not in documented]
        return known + [
            fault
            for key in value
            if key in documented
            for fault in strangers(value[key], documented[key], f"{path}.{key}")
        ]
    if isinstance(documented, list):
        return [fault for item in value for fault in strangers(item, documented[0], path)]
    return [] if type(value) is documented else [path]


def test_configurations_hold_only_what_the_monitors_document():
    assert strangers(bias_analysis(SCHEMA, "afam"), BIAS) == []
    assert strangers(explainability_analysis(SCHEMA, "m", "ml.m5.large"), EXPLAINABILITY) == []
    assert strangers({"facet": [{"name": "x"}]}, BIAS) == [".facet.name"]


def test_the_bias_monitor_compares_the_protected_group_with_the_rest():
    analysis = bias_analysis(SCHEMA, "afam")
    assert analysis["facet"] == [{"name_or_index": "afam", "value_or_threshold": ["yes"]}]
    assert analysis["label_values_or_threshold"] == ["yes"]
    # The label's header is the last one (developer guide), and facet and features are there in the path's order.
    assert analysis["headers"] == [*FEATURES, "afam", "deny"]
    assert analysis["label"] == analysis["headers"][-1]


def test_each_group_of_more_than_two_is_compared_with_the_rest():
    more = changed("afam", values=("a", "b", "c"))
    assert facet_values(more, "afam") == ("a", "b", "c")
    assert bias_analysis(more, "afam")["facet"] == [{"name_or_index": "afam"}]


def changed(name: str, **changes: Any) -> Any:
    columns = tuple(replace(column, **changes) if column.name == name else column for column in SCHEMA.columns)
    return replace(SCHEMA, columns=columns)


@pytest.mark.parametrize(
    ("schema", "message"),
    [
        (changed("afam", type="integer", values=()), "protected attribute afam is a integer"),
        (changed("deny", values=("a", "b", "c")), "label deny has 3 values"),
        (changed("deny", type="number", values=()), "label deny has no values"),
    ],
)
def test_what_no_group_or_outcome_can_be_made_of_is_refused(schema, message):
    with pytest.raises(ValueError, match=message):
        bias_analysis(schema, "afam")


RECORD = {"pirat": 0.2, "hirat": 0.1, "lvrat": 0.8, "chist": 5, "mhist": 2, "phist": "no", "unemp": 3.9,
          "selfemp": "no", "insurance": "no", "condomin": "yes", "single": "yes", "hschool": "yes"}  # fmt: skip


class Classifier:
    def predict_proba(self, matrix: Any) -> Any:
        return matrix[:, :2]


def answer(body: str) -> Any:
    columns = [
        {"name": column.name, "type": column.type, "values": list(column.values)}
        for column in SCHEMA.columns
        if column.role == "feature"
    ]
    served = ServedModel(Classifier(), columns, ("no", "yes"), 0.05, ["afam"])
    return json.loads(output_fn(predict_fn(input_fn(body, "application/json"), served))[0])


@pytest.mark.parametrize("request_", [{"instances": [{**RECORD, "afam": "yes"}] * 2}, {"afam": "yes", **RECORD}])
def test_the_paths_find_features_and_answers_in_real_traffic(request_):
    count = len(request_.get("instances", [1]))
    names = [*FEATURES, "afam"]
    rows = jmespath.search(features_path(names), request_)
    assert rows == [[{**RECORD, "afam": "yes"}[name] for name in names]] * count
    answered = answer(json.dumps(request_))
    assert jmespath.search(ANSWER_CLASS, answered) == ["yes"] * count
    assert jmespath.search(ANSWER_PROBABILITY, answered) == [0.1] * count


def test_the_label_is_found_in_ground_truth_and_a_feature_with_a_hyphen_in_a_request():
    truth = bias_truth("e", ["no", "yes"], SCHEMA)["groundTruthData"]
    assert truth["encoding"] == "JSON"
    assert jmespath.search(bias_analysis(SCHEMA, "afam")["label"], json.loads(truth["data"])) == ["no", "yes"]
    assert jmespath.search(features_path(["a-b"]), {"a-b": 1}) == [[1]]


def test_the_shadow_endpoint_is_asked_what_the_container_serves():
    predictor = explainability_analysis(SCHEMA, "m", "ml.m5.large")["predictor"]
    record = predictor["record_template"].replace("$features_kvp", json.dumps(RECORD))
    body = predictor["content_template"].replace("$records", f"[{record}, {record}]")
    request = input_fn(body, predictor["content_type"])
    assert request == Request(list(RECORD), [list(RECORD.values())] * 2)
    assert len(answer(body)["predictions"]) == 2
    assert predictor["label_headers"] == [positive_label(SCHEMA)]


def test_attributions_are_measured_from_a_record_that_the_model_can_answer():
    shap = explainability_analysis(SCHEMA, "m", "ml.m5.large")["methods"]["shap"]
    (record,) = shap["baseline"]["instances"]
    assert list(record) == list(FEATURES)
    assert record["chist"] == 3
    assert record["pirat"] == 2.5
    assert record["phist"] == "no"
    assert len(answer(json.dumps(shap["baseline"]))["predictions"]) == 1
    assert shap["save_local_shap_values"] is False
