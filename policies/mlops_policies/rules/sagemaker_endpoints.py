"""Endpoint configurations and inference experiments: keys, instances, release patterns, serverless in production."""

from __future__ import annotations

from collections.abc import Iterator

from mlops_policies.instances import has_local_storage_only
from mlops_policies.ml_serving import ENDPOINT, ENDPOINT_CONFIG, Release, is_serverless, release_pattern
from mlops_policies.resource import Resource, View
from mlops_policies.rule import Use, resource_rule, stack_rule
from mlops_policies.rules.ml_serving_hygiene import instance_types, variants
from mlops_policies.stack import Stack
from mlops_policies.values import any_of
from mlops_policies.verdicts import Verdict, each, not_applicable

EXPERIMENT = "aws-native:sagemaker:InferenceExperiment"

_API = "https://docs.aws.amazon.com/sagemaker/latest/APIReference"
_GUIDE = "https://docs.aws.amazon.com/sagemaker/latest/dg"
_SERVERLESS = f"{_GUIDE}/serverless-endpoints.html"


@resource_rule(
    "sm-endpointconfig-kms-key",
    on=[ENDPOINT_CONFIG],
    title="Endpoints encrypt their instances' volumes with a key of one's own.",
    severity="medium",
    level="mandatory",
    why="The volumes hold the model and what it writes; under AWS's own key nobody here decides who reads them.",
    fix="Set the configuration's key to a customer managed key",
    source=f"{_API}/API_CreateEndpointConfig.html",
)
def volume_key(it: Resource, use: Use) -> Iterator[Verdict]:
    """Not where no variant has a volume that the key is for: serverless ones have none, and local NVMe storage is
    encrypted by its hardware, with or without a key. One variant on another instance is enough to ask for it.
    """
    if it.present("kmsKeyArn"):
        return
    if not any_of(variants(it), _has_volume):
        yield not_applicable("no variant has a volume that the key is for")
        return
    yield it.requires("kmsKeyArn")


def _has_volume(variant: View) -> bool:
    """Whether a variant has storage that is not local. Raises `UnknownValue` for a type that is unknown."""
    if variant.present("serverlessConfig"):
        return False
    return any_of(instance_types(variant), lambda place: not has_local_storage_only(place[1]))


@resource_rule(
    "sm-endpointconfig-min-two-instances",
    on=[ENDPOINT_CONFIG],
    only=["prod"],
    title="Variants in production start with two instances or more.",
    severity="medium",
    level="mandatory",
    category="reliability",
    why="SageMaker spreads several instances over zones: with one instance, its zone's outage is the endpoint's.",
    fix="Raise initialInstanceCount to at least 2",
    source=f"{_GUIDE}/deployment-best-practices.html",
)
def two_instances(it: Resource, use: Use) -> Iterator[Verdict]:
    """Serverless variants have no instances, and shadow variants answer nobody. Where SageMaker scales the variant
    itself the least number counts as well, if it is given.
    """
    found = [variant for variant in it.items("productionVariants") if not variant.present("serverlessConfig")]
    if not found:
        yield not_applicable("no variant has instances")
    yield from each(found, _at_least_two)


def _at_least_two(variant: View) -> Iterator[Verdict]:
    yield variant.holds("initialInstanceCount", lambda count: count >= 2, "must be at least 2")
    least = "managedInstanceScaling.minInstanceCount"
    if variant.get("managedInstanceScaling.status") == "ENABLED" and variant.present(least):
        yield variant.holds(least, lambda count: count >= 2, "must be at least 2")


@stack_rule(
    "sm-endpoint-safe-release-pattern",
    on=[ENDPOINT_CONFIG],
    title="A new model takes over step by step.",
    severity="low",
    level="advisory",
    category="ml-governance",
    why="A model that takes all requests at once fails for everybody at once when it is worse than its tests said.",
    fix="Add a shadow variant or a second weighted one, or let the endpoint shift traffic as a canary or in steps",
    source=(f"{_GUIDE}/model-shadow-deployment.html", f"{_GUIDE}/deployment-guardrails.html"),
)
def safe_release(it: Resource, stack: Stack, use: Use) -> Iterator[Verdict]:
    """An endpoint of this stack that shifts traffic by canary, linear or rolling releases safely too. Serverless
    configurations take neither shadows nor several variants.
    """
    if is_serverless(it):
        yield not_applicable("a serverless configuration has one variant and no shadow")
        return
    if it.items("shadowProductionVariants") or len(it.items("productionVariants")) > 1:
        return
    endpoints = stack.referring(it, ENDPOINT, by="endpointConfigName")
    if not any_of(endpoints, lambda endpoint: release_pattern(endpoint, it) is not Release.ALL_AT_ONCE):
        yield it.fails("productionVariants", "has one variant and no shadow, and no endpoint shifts traffic gradually")


@resource_rule(
    "sm-serverless-in-prod",
    on=[ENDPOINT_CONFIG],
    only=["prod"],
    title="Endpoints in production are not serverless.",
    severity="high",
    level="mandatory",
    category="ml-governance",
    why="A serverless endpoint has no VPC, no network isolation, no data capture and no monitors: what goes in and out "
    "of it can be neither held back nor watched.",
    fix="Give the variant an instance type and at least two instances, or exempt the endpoint for a reason",
    source=_SERVERLESS,
)
def no_serverless(it: Resource, use: Use) -> Iterator[Verdict]:
    """AWS lists among what serverless inference lacks: VPC, network isolation, capture, Model Monitor, multiple
    variants. Where it is fit all the same, an exemption says why.
    """
    yield from each(variants(it), _not_serverless)


def _not_serverless(variant: View) -> Iterator[Verdict]:
    if variant.get("serverlessConfig") is not None:
        yield variant.fails("serverlessConfig", "makes the endpoint serverless")


@resource_rule(
    "sm-inferenceexperiment-volume-kms",
    on=[EXPERIMENT],
    title="Shadow tests encrypt their instances' volumes with a key of one's own.",
    severity="medium",
    level="mandatory",
    why="A shadow test's instances hold the new model and copies of live requests.",
    fix="Set kmsKey",
    source=f"{_API}/API_CreateInferenceExperiment.html",
)
def experiment_volume_key(it: Resource, use: Use) -> Iterator[Verdict]:
    """Not where all instances have local NVMe storage, which their hardware encrypts; Security Hub (SageMaker.23) asks
    for a key there too.
    """
    if it.present("kmsKey"):
        return
    type_path = "infrastructureConfig.realTimeInferenceConfig.instanceType"
    found = it.items("modelVariants")
    if found and not any_of(found, lambda variant: not has_local_storage_only(str(variant.get(type_path)))):
        yield not_applicable("its instances have local storage only")
        return
    yield it.requires("kmsKey")


@resource_rule(
    "sm-inferenceexperiment-data-kms",
    on=[EXPERIMENT],
    title="Shadow tests encrypt what they capture with a key of one's own.",
    severity="medium",
    level="mandatory",
    why="What a shadow test captures are live requests and two models' answers: personal data, as often as not.",
    fix="Set dataStorageConfig.kmsKey",
    source=f"{_API}/API_InferenceExperimentDataStorageConfig.html",
)
def experiment_data_key(it: Resource, use: Use) -> Iterator[Verdict]:
    """Without a storage configuration a test captures nothing."""
    if not it.present("dataStorageConfig"):
        yield not_applicable("it captures nothing")
        return
    yield it.requires("dataStorageConfig.kmsKey")
