"""Detective controls' keys: their limits are AWS's, and each is refused at its path."""

from __future__ import annotations

import copy
from typing import Any, get_args

import boto3
import pytest
from tests.unit.mlops_estate.config.conftest import ESTATE, MODELS

from mlops_components import detective_controls
from mlops_estate.config import parse
from mlops_estate.config.aws_limits import SUPPORTED_REGIONS
from mlops_estate.config.classes import CLASSES, defaults_of
from mlops_estate.config.detection import DetectionBlock, Feature, Scan, Standard
from mlops_estate.config.detection_rules import WITHOUT_MACIE
from mlops_estate.embedded.validation import service_model
from mlops_estate.faults import FaultsFound


def found(environment: str = "prod", **estate: Any) -> dict[str, str]:
    try:
        parse(environment, {**copy.deepcopy(ESTATE), **estate}, copy.deepcopy(MODELS))
    except FaultsFound as faults:
        return {fault.where: fault.rule for fault in faults.faults}
    return {}


@pytest.mark.parametrize(
    ("block", "path"),
    [
        ({}, ""),
        ({"guardduty_features": []}, ""),
        ({"guardduty_features": ["S3_DATA_EVENTS", "S3_DATA_EVENTS"]}, "estate.detection.guardduty_features"),
        ({"guardduty_features": ["EKS_RUNTIME_MONITORING"]}, "estate.detection.guardduty_features[0]"),
        ({"standards": ["pci-dss/v/4.0.1", "pci-dss/v/4.0.1"]}, "estate.detection.standards"),
        ({"standards": ["pci-dss"]}, "estate.detection.standards[0]"),
        ({"inspector_scans": ["LAMBDA", "LAMBDA_CODE"]}, ""),
        ({"inspector_scans": ["LAMBDA_CODE"]}, "estate.detection.inspector_scans"),
        ({"inspector_scans": []}, "estate.detection.inspector_scans"),
        ({"macie_sampling_percent": 101}, "estate.detection.macie_sampling_percent"),
        ({"macie_schedule": "hourly"}, "estate.detection.macie_schedule"),
        ({"finding_frequency": "DAILY"}, "estate.detection.finding_frequency"),
    ],
)
def test_what_aws_or_the_service_refuses_is_refused_here(block, path):
    assert [*found(detection=block)] == ([path] if path else [])


@pytest.mark.parametrize(("mode", "refused"), [("create", True), ("existing", True), ("off", False)])
def test_macie_is_refused_where_there_is_none(mode, refused):
    region = min(WITHOUT_MACIE)
    zones = [f"{region}{letter}" for letter in "abc"]
    faults = found(region=region, zones=zones, account_baseline={"macie": mode})
    assert [*faults] == (["estate.account_baseline.macie"] if refused else [])


def test_regions_without_macie_are_those_that_botocore_knows_no_endpoint_in():
    session = boto3.session.Session()
    assert SUPPORTED_REGIONS - {*session.get_available_regions("macie2")} == WITHOUT_MACIE
    for service in ("guardduty", "securityhub", "inspector2", "accessanalyzer"):
        assert {*session.get_available_regions(service)} >= SUPPORTED_REGIONS, service


def test_choices_are_those_of_the_component_and_of_aws():
    assert get_args(Feature) == detective_controls.FEATURES
    assert get_args(Standard) == detective_controls.STANDARDS
    assert get_args(Scan) == detective_controls.SCANS
    features = service_model("guardduty").shape_for("DetectorFeature").enum
    assert {*features} - {*get_args(Feature)} == {"EKS_RUNTIME_MONITORING", "AI_ANALYST"}
    assert {*get_args(Scan)} < {*service_model("inspector2").shape_for("ResourceScanType").enum}
    assert {*detective_controls.FREQUENCIES} == {*service_model("macie2").shape_for("FindingPublishingFrequency").enum}


@pytest.mark.parametrize("environment_class", CLASSES)
def test_defaults_of_each_class_pass_and_are_the_components(environment_class):
    with defaults_of(environment_class):
        block = DetectionBlock()
    frequency, schedule, sampling = detective_controls._BY_CLASS[environment_class]
    assert (block.finding_frequency, block.macie_schedule, block.macie_sampling_percent) == (
        frequency, schedule, sampling,
    )  # fmt: skip
