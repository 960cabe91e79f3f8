"""Tags that say where data and models come from, on everything of a model in every shipped environment."""

from __future__ import annotations

import pulumi
import pytest
from tests.support.previews import previewed
from tests.support.programs import configured

from mlops_estate.embedded.driver.outputs import declared
from mlops_estate.program.lineage import UNTAGGED, lineage_tags, tagged

MODEL = "mortgage-approval"
OWN = ("ModelRegistry", "FeatureStore", "TrainingPipeline", "GuardedEndpoint", "DataQualityMonitor")
KEYS = {"model", "data-set", "data-class", "label", "pipeline", "ai-risk-tier"}


def tags_of(node) -> dict[str, str]:
    own = node.inputs.get("tags") or {}
    return {item["key"]: item["value"] for item in own} if isinstance(own, list) else own


def transformed(type_token: str, props: dict):
    config = configured("prod")
    args = pulumi.ResourceTransformationArgs(None, type_token, "it", props, None)
    return tagged(config, MODEL, config.models[MODEL])(args)


@pytest.mark.parametrize("environment", ["dev", "prod"])
def test_everything_of_a_model_says_what_it_was_made_of(environment):
    found = {}
    for node in previewed(environment).custom_nodes():
        first = node.urn.split("::")[2].split("$")[0].removeprefix("mlops:index:")
        if first in OWN and "tags" in declared(node.type) and node.type not in UNTAGGED:
            found[node.urn] = tags_of(node)
    assert len(found) > 10
    assert {urn for urn, tags in found.items() if not tags.keys() >= KEYS} == set()
    assert {tags["model"] for tags in found.values()} == {MODEL}
    assert {tags["pipeline"] for tags in found.values()} == {f"mlops-{environment}-{MODEL}-training"}


@pytest.mark.parametrize("kind", ["aws:s3/bucket:Bucket", "aws:kms/key:Key"])
def test_every_bucket_and_key_of_data_says_its_class(kind):
    classes = {"personal", "features", "models", "operations"}
    nodes = [node for node in previewed("prod").custom_nodes() if node.type == kind]
    mine = [node for node in nodes if node.urn.split("$")[0].endswith(("DataLake", "EncryptionKeys"))]
    assert len(mine) >= 4
    assert {tags_of(node).get("data-class") for node in mine} <= classes


def test_every_resource_carries_the_owner_by_its_provider():
    providers = [node for node in previewed("prod").custom_nodes() if node.is_provider]
    assert len(providers) == 2
    assert all("owner" in str(node.inputs["defaultTags"]) for node in providers)


def test_the_data_set_is_cut_to_what_a_tag_holds_from_its_end():
    config = configured("prod")
    model = config.models[MODEL].model_copy(update={"data": f"{'d' * 400}/records.csv"})
    value = lineage_tags(config, MODEL, model)["data-set"]
    assert len(value) == 256
    assert value.endswith("/records.csv")


def test_a_resources_own_tags_stay_and_win():
    made = transformed("aws:iam/role:Role", {"tags": {"purpose": "training", "label": "own"}})
    assert made.props["tags"] == {**lineage_tags(configured("prod"), MODEL, configured("prod").models[MODEL]),
                                  "purpose": "training", "label": "own"}  # fmt: skip


def test_the_risk_and_the_runbook_are_told_where_they_are_configured():
    config = configured("prod")
    tags = lineage_tags(config, MODEL, config.models[MODEL])
    assert (tags["ai-risk-tier"], tags["runbook-url"]) == ("high", f"https://runbooks.example.com/mlops/{MODEL}")
    assert "runbook-url" not in lineage_tags(configured("dev"), MODEL, config.models[MODEL])


def test_native_types_take_pairs_and_each_type_its_data_class():
    made = transformed("aws-native:sagemaker:FeatureGroup", {"tags": None})
    assert {"key": "data-class", "value": "features"} in made.props["tags"]


@pytest.mark.parametrize("type_token", ["aws:s3/bucketObjectv2:BucketObjectv2", "mlops:index:ModelRegistry"])
def test_objects_and_components_are_left_as_they_are(type_token):
    assert transformed(type_token, {"tags": None}) is None


def test_a_type_that_takes_no_tags_gets_none():
    assert transformed("aws:iam/rolePolicy:RolePolicy", {"policy": "{}"}) is None
