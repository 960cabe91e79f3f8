"""Feature store: both stores encrypted, nothing replaced silently, a schema that only grows."""

from __future__ import annotations

import pytest
from tests.support.components import MODEL, arguments, deployed, faults, key, only

from mlops_components.feature_store import schema_changes

FEATURES = arguments("FeatureStore", "dev")["features"]
GROUP = "FeatureGroup it"


def group(environment: str = "dev", **changes):
    return only(deployed("FeatureStore", {**arguments("FeatureStore", environment), **changes}), GROUP)


def test_both_stores_are_encrypted_with_the_features_key():
    inputs = group().inputs
    assert inputs["onlineStoreConfig"]["securityConfig"] == {"kmsKeyId": key("features")}
    assert inputs["offlineStoreConfig"]["s3StorageConfig"]["kmsKeyId"] == key("features")


def test_a_changed_tag_does_not_replace_the_group():
    assert group().ignore_changes == ["tags"]


def test_records_stay_in_the_online_store_unless_told_otherwise():
    assert "ttlDuration" not in group().inputs["onlineStoreConfig"]
    assert group(ttl_days=30).inputs["onlineStoreConfig"]["ttlDuration"] == {"unit": "Days", "value": 30}


def test_an_offline_group_has_no_online_store():
    assert "onlineStoreConfig" not in group(online=False).inputs


def test_the_offline_store_has_a_table_in_the_estates_database():
    catalog = group().inputs["offlineStoreConfig"]["dataCatalogConfig"]
    assert catalog == {"catalog": "AwsDataCatalog", "database": "mlops_dev", "tableName": "mortgage_approval_features"}


def test_outputs_name_the_group_and_its_arn():
    nodes = deployed("FeatureStore", arguments("FeatureStore", "dev"))
    outputs = nodes["mlops:index:FeatureStore it"].outputs
    assert outputs["feature_group_name"] == f"mlops-dev-{MODEL}"
    assert outputs["feature_group_arn"].endswith(f":feature-group/mlops-dev-{MODEL}")


def test_changes_of_a_schema_are_told_apart():
    published = [{"name": "a", "type": "String"}, {"name": "b", "type": "Integral"}]
    assert list(schema_changes(published, [*published, {"name": "c", "type": "String"}])) == []
    assert list(schema_changes(published, [{"name": "b", "type": "String"}])) == [
        ("a", "was removed"),
        ("b", "was Integral and is now String"),
    ]


@pytest.mark.parametrize(
    ("changes", "path", "rule"),
    [
        ({"features": []}, "features", "must be 1 to 2500"),
        ({"features": [*FEATURES, FEATURES[0]]}, "features", "is given twice"),
        ({"features": [*FEATURES, {"name": "x", "type": "Text"}]}, "features[3].type", "must be one of Integral"),
        ({"features": [*FEATURES, {"name": "write_time", "type": "String"}]}, "features[3].name", "is reserved"),
        ({"features": [*FEATURES, {"name": "-x", "type": "String"}]}, "features[3].name", "feature names match"),
        ({"record_identifier": "id"}, "record_identifier", "must be one of the features"),
        ({"event_time": "time"}, "event_time", "must be one of the features"),
        ({"ttl_days": 0}, "ttl_days", "must be 1 to 3650"),
        ({"ttl_days": 3, "online": False}, "ttl_days", "is for the online store, which is off"),
        ({"model": "m" * 60}, "model", "feature group names have at most 64 characters"),
        ({"published_features": [{"name": "income", "type": "Integral"}]}, "published_features", "was removed"),
        (
            {"published_features": [{"name": "loan_to_value", "type": "Integral"}]},
            "published_features",
            "was Integral and is now Fractional",
        ),
    ],
)
def test_bad_arguments_are_refused_before_anything_is_registered(changes, path, rule):
    found = faults("FeatureStore", **changes)
    assert path in found
    assert found[path].startswith(rule)


def test_an_event_time_is_text_or_fractional():
    features = [{**feature, "type": "Integral"} if feature["name"] == "event_time" else feature for feature in FEATURES]
    assert faults("FeatureStore", features=features) == {
        "event_time": "must be String or Fractional (CreateFeatureGroup)"
    }
