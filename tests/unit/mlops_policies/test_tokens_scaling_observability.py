"""Alarms, log groups and scaling policies as `aws-native` writes them."""

from __future__ import annotations

import pytest

from mlops_policies.resource import Resource
from mlops_policies.values import UNKNOWN

ALARM, POLICY = "aws-native:cloudwatch:Alarm", "aws-native:applicationautoscaling:ScalingPolicy"
METRIC = {"namespace": "n", "metricName": "m"}


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ([{"name": "a", "value": "b"}, {"name": "c", "value": UNKNOWN}], {"a": "b", "c": UNKNOWN}),
        ([{"name": UNKNOWN, "value": "b"}], UNKNOWN),
        ([UNKNOWN], UNKNOWN),
        (UNKNOWN, UNKNOWN),
    ],
)
def test_dimensions_are_read_as_a_map(given, expected):
    assert Resource(ALARM, {"dimensions": given}).raw("dimensions") == expected


@pytest.mark.parametrize(
    ("stat", "metric"),
    [
        ({"period": 60, "stat": "Sum", "metric": METRIC}, {"period": 60, "dimensions": None, **METRIC}),
        ({"period": 60, "stat": "Sum", "metric": UNKNOWN}, UNKNOWN),
        (UNKNOWN, UNKNOWN),
    ],
)
def test_a_querys_metric_stands_where_the_aws_provider_has_it(stat, metric):
    assert Resource(ALARM, {"metrics": [{"id": "q", "metricStat": stat}]}).raw("metricQueries[0].metric") == metric


def test_queries_without_a_metric_and_unknown_ones_stay():
    queries = [{"id": "q", "expression": "m1"}, UNKNOWN]

    assert Resource(ALARM, {"metrics": queries}).raw("metricQueries") == queries
    assert Resource(ALARM, {"metrics": UNKNOWN}).raw("metricQueries") == UNKNOWN


def test_findings_on_native_alarms_use_native_names():
    assert Resource(ALARM, {"metrics": []}).fails("metricQueries[0].metric", "x").path == "metrics[0].metric"


@pytest.mark.parametrize(
    ("props", "resource_id"),
    [
        ({"scalingTargetId": "endpoint/a/variant/b|sagemaker:variant:DesiredInstanceCount|sagemaker"},
         "endpoint/a/variant/b"),
        ({"scalingTargetId": UNKNOWN}, None),
        ({"scalingTargetId": "something"}, None),
        ({"resourceId": "endpoint/a/variant/b"}, "endpoint/a/variant/b"),
    ],
)  # fmt: skip
def test_a_policy_names_its_targets_parts_or_the_targets_id(props, resource_id):
    assert Resource(POLICY, props).raw("resourceId") == resource_id


def test_a_job_definition_is_known_by_its_name():
    made = Resource("aws-native:sagemaker:ModelBiasJobDefinition", {"jobDefinitionName": "bias"})

    assert list(made.identifiers()) == ["bias"]
