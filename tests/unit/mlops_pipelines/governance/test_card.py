"""The model card: filled from the run, within the service's schema, with every gap named."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import botocore.session
import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.governed import FACTS, MODEL_SHA256, SNAPSHOT_SHA256, compared, documents, settings

from mlops_pipelines.governance import card, gates
from mlops_pipelines.governance.card_schema import LONGEST_CONTENT, RISK_RATINGS, SCHEMA, cut
from mlops_pipelines.settings import CardSettings

VALIDATOR = jsonschema.Draft7Validator(SCHEMA)


def told(found: dict[str, Any] | None = None, own: Any = None, facts: Any = FACTS) -> dict[str, Any]:
    found, own = found or documents(), own or settings()
    content = card.compose({**found, "gate": gates.decide(found, own)}, own, facts)
    VALIDATOR.validate(content)
    return content


def evaluation(content: dict[str, Any], name: str) -> dict[str, Any]:
    return next(one for one in content["evaluation_details"] if one["name"] == name)


def metrics(detail: dict[str, Any]) -> dict[str, Any]:
    return {one["name"]: one for group in detail["metric_groups"] for one in group["metric_data"]}


def test_the_schema_is_one_and_its_limit_is_the_services() -> None:
    jsonschema.Draft7Validator.check_schema(SCHEMA)
    shape = botocore.session.get_session().get_service_model("sagemaker").shape_for("ModelPackageModelCard")
    assert shape.members["ModelCardContent"].metadata["max"] == LONGEST_CONTENT


def test_a_card_tells_what_people_said_and_what_was_measured() -> None:
    content = told()
    assert content["model_overview"] == {"model_creator": "Credit team", "model_artifact": [FACTS["model_uri"]]}
    uses = content["intended_uses"]
    assert uses["intended_uses"] == "Rank applications Out of scope: Final decisions"
    assert uses["purpose_of_model"] == "Predicts denied (binary) for credit."
    assert content["training_details"]["objective_function"]["function"] == {
        "function": "Maximize", "facet": "roc_auc", "condition": "on the validation set"
    }  # fmt: skip
    job = content["training_details"]["training_job_details"]
    assert job["training_datasets"] == [FACTS["snapshot_uri"]]
    assert job["training_environment"] == {"container_image": [FACTS["training_image"]]}
    assert {one["name"]: one["value"] for one in job["training_metrics"]} == {
        "train:roc_auc": 0.85, "search:roc_auc": 0.81, "test:roc_auc": 0.8
    }  # fmt: skip
    assert {one["name"]: one["value"] for one in job["hyper_parameters"]} == {"family": "linear", "c": "1.0"}
    more = content["additional_information"]
    assert more["caveats_and_recommendations"].startswith("One bank only")
    assert "sex" in more["ethical_considerations"]
    details = more["custom_details"]
    assert (details["model SHA-256"], details["snapshot SHA-256"]) == (MODEL_SHA256, SNAPSHOT_SHA256)
    assert (details["semantic version"], details["commit"]) == ("1.0.0", "0f1e2d3c")


def test_quality_has_intervals_and_a_confusion_matrix() -> None:
    found = metrics(evaluation(told(), "Quality on the test set"))
    assert found["roc_auc"] == {
        "name": "roc_auc", "type": "number", "value": 0.8, "notes": "95 % confidence interval: 0.78 to 0.82"
    }  # fmt: skip
    assert found["confusion matrix"]["value"] == [[50.0, 10.0], [12.0, 28.0]]
    assert found["auc"]["notes"] == "standard deviation 0.02"


def test_fairness_is_told_by_group() -> None:
    detail = evaluation(told(), "Fairness by sex")
    assert detail["evaluation_observation"] == "Records by group: f: 50, m: 50."
    found = metrics(detail)
    assert found["selection_rate"]["x_axis_name"] == ["f", "m"]
    assert found["selection_rate"]["value"] == [0.3, 0.4]
    assert found["equalized_odds_difference"]["value"] == 0.2


def test_robustness_explanations_and_formats_are_told() -> None:
    content = told()
    assert metrics(evaluation(content, "Robustness"))["flipped_percent by perturbation"]["value"] == [[0.1, 5.0]]
    assert metrics(evaluation(content, "Explanations"))["mean absolute SHAP value"]["x_axis_name"] == ["income", "debt"]
    assert metrics(evaluation(content, "Optimised formats"))["reason"]["type"] == "string"


def test_gates_and_warnings_are_told() -> None:
    detail = evaluation(told(), "Gates")
    assert detail["evaluation_observation"] == "All gates passed. Warning: there is no champion to compare with."
    assert metrics(detail)["quality"] == {
        "name": "quality", "type": "boolean", "value": True, "notes": "0.8; roc_auc on the test set >= 0.7"
    }  # fmt: skip


def test_a_champion_is_named_with_the_difference() -> None:
    text = evaluation(told(compared(0.05)), "Quality on the test set")["evaluation_observation"]
    assert "Better than the champion (arn:aws:sagemaker:eu-west-1:123456789012:model-package/credit/1) by 0.05" in text


@pytest.mark.parametrize(
    ("risk", "rating", "sections"),
    [
        ("high", "High", ["9 (risk management)", "10 (data and data governance)", "11 (technical documentation)",
                          "12 (record-keeping)", "13 (transparency for deployers)", "14 (human oversight)",
                          "15 (accuracy, robustness, cybersecurity)"]),
        ("limited", "Medium", ["50 (transparency)"]),
        ("minimal", "Low", ["95 (voluntary codes)"]),
    ],
)  # fmt: skip
def test_regulatory_sections_follow_the_risk(risk: str, rating: str, sections: list[str]) -> None:
    content = told(own=settings(card=CardSettings("Use", "Not", "Limits", "Owner", risk)))
    assert content["intended_uses"]["risk_rating"] == rating
    details = content["additional_information"]["custom_details"]
    law = "Regulation (EU) 2024/1689, article"
    assert [key for key in details if key.startswith(law)] == [f"{law} {section}" for section in sections]
    assert all("Gaps: " in text for key, text in details.items() if key.startswith(law))


def test_an_unknown_risk_is_said_to_be_one() -> None:
    content = told(own=settings(card=CardSettings(risk="huge")))
    assert content["intended_uses"]["risk_rating"] == "Unknown"
    assert "'huge' is no known risk" in json.dumps(content["additional_information"])


def test_what_nobody_told_is_named_as_a_gap() -> None:
    details = told(own=settings(card=CardSettings()), facts={})["additional_information"]["custom_details"]
    text = " ".join(details.values())
    for gap in ("card.owner is empty", "card.intended_use is empty", "card.out_of_scope is empty",
                "card.limitations is empty", "the commit is not recorded",
                "the pipeline execution is not recorded"):  # fmt: skip
        assert gap in text
    assert details["commit"] == "not recorded"


def test_what_is_told_is_no_gap() -> None:
    text = json.dumps(told()["additional_information"])
    assert "is empty" not in text
    assert "the commit is not recorded" not in text


def test_a_card_of_a_model_without_protected_columns_says_so() -> None:
    found = documents(fairness={"status": "no protected attribute", "attributes": {}, "worst": {}})
    content = told(found, settings(protected=()))
    assert evaluation(content, "Fairness")["evaluation_observation"] == "Not measured: no protected attribute."
    assert "No column is protected" in content["additional_information"]["ethical_considerations"]
    assert "bias was not examined by group" in json.dumps(content)


def test_a_card_does_without_the_documents_that_are_not_given() -> None:
    found = documents()
    gate = gates.decide(found, settings())
    content = card.compose({name: found.get(name, gate) for name in card.REQUIRED}, settings(), FACTS)
    VALIDATOR.validate(content)
    assert "not known to this card" in content["training_details"]["objective_function"]["notes"]


def test_the_longest_metric_groups_are_left_out_of_a_card_that_is_too_long_and_named() -> None:
    found = documents()
    attribute = found["fairness"]["attributes"]["sex"]
    groups = {f"group {number}": {f"metric {which}" + "x" * 100: {"value": 0.123456789} for which in range(99)}
              for number in range(60)}  # fmt: skip
    found["fairness"]["attributes"] = {"sex": {**attribute, "groups": groups}}
    content = told(found)
    assert len(card.as_text(content)) <= LONGEST_CONTENT
    assert (
        content["additional_information"]["custom_details"]["left out for length"]
        == "Fairness by sex: Figures by group"
    )
    assert evaluation(content, "Fairness by sex")["metric_groups"]


def test_a_card_that_is_too_long_without_metrics_is_refused() -> None:
    protected = {f"column {number}": {"groups": {f"g{i}": {"count": 1} for i in range(300)}} for number in range(70)}
    found = documents(fairness__attributes=protected)
    gate = gates.decide(found, settings())
    with pytest.raises(card.CardTooLong, match="CreateModelPackage takes 100000: shorten"):
        card.compose({**found, "gate": gate}, settings(), FACTS)


def test_a_card_as_text_is_one_line_of_ascii() -> None:
    own = settings(card=replace(settings().card, owner="Ünit\u2028 line\nbreak"))
    text = card.as_text(told(own=own))
    assert text.isascii()
    assert "\n" not in text
    assert json.loads(text)["model_overview"]["model_creator"] == "Ünit\u2028 line\nbreak"


def test_the_same_run_gives_the_same_card() -> None:
    assert card.as_text(told()) == card.as_text(told())


@given(st.text(max_size=3000), st.text(max_size=3000), st.sampled_from(["high", "limited", "minimal", "?"]))
def test_whatever_people_write_a_card_fits_the_schema(use: str, limits: str, risk: str) -> None:
    own = settings(card=CardSettings(use, limits, limits, use[:2000], risk), label=use[:100] or "y")
    content = told(own=own, facts={**FACTS, "model_uri": "s3://" + "m" * 2000})
    assert content["intended_uses"]["risk_rating"] in RISK_RATINGS


@given(st.text(max_size=50), st.integers(2, 40))
def test_a_cut_text_is_never_longer_than_it_may_be(text: str, longest: int) -> None:
    short = cut(text, longest)
    assert len(short) <= longest
    assert short == text or short.endswith("…")
