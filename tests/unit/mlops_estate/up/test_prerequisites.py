"""What a configuration takes as given is looked up before anything is created: each row by itself."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from botocore.exceptions import ClientError
from tests.support.programs import configured

from mlops_estate.up.prerequisites import ROWS, _problems, _singletons
from mlops_estate.up.singletons import SINGLETONS

REGION = "eu-west-1"
VPC, SUBNET, GROUP = "vpc-0a1b2c3d", "subnet-0a1b2c3d", "sg-0a1b2c3d"
KEY = "1234abcd-12ab-34cd-56ef-1234567890ab"
BOUNDARY = "arn:aws:iam::111122223333:policy/b"
ENDPOINT = "vpce-0a1b2c3d"
NETWORK = {
    "vpc_id": VPC, "subnet_ids": [SUBNET], "security_group_ids": [GROUP], "s3_endpoint_ids": [ENDPOINT],
}  # fmt: skip
ROTATED = {"KeyRotationEnabled": True, "RotationPeriodInDays": 365}
USABLE = {"KeyState": "Enabled", "KeyManager": "CUSTOMER", "KeySpec": "SYMMETRIC_DEFAULT"}
DOMAIN = {"AuthMode": "IAM", "AppNetworkAccessType": "VpcOnly", "VpcId": VPC, "SubnetIds": [SUBNET]}
LOCK = {"ObjectLockConfiguration": {"ObjectLockEnabled": "Enabled"}}


def refusing(code: str):
    def call(**_parameters):
        raise ClientError({"Error": {"Code": code, "Message": "no"}}, "Look")

    return call


def answering(**answers):
    """Return clients whose methods answer these: a value, or what refuses."""
    methods = {
        name: answer if callable(answer) else lambda answer=answer, **_p: answer for name, answer in answers.items()
    }
    return lambda _service: SimpleNamespace(**methods)


def problems(client, **estate):
    block = configured("dev", estate=estate).estate
    return [problem for row in ROWS for problem in _problems(row, client, block)]


ZONES = {"AvailabilityZones": [{"ZoneName": f"{REGION}{letter}", "State": "available"} for letter in "abc"]}
GOOD = {
    "describe_availability_zones": ZONES,
    "get_policy": {},
    "describe_vpcs": {},
    "describe_subnets": {"Subnets": [{"VpcId": VPC}]},
    "describe_security_groups": {"SecurityGroups": [{"VpcId": VPC}]},
    "head_bucket": {},
    "get_bucket_location": {"LocationConstraint": REGION},
    "get_object_lock_configuration": refusing("ObjectLockConfigurationNotFoundError"),
    "describe_key": {"KeyMetadata": USABLE},
    "get_key_rotation_status": ROTATED,
    "describe_vpc_endpoints": {"VpcEndpoints": [{"ServiceName": "com.amazonaws.eu-west-1.s3"}]},
    "describe_domain": DOMAIN,
}
EVERYTHING = {
    "permissions_boundary_arn": BOUNDARY,
    "network": NETWORK,
    "studio": {"enabled": True},
    "adopt": {"buckets": {"raw": "acme"}, "keys": {"personal": KEY}, "domain": "d-abc"},
}


def test_what_is_there_is_no_problem():
    assert problems(answering(**GOOD), **EVERYTHING) == []


@pytest.mark.parametrize(
    ("answer", "path", "words"),
    [
        ({"get_policy": refusing("NoSuchEntity")}, "permissions_boundary_arn", "no such policy"),
        ({"describe_vpcs": refusing("InvalidVpcID.NotFound")}, "network.vpc_id", "no such VPC"),
        ({"describe_subnets": refusing("InvalidSubnetID.NotFound")}, "network.subnet_ids.0", "no such subnet"),
        ({"describe_subnets": {"Subnets": [{"VpcId": "vpc-9"}]}}, "network.subnet_ids.0", "the subnet is of vpc-9"),
        ({"describe_security_groups": refusing("InvalidGroup.NotFound")}, "network.security_group_ids.0", "no such"),
        ({"describe_vpc_endpoints": refusing("InvalidVpcEndpointId.NotFound")}, "network.s3_endpoint_ids.0", "no such"),
        (
            {"describe_vpc_endpoints": {"VpcEndpoints": [{"ServiceName": "com.amazonaws.eu-west-1.sts"}]}},
            "network.s3_endpoint_ids.0",
            "the VPC endpoint is of com.amazonaws.eu-west-1.sts",
        ),
        ({"describe_domain": refusing("ResourceNotFound")}, "adopt.domain", "no such domain"),
        ({"describe_domain": {**DOMAIN, "AuthMode": "SSO"}}, "adopt.domain", "AuthMode is SSO"),
        ({"describe_domain": {**DOMAIN, "SubnetIds": ["subnet-9"]}}, "adopt.domain", "SubnetIds is ['subnet-9']"),
        ({"head_bucket": refusing("404")}, "adopt.buckets.raw", "no such bucket"),
        ({"head_bucket": refusing("403")}, "adopt.buckets.raw", "another account's"),
        ({"head_bucket": refusing("SlowDown")}, "adopt.buckets.raw", "Look answers SlowDown: no"),
        ({"get_bucket_location": {"LocationConstraint": "us-west-2"}}, "adopt.buckets.raw", "in us-west-2"),
        ({"get_bucket_location": {}}, "adopt.buckets.raw", "in us-east-1"),
        ({"get_object_lock_configuration": LOCK}, "adopt.buckets.raw", "has Object Lock"),
        ({"describe_key": refusing("NotFoundException")}, "adopt.keys.personal", "no such key"),
        (
            {"describe_key": {"KeyMetadata": {**USABLE, "KeyState": "PendingDeletion"}}},
            "adopt.keys.personal",
            "Pending",
        ),
        ({"describe_key": {"KeyMetadata": {**USABLE, "KeyManager": "AWS"}}}, "adopt.keys.personal", "AWS's"),
        ({"describe_key": {"KeyMetadata": {**USABLE, "KeySpec": "RSA_2048"}}}, "adopt.keys.personal", "RSA_2048"),
        ({"get_key_rotation_status": {"KeyRotationEnabled": False}}, "adopt.keys.personal", "is not rotated"),
        ({"get_key_rotation_status": {**ROTATED, "RotationPeriodInDays": 90}}, "adopt.keys.personal", "every 90 days"),
    ],
)
def test_what_is_not_as_it_is_taken_is_said_at_its_path(answer, path, words):
    ((found, _, problem),) = problems(answering(**{**GOOD, **answer}), **EVERYTHING)
    assert ".".join(map(str, found)) == path
    assert words in problem.rule
    assert problem.fix


@pytest.mark.parametrize(
    "zones",
    [ZONES["AvailabilityZones"][1:], [{**ZONES["AvailabilityZones"][0], "State": "unavailable"}]],
    ids=["not the account's", "unavailable"],
)
def test_a_zone_that_the_account_has_not_is_a_problem_where_the_network_is_made(zones):
    client = answering(**{**GOOD, "describe_availability_zones": {"AvailabilityZones": zones}})
    ((path, value, problem),) = problems(client)
    assert (path, value) == (("zones", 0), f"{REGION}a")
    assert "no such zone" in problem.rule
    assert problems(client, network=NETWORK) == []


def test_snapshots_need_a_bucket_with_object_lock():
    adopt = {"buckets": {"curated": "acme"}}
    ((path, _, problem),) = problems(answering(**GOOD), adopt=adopt)
    assert (path[-1], "has no Object Lock" in problem.rule) == ("curated", True)
    assert problems(answering(**{**GOOD, "get_object_lock_configuration": LOCK}), adopt=adopt) == []


def test_every_problem_is_found_at_once():
    client = answering(**{**GOOD, "get_policy": refusing("NoSuchEntity"), "head_bucket": refusing("404")})
    assert len(problems(client, **EVERYTHING)) == 2


PRESENT = {
    "get_data_catalog_encryption_settings": {
        "DataCatalogEncryptionSettings": {"EncryptionAtRest": {"CatalogEncryptionMode": "SSE-KMS"}}
    },
    "get_public_access_block": {"PublicAccessBlockConfiguration": {"BlockPublicAcls": True, "IgnorePublicAcls": True}},
    "get_ebs_encryption_by_default": {"EbsEncryptionByDefault": True},
    "list_detectors": {"DetectorIds": ["d"]},
    "get_macie_session": {"status": "ENABLED"},
    "describe_hub": {"HubArn": "arn"},
    "batch_get_account_status": {"accounts": [{"state": {"status": "ENABLED"}}]},
    "list_analyzers": {"analyzers": [{}]},
    "get_anomaly_monitors": {"AnomalyMonitors": [{"MonitorType": "DIMENSIONAL", "MonitorDimension": "SERVICE"}]},
    "describe_trails": {"trailList": [{}]},
    "describe_configuration_recorders": {"ConfigurationRecorders": [{}]},
    "get_role": {"Role": {"RoleName": "AWSServiceRoleForConfig"}},
}
ABSENT = {
    "catalog_encryption": (
        "get_data_catalog_encryption_settings",
        {"DataCatalogEncryptionSettings": {"EncryptionAtRest": {"CatalogEncryptionMode": "DISABLED"}}},
    ),
    "s3_public_access_block": ("get_public_access_block", refusing("NoSuchPublicAccessBlockConfiguration")),
    "ebs_encryption": ("get_ebs_encryption_by_default", {"EbsEncryptionByDefault": False}),
    "guardduty": ("list_detectors", {"DetectorIds": []}),
    "macie": ("get_macie_session", refusing("AccessDeniedException")),
    "security_hub": ("describe_hub", refusing("InvalidAccessException")),
    "inspector": ("batch_get_account_status", {"accounts": [{"state": {"status": "DISABLED"}}]}),
    "access_analyzer": ("list_analyzers", {"analyzers": []}),
    "cost_anomaly_monitor": ("get_anomaly_monitors", {"AnomalyMonitors": [{"MonitorType": "CUSTOM"}]}),
    "cloudtrail": ("describe_trails", {"trailList": []}),
    "config_recorder": ("describe_configuration_recorders", {"ConfigurationRecorders": []}),
    "config_service_role": ("get_role", refusing("NoSuchEntity")),
}


def missing(baseline, **answers):
    block = configured("dev", estate={"account_baseline": baseline}).estate
    return [path[-1] for path, _, _ in _singletons(answering(**{**PRESENT, **answers}), block)]


@pytest.mark.parametrize("key", ABSENT)
def test_a_singleton_that_is_said_to_exist_has_to(key):
    method, answer = ABSENT[key]
    assert missing({"default": "off", key: "existing"}, **{method: answer}) == [key]
    assert missing({"default": "off", key: "existing"}) == []
    assert missing({"default": "off", key: "create"}, **{method: answer}) == []


def test_a_public_access_block_with_a_gap_is_none():
    gap = {"PublicAccessBlockConfiguration": {"BlockPublicAcls": True, "IgnorePublicAcls": False}}
    baseline = {"default": "off", "s3_public_access_block": "existing"}
    assert missing(baseline, get_public_access_block=gap) == ["s3_public_access_block"]


def test_a_refusal_for_another_reason_is_not_taken_for_absence():
    with pytest.raises(ClientError, match="SlowDown"):
        missing({"default": "off", "guardduty": "existing"}, list_detectors=refusing("SlowDown"))


def test_a_singletons_look_up_is_named_as_its_key():
    from mlops_estate.config.baseline import AccountBaselineBlock

    keys = [singleton.key for singleton in SINGLETONS]
    assert set(keys) == AccountBaselineBlock.model_fields.keys() - {"default"}
    assert keys == list(ABSENT)
