"""Endpoint configurations and pipelines as other providers write them."""

from __future__ import annotations

import json

import pytest

from mlops_policies.resource import Resource
from mlops_policies.values import UNKNOWN

NATIVE_CONFIG, NATIVE_PIPELINE = "aws-native:sagemaker:EndpointConfig", "aws-native:sagemaker:Pipeline"


@pytest.mark.parametrize("variants", ["productionVariants", "shadowProductionVariants"])
def test_a_native_variant_has_the_names_of_the_aws_provider(variants):
    made = Resource(NATIVE_CONFIG, {variants: [{"routingConfig": {"routingStrategy": "RANDOM"}}, UNKNOWN]})

    assert made.raw(variants) == [{"routingConfigs": {"routingStrategy": "RANDOM"}}, UNKNOWN]


def test_a_variant_of_cloud_control_is_known_by_its_acronyms():
    state = {"ProductionVariants": [{"EnableSSMAccess": True, "VolumeSizeInGB": 8}]}

    made = Resource(
        "aws:cloudcontrol/resource:Resource",
        {"typeName": "AWS::SageMaker::EndpointConfig", "desiredState": json.dumps(state)},
    )

    assert made.raw("productionVariants") == [{"enableSsmAccess": True, "volumeSizeInGb": 8}]


def test_unknown_variants_stay_unknown():
    assert Resource(NATIVE_CONFIG, {"productionVariants": UNKNOWN}).raw("productionVariants") == UNKNOWN


@pytest.mark.parametrize(
    ("given", "text", "place"),
    [
        ({"pipelineDefinitionBody": "{}"}, "{}", None),
        ({"pipelineDefinitionS3Location": {"bucket": "b"}}, None, {"bucket": "b"}),
        (UNKNOWN, UNKNOWN, None),
    ],
)
def test_a_native_pipelines_definition_is_lifted_out(given, text, place):
    made = Resource(NATIVE_PIPELINE, {"pipelineDefinition": given})

    assert (made.raw("pipelineDefinition"), made.raw("pipelineDefinitionS3Location")) == (text, place)
