"""The exceptions of the audit rows: how the provider's inputs become the services' calls."""

from __future__ import annotations

import pytest

from mlops_estate.embedded.driver.caller import opened
from mlops_estate.embedded.driver.mapping import Mapped
from mlops_estate.embedded.driver.operations import Place
from mlops_estate.embedded.driver.rows.audit import ROWS

PLACE = Place("123456789012", "eu-west-1", "made-0000000")
TRAIL = ROWS["aws:cloudtrail/trail:Trail"]


def plain(value):
    """Return a value without the marks of where it came from."""
    return opened({"value": value}, Mapped())["value"]


def extra_calls(token: str, inputs: dict, keys: dict) -> list[tuple[str, dict]]:
    calls = [
        call
        for extra in ROWS[token].extras
        if set(extra.inputs) & inputs.keys()
        for call in extra.calls(inputs, keys)
    ]  # fmt: skip
    return [(call.operation, plain(dict(call.params))) for call in calls]


def test_selectors_are_spelled_as_cloudtrail_spells_them():
    fields = [{"field": "resources.ARN", "startsWiths": ["a"], "notEndsWiths": ["b"]}]
    inputs = {"advancedEventSelectors": [{"name": "objects", "fieldSelectors": fields}]}
    ((operation, params),) = extra_calls("aws:cloudtrail/trail:Trail", inputs, {"Name": "t"})
    assert operation == "PutEventSelectors"
    assert params["AdvancedEventSelectors"] == [
        {
            "Name": "objects",
            "FieldSelectors": [{"Field": "resources.ARN", "StartsWith": ["a"], "NotEndsWith": ["b"]}],
        }
    ]


def test_a_fault_in_a_selector_names_the_input():
    inputs = {"advancedEventSelectors": [{"fieldSelectors": [{"field": "x", "equals": [""]}]}]}
    mapped = Mapped()
    (call,) = TRAIL.extras[0].calls(inputs, {"Name": "t"})
    mapped.params = opened(dict(call.params), mapped)
    where = mapped.origin("AdvancedEventSelectors[0].FieldSelectors[0].Equals[0]")
    assert where == "advancedEventSelectors[0].fieldSelectors[0].equals[0]"


@pytest.mark.parametrize(("given", "operation"), [(True, "StartLogging"), (False, "StopLogging")])
def test_a_trail_is_started_unless_told_otherwise(given, operation):
    assert extra_calls("aws:cloudtrail/trail:Trail", {"enableLogging": given}, {"Name": "t"}) == [
        (operation, {"Name": "t"})
    ]


def test_a_recorder_and_a_channel_are_one_structure_each():
    recorder = ROWS["aws:cfg/recorder:Recorder"].before(
        {"roleArn": "r", "recordingGroup": {"allSupported": True}}, PLACE
    )
    assert plain(recorder) == {
        "configurationRecorder": {"name": "made-0000000", "roleARN": "r", "recordingGroup": {"allSupported": True}}
    }
    channel = ROWS["aws:cfg/deliveryChannel:DeliveryChannel"].before(
        {"name": "c", "s3BucketName": "b", "snapshotDeliveryProperties": {"deliveryFrequency": "One_Hour"}}, PLACE
    )
    assert plain(channel)["deliveryChannel"]["configSnapshotDeliveryProperties"] == {"deliveryFrequency": "One_Hour"}


def test_a_filters_transformation_is_a_list_of_one():
    inputs = {"name": "f", "pattern": "{ }", "logGroupName": "g",
              "metricTransformation": {"name": "m", "namespace": "n", "value": "1", "defaultValue": "0"}}  # fmt: skip
    made = plain(ROWS["aws:cloudwatch/logMetricFilter:LogMetricFilter"].before(inputs, PLACE))
    assert made == {
        "filterName": "f", "filterPattern": "{ }", "logGroupName": "g",
        "metricTransformations": [{"metricName": "m", "metricNamespace": "n", "metricValue": "1", "defaultValue": "0"}],
    }  # fmt: skip


def test_a_workgroups_changes_have_names_of_their_own():
    given = {"enforceWorkgroupConfiguration": True, "resultConfiguration": {"outputLocation": "s3://b/"}}
    made = plain(ROWS["aws:athena/workgroup:Workgroup"].update_before({"name": "w", "configuration": given}, PLACE))
    assert made["configurationUpdates"] == {
        "enforceWorkgroupConfiguration": True,
        "resultConfigurationUpdates": {"outputLocation": "s3://b/"},
    }


@pytest.mark.parametrize("forced", [True, False])
def test_only_a_forced_deletion_takes_a_workgroups_queries_with_it(forced):
    made = ROWS["aws:athena/workgroup:Workgroup"].delete_before({"forceDestroy": forced}, {"WorkGroup": "w"})
    assert made == {"WorkGroup": "w", "RecursiveDeleteOption": forced}
