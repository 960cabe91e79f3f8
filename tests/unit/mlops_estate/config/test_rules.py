"""AWS's limits across fields: each refused just beyond the limit and accepted on it."""

from __future__ import annotations

import copy
import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.mlops_estate.config.conftest import ESTATE, MODELS

from mlops_estate.config import names, parse
from mlops_estate.config.aws_limits import NAME_LIMITS, REGIONS_WITHOUT_CLARIFY, SUPPORTED_REGIONS
from mlops_estate.config.monitoring import MONITORS
from mlops_estate.config.rules import ESTATE_RULES, MODEL_RULES
from mlops_estate.faults import FaultsFound


def found(environment: str, estate: dict[str, Any], model: dict[str, Any]) -> dict[str, str]:
    """Return path -> rule of every fault, the prefix of the model's paths left out."""
    try:
        parse(environment, {**copy.deepcopy(ESTATE), **estate}, {"churn": {**copy.deepcopy(MODELS["churn"]), **model}})
    except FaultsFound as faults:
        return {fault.where.removeprefix("models.churn."): fault.rule for fault in faults.faults}
    return {}


TWO = {"instance_count": 2}
VPC = "vpc-0a1b2c3d4e5f60718"
SUBNETS = ["subnet-0a1b2c3d4e5f60718"]
MODEL_CASES = [
    # the block, the path that is refused ("" for none), words of the rule
    ({"release": {"strategy": "canary", "step_percent": 50}, "serving": TWO}, "", ""),
    ({"release": {"strategy": "canary", "step_percent": 51}, "serving": TWO}, "release.step_percent", "1 to 50"),
    ({"release": {"strategy": "linear", "step_percent": 10}, "serving": TWO}, "", ""),
    ({"release": {"strategy": "linear", "step_percent": 9}, "serving": TWO}, "release.step_percent", "10 to 50"),
    ({"release": {"strategy": "rolling", "step_percent": 5}, "serving": TWO}, "", ""),
    ({"release": {"strategy": "rolling", "step_percent": 4}, "serving": TWO}, "release.step_percent", "5 to 50"),
    ({"release": {"strategy": "all_at_once", "step_percent": 10}}, "release.step_percent", "all_at_once"),
    ({"release": {"strategy": "canary"}}, "serving.instance_count", "two instances"),
    ({"release": {"strategy": "linear"}}, "serving.instance_count", "two instances"),
    ({"release": {"strategy": "rolling"}}, "serving.instance_count", "two instances"),
    ({"release": {"wait_seconds": 300, "termination_wait_seconds": 299, "max_execution_seconds": 600}}, "", ""),
    (
        {"release": {"wait_seconds": 300, "termination_wait_seconds": 300, "max_execution_seconds": 600}},
        "release.max_execution_seconds",
        "all waits together (600 s",
    ),
    (
        {"release": {"strategy": "linear", "step_percent": 10, "wait_seconds": 3000}, "serving": TWO},
        "release.max_execution_seconds",
        "10 x wait_seconds",
    ),
    ({"release": {"version": 3, "previous": 2}}, "", ""),
    ({"release": {"version": 3, "previous": 3}}, "release.previous", "must differ from `version`"),
    ({"release": {"previous": 3}}, "release.previous", "needs `version`"),
    ({"training": {"max_runtime_seconds": 100, "max_wait_seconds": 100}}, "", ""),
    ({"training": {"max_runtime_seconds": 100, "max_wait_seconds": 99}}, "training.max_wait_seconds", "at least"),
    ({"training": {"use_spot": False, "max_wait_seconds": 9000}}, "training.max_wait_seconds", "contradicts"),
    ({"training": {"max_runtime_seconds": 2_000_000}}, "training.max_wait_seconds", "28 days"),
    ({"autoscaling": {"enabled": True, "max_instances": 2}, "serving": {"instance_type": "ml.m5.large"}}, "", ""),
    ({"autoscaling": {"enabled": True, "max_instances": 1}, "serving": {"instance_type": "ml.m5.large"}},
     "autoscaling.max_instances", "must exceed `serving.instance_count` (1)"),
    ({"autoscaling": {"enabled": True}, "serving": {"instance_type": "ml.t2.medium"}},
     "serving.instance_type", "burstable"),
    ({"serving": {"serverless_memory_mb": 2048}}, "", ""),
    ({"serving": {"serverless_memory_mb": 2048, "capture_percent": 0}, "monitoring": {"enabled": False}}, "", ""),
    ({"serving": {"serverless_memory_mb": 2048}, "release": {"strategy": "canary"}}, "", ""),
    ({"serving": {"serverless_memory_mb": 1500}}, "serving.serverless_memory_mb", "one of 1024, 2048"),
    ({"serving": {"serverless_memory_mb": 2048, "instance_count": 1}}, "serving.instance_count", "contradicts"),
    ({"serving": {"serverless_memory_mb": 2048, "capture_percent": 5}}, "serving.capture_percent", "contradicts"),
    ({"serving": {"serverless_memory_mb": 2048}, "monitoring": {"enabled": True}}, "monitoring.enabled", "contradicts"),
    ({"serving": {"serverless_memory_mb": 2048}, "autoscaling": {"enabled": True}},
     "autoscaling.enabled", "contradicts"),
    ({"serving": {"serverless_memory_mb": 2048}, "release": {"strategy": "rolling"}},
     "release.strategy", "contradicts"),
    ({"serving": {"serverless_max_concurrency": 9}}, "serving.serverless_max_concurrency", "needs `serverless_memory"),
    ({"release": {"strategy": "rolling", "termination_wait_seconds": 0}, "serving": TWO}, "", ""),
    ({"release": {"strategy": "rolling", "termination_wait_seconds": 9}, "serving": TWO},
     "release.termination_wait_seconds", "keeps no old fleet"),
    ({"serving": {"capture_percent": 0}}, "monitoring.enabled", "needs captured requests"),
    ({"serving": {"capture_percent": 0}, "monitoring": {"enabled": False}}, "", ""),
    ({"monitoring": {"schedule": "hourly", "max_runtime_seconds": 1800}}, "", ""),
    ({"monitoring": {"schedule": "hourly", "max_runtime_seconds": 1801}}, "monitoring.max_runtime_seconds", "1800"),
    ({"risk": "minimal", "monitoring": {"schedule": "hourly", "max_runtime_seconds": 3600}}, "", ""),
    (
        {"risk": "minimal", "monitoring": {"schedule": "hourly", "max_runtime_seconds": 3601}},
        "monitoring.max_runtime_seconds",
        "3600",
    ),
    (
        {"risk": "minimal", "monitoring": {"schedule": "hourly", "max_runtime_seconds": 3600, "bias": True}},
        "monitoring.max_runtime_seconds",
        "bias merges labels first",
    ),
    ({"monitoring": {"enabled": False, "bias": True}}, "monitoring.bias", "contradicts"),
    ({"serving": {"serverless_memory_mb": 2048}, "monitoring": {"bias": True}}, "monitoring.bias", "contradicts"),
    ({"release": {"version": 1, "baselines": ["bias"]}}, "release.baselines", "needs `baseline_uri`"),
    (
        {"release": {"version": 1, "baseline_uri": "s3://b-1/run/baseline", "baselines": ["bias", "bias"]}},
        "release.baselines",
        "once",
    ),
    ({"features": {"online": False, "ttl_days": 30}}, "features.ttl_days", "contradicts `online: false`"),
    ({"protected_attribute": "left"}, "protected_attribute", "must differ from `label`"),
    ({"protected_attribute": None}, "", ""),
    ({"protected_attribute": None, "monitoring": {"bias": False}}, "", ""),
    ({"protected_attribute": None, "monitoring": {"bias": True}}, "monitoring.bias", "needs `protected_attribute`"),
    ({"training": {"split": [0.7, 0.15, 0.15]}}, "", ""),
    ({"training": {"split": [0.1, 0.2, 0.7]}}, "", ""),
    ({"training": {"split": [0.7, 0.2, 0.2]}}, "training.split", "must sum to 1, not 1.1"),
    ({"training": {"search": "automl"}}, "", ""),
    ({"training": {"search": "automl", "family": "linear"}}, "training.family", "it chooses the family"),
    ({"training": {"search": "none", "family": "linear"}}, "", ""),
    ({"training": {"search": "none", "trials": 3}}, "training.trials", "nothing is tried"),
    ({"gates": {"threshold": 0.2}}, "", ""),
    ({"gates": {"threshold": 1.1}}, "gates.threshold", "must be at most 1"),
    ({"gates": {"metric": "roc_auc", "threshold": 0.4}}, "gates.threshold", "must be 0.5 to 1"),
    ({"gates": {"metric": "f1", "threshold": 0.4}}, "", ""),
    ({"gates": {"metric": "f1", "threshold": -0.4}}, "gates.threshold", "must be 0 to 1"),
    ({"gates": {"metric": "r2", "threshold": -0.4}}, "", ""),
    ({"gates": {"metric": "rmse"}}, "gates.threshold", "is required with the metric rmse"),
    ({"gates": {"metric": "rmse", "threshold": 12}}, "", ""),
    ({"gates": {"metric": "mae", "threshold": 0}}, "gates.threshold", "must be more than 0"),
]  # fmt: skip


@pytest.mark.parametrize(("block", "path", "rule"), MODEL_CASES)
def test_a_model_is_held_to_aws_limits(block, path, rule):
    faults = found("dev", {}, block)
    assert list(faults) == ([path] if path else [])
    assert rule in faults.get(path, "")


ESTATE_CASES = [
    ({"zones": ["eu-west-1a", "eu-west-1a"]}, "estate.zones[1]", "listed once"),
    ({"zones": ["eu-west-1a", "eu-west-2a"]}, "estate.zones[1]", "of the region eu-west-1"),
    ({"network": {"vpc_id": VPC, "subnet_ids": SUBNETS}}, "", ""),
    ({"network": {"vpc_id": VPC}}, "estate.network.vpc_id", "needs `subnet_ids`"),
    ({"network": {"subnet_ids": SUBNETS}}, "estate.network.subnet_ids", "need `vpc_id`"),
    (
        {"network": {"vpc_id": VPC, "subnet_ids": SUBNETS, "cidr": "10.0.0.0/16"}},
        "estate.network.cidr",
        "contradicts `vpc_id`",
    ),
    ({"network": {"cidr": "10.0.0.0/24"}}, "", ""),
    ({"network": {"cidr": "10.0.0.0/25"}}, "estate.network.cidr", "between /16 and /24"),
    ({"network": {"cidr": "10.0.0.0/15"}}, "estate.network.cidr", "between /16 and /24"),
    ({"network": {"cidr": "10.0.0.1/16"}}, "estate.network.cidr", "host bits"),
    ({"network": {"cidr": "8.8.0.0/16"}}, "estate.network.cidr", "private range"),
    ({"budget": {"warn_at_percent": [80, 50]}}, "estate.budget.warn_at_percent", "must rise"),
    ({"budget": {"warn_at_percent": [50, 50]}}, "estate.budget.warn_at_percent", "not repeat"),
]


@pytest.mark.parametrize(("block", "path", "rule"), ESTATE_CASES)
def test_an_estate_is_held_to_aws_limits(block, path, rule):
    faults = found("dev", block, {})
    assert list(faults) == ([path] if path else [])
    assert rule in faults.get(path, "")


def test_prod_in_one_zone_is_refused_and_dev_is_not():
    one = {"zones": ["eu-west-1a"]}
    assert found("dev", one, {}) == {}
    assert found("prod", one, {}) == {"estate.zones": "a prod environment needs two zones or more"}


def test_a_vpc_of_your_own_brings_its_zones_to_prod():
    own = {"zones": ["eu-west-1a"], "network": {"vpc_id": VPC, "subnet_ids": SUBNETS}}
    own["network"]["s3_endpoint_ids"] = ["vpce-0a1b2c3d"]
    assert found("prod", own, {}) == {}


NAME_CASES = [
    # prefix, registry prefix, model, path, rule
    ("mlops-dev", "mlops", "a" * 38, "", ""),
    (
        "mlops-dev",
        "mlops",
        "a" * 39,
        "models.{}",
        "the monitoring schedule name has 64 characters; ",
    ),
    ("em", "a" * 40, "b" * 23, "models.{}", "the model package group name has 64 characters; AWS takes at most 63"),
    ("em", "mlops", "under_score", "models.{}", "joined by single hyphens"),
    ("em", "mlops", "Upper", "models.{}", "lower-case"),
    ("em", "mlops", "two--hyphens", "models.{}", "joined by single hyphens"),
    ("em", "mlops", "-x", "models.{}", "a letter first"),
    ("{environment}", "mlops", "x", "", ""),
    ("a" * 28, "mlops", "x", "", ""),
    ("a" * 29, "mlops", "x", "estate.prefix", "the bucket name has 64 characters; AWS takes at most 63"),
    ("{environment}-", "mlops", "x", "estate.prefix", "no hyphen last"),
    ("1x", "mlops", "x", "estate.prefix", "a letter first"),
]


@pytest.mark.parametrize(("prefix", "registry_prefix", "model", "path", "rule"), NAME_CASES)
def test_names_are_measured_after_prefixing(prefix, registry_prefix, model, path, rule):
    registry = {"account": "123456789012", "prefix": registry_prefix}
    faults: dict[str, str] = {}
    try:
        parse("dev", {**ESTATE, "prefix": prefix, "registry": registry}, {model: MODELS["churn"]})
    except FaultsFound as error:
        faults = {fault.where: fault.rule for fault in error.faults}
    assert list(faults) == ([path.format(model)] if path else [])
    assert all(rule in text for text in faults.values())


def test_the_fix_for_a_long_name_says_how_many_characters_fit():
    with pytest.raises(FaultsFound) as caught:
        parse("dev", ESTATE, {"m" * 60: MODELS["churn"]})
    (fault,) = caught.value.faults
    assert fault.fix == "use at most 38 characters here"
    parse("dev", ESTATE, {"m" * 38: MODELS["churn"]})


def test_supported_regions_have_the_service_and_both_images():
    import boto3

    from mlops_components.image_registries import CLARIFY, MODEL_MONITOR, SCIKIT_LEARN

    service = set(boto3.Session(region_name="eu-west-1").get_available_regions("sagemaker"))
    assert service & SCIKIT_LEARN.keys() & MODEL_MONITOR.keys() == SUPPORTED_REGIONS
    assert SUPPORTED_REGIONS - CLARIFY.keys() == REGIONS_WITHOUT_CLARIFY


@pytest.mark.parametrize(
    ("kind", "service", "operation", "member"),
    [
        ("endpoint", "sagemaker", "CreateEndpoint", "EndpointName"),
        ("feature group", "sagemaker", "CreateFeatureGroup", "FeatureGroupName"),
        ("model package group", "sagemaker", "CreateModelPackageGroup", "ModelPackageGroupName"),
        ("pipeline", "sagemaker", "CreatePipeline", "PipelineName"),
        ("monitoring schedule", "sagemaker", "CreateMonitoringSchedule", "MonitoringScheduleName"),
        ("monitoring job definition", "sagemaker", "CreateModelBiasJobDefinition", "JobDefinitionName"),
        ("role", "iam", "CreateRole", "RoleName"),
    ],
)
def test_name_limits_are_those_of_the_service_model(kind, service, operation, member):
    from botocore.session import get_session

    shape = get_session().get_service_model(service).operation_model(operation).input_shape
    metadata = shape.members[member].metadata
    assert NAME_LIMITS[kind].longest == metadata["max"]
    assert NAME_LIMITS[kind].pattern == re.compile(metadata["pattern"])


def test_every_rule_says_what_it_holds():
    assert all(rule.__doc__ for rule in (*ESTATE_RULES, *MODEL_RULES))


@settings(deadline=None, max_examples=200, derandomize=True)
@given(prefix=st.from_regex(names.PREFIX, fullmatch=True), model=st.from_regex(names.MODEL_NAME, fullmatch=True))
def test_a_name_is_accepted_exactly_when_aws_accepts_all_that_is_made_of_it(prefix, model):
    made = {
        "bucket": [names.bucket(prefix, purpose, "123456789012", "eu-west-1") for purpose in names.BUCKET_PURPOSES],
        "endpoint": [names.endpoint(prefix, model)],
        "feature group": [names.feature_group(prefix, model)],
        "model package group": [names.model_package_group("mlops", model)],
        "pipeline": [names.pipeline(prefix, model)],
        "monitoring schedule": [names.monitor(prefix, model, kind) for kind in MONITORS],
        "monitoring job definition": [names.job_definition(model, kind) for kind in MONITORS],
        "training schedule": [names.training_schedule(prefix, model)],
        "role": [f"{prefix}-{model}-{suffix}" for suffix in names.ROLE_SUFFIXES],
        "budget": [f"{prefix}-monthly"],
        "backup vault": [names.backup_vault(prefix)],
        "restore testing plan": [names.restore_test(prefix)],
    }
    assert made.keys() == NAME_LIMITS.keys()
    fits = all(
        len(name) <= NAME_LIMITS[kind].longest and NAME_LIMITS[kind].pattern.fullmatch(name)
        for kind, found_names in made.items()
        for name in found_names
    )
    try:
        parse("dev", {**ESTATE, "prefix": prefix}, {model: MODELS["churn"]})
    except FaultsFound:
        assert not fits
    else:
        assert fits
