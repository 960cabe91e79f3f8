"""Detective controls: made, used or left out one by one, and looking for what they are told to."""

from __future__ import annotations

import pytest
from tests.support.components import arguments, bucket, deployed, faults, only

from mlops_components.detective_controls import CONTROLS, ON_AT_FIRST, STANDARDS, standard_arn

TYPES = {
    "guardduty": "aws:guardduty/detector:Detector",
    "macie": "aws:macie2/account:Account",
    "security_hub": "aws:securityhub/account:Account",
    "inspector": "aws:inspector2/enabler:Enabler",
    "access_analyzer": "aws:accessanalyzer/analyzer:Analyzer",
}


def args(**changes):
    return {**arguments("DetectiveControls", "prod"), **changes}


def types(given) -> list[str]:
    return [node.type for node in deployed("DetectiveControls", given).values() if node.custom]


@pytest.mark.parametrize("control", CONTROLS)
@pytest.mark.parametrize("mode", ["existing", "off"])
def test_each_control_is_left_to_others_by_itself(control, mode):
    made = types(args(**{control: mode}))
    assert {kind for kind in TYPES.values() if kind in made} == {*TYPES.values()} - {TYPES[control]}


def test_a_detector_says_of_each_plan_that_is_on_at_first_whether_it_stays():
    nodes = deployed("DetectiveControls", args(guardduty_features=["LAMBDA_NETWORK_LOGS", "AI_PROTECTION"]))
    features = {n.inputs["name"]: n.inputs["status"] for n in nodes.values() if n.type.endswith(":DetectorFeature")}
    assert {name for name, status in features.items() if status == "ENABLED"} == {
        "LAMBDA_NETWORK_LOGS",
        "AI_PROTECTION",
    }
    assert set(features) == {*ON_AT_FIRST, "AI_PROTECTION"}


@pytest.mark.parametrize(
    ("schedule", "sent"),
    [
        ("daily", {"dailySchedule": True}),
        ("weekly", {"weeklySchedule": "MONDAY"}),
        ("monthly", {"monthlySchedule": 1}),
    ],
)
def test_the_job_looks_into_the_personal_buckets_on_its_schedule(schedule, sent):
    job = only(deployed("DetectiveControls", args(macie_schedule=schedule)), "it-personal-data").inputs
    assert job["scheduleFrequency"] == sent
    assert job["s3JobDefinition"]["bucketDefinitions"][0]["buckets"] == [
        bucket("raw", "prod"),
        bucket("capture", "prod"),
    ]
    assert (job["jobType"], job["samplingPercentage"]) == ("SCHEDULED", 100)


def test_the_job_is_the_environments_own_where_anyone_enabled_macie():
    assert "aws:macie2/classificationJob:ClassificationJob" in types(args(macie="existing"))
    assert "aws:macie2/classificationJob:ClassificationJob" not in types(args(macie="off"))


def test_macie_is_off_in_dev_unless_it_is_asked_for():
    dev = {**arguments("DetectiveControls", "dev"), "personal_buckets": [bucket("raw", "dev")]}
    assert types(dev) == []
    assert types({**dev, "macie": "create"}) == [TYPES["macie"], "aws:macie2/classificationJob:ClassificationJob"]


@pytest.mark.parametrize(
    ("region", "start"),
    [("eu-west-1", "arn:aws:securityhub:eu-west-1::standards/"), ("cn-north-1", "arn:aws-cn:securityhub:cn-north-1:")],
)
def test_a_standard_has_the_regions_own_arn(region, start):
    assert all(standard_arn(standard, region).startswith(start) for standard in STANDARDS)


def test_standards_wait_for_the_hub_and_are_those_that_are_named():
    nodes = deployed("DetectiveControls", args(standards=["pci-dss/v/4.0.1"]))
    standard = only(nodes, "it-pci-dss-4.0.1")
    assert standard.inputs["standardsArn"] == "arn:aws:securityhub:eu-west-1::standards/pci-dss/v/4.0.1"
    assert [urn for urn in standard.dependencies if "it-security-hub" in urn]
    assert only(nodes, "Account it-security-hub").inputs["enableDefaultStandards"] is False


@pytest.mark.parametrize(("environment", "scans"), [("dev", "SCAN_ON_PUSH"), ("prod", "CONTINUOUS_SCAN")])
def test_images_are_scanned_continuously_outside_dev(environment, scans):
    nodes = deployed("DetectiveControls", args(environment_class=environment))
    (rule,) = only(nodes, "it-registry").inputs["rules"]
    assert rule["scanFrequency"] == scans
    assert rule["repositoryFilters"] == [{"filter": "*", "filterType": "WILDCARD"}]


def test_the_image_registry_is_left_alone_where_images_are_not_scanned():
    assert not [kind for kind in types(args(inspector_scans=["LAMBDA"])) if kind.startswith("aws:ecr/")]


@pytest.mark.parametrize(
    ("changes", "paths"),
    [
        ({"guardduty": "on"}, {"guardduty"}),
        ({"finding_frequency": "DAILY"}, {"finding_frequency"}),
        ({"guardduty_features": ["S3"]}, {"guardduty_features[0]"}),
        ({"guardduty_features": ["S3_DATA_EVENTS", "S3_DATA_EVENTS"]}, {"guardduty_features"}),
        ({"standards": ["cis-aws-foundations-benchmark/v/1.2.0"]}, {"standards[0]"}),
        ({"inspector_scans": ["LAMBDA_CODE"]}, {"inspector_scans"}),
        ({"inspector_scans": []}, {"inspector_scans"}),
        ({"macie_sampling_percent": 0}, {"macie_sampling_percent"}),
        ({"macie_schedule": "hourly"}, {"macie_schedule"}),
        ({"personal_buckets": None}, {"personal_buckets"}),
        ({"personal_buckets": [f"b-{number}" for number in range(1001)]}, {"personal_buckets"}),
        ({"prefix": "x" * 300}, {"prefix"}),
        ({"macie": "yes", "standards": ["soc-2"]}, {"macie", "standards[0]"}),
    ],
)
def test_bad_arguments_are_refused_before_anything_is_registered(changes, paths):
    assert set(faults("DetectiveControls", "prod", **changes)) == paths
