"""Remedies for networks and queries: they mend the fault alone, once, and never an unknown value."""

from __future__ import annotations

import copy

import pytest

from mlops_policies import remedies_network as remedies
from mlops_policies.rule import Use
from mlops_policies.values import UNKNOWN

SUBNET, NATIVE_SUBNET = "aws:ec2/subnet:Subnet", "aws-native:ec2:Subnet"
TEMPLATE, NATIVE_TEMPLATE = "aws:ec2/launchTemplate:LaunchTemplate", "aws-native:ec2:LaunchTemplate"
WORKGROUP, NATIVE_WORKGROUP = "aws:athena/workgroup:Workgroup", "aws-native:athena:WorkGroup"
PUBLIC = {"vpcId": "vpc-1", "mapPublicIpOnLaunch": True}
PRIVATE = {"vpcId": "vpc-1", "mapPublicIpOnLaunch": False}
ENFORCED = {"enforceWorkgroupConfiguration": True, "bytesScannedCutoffPerQuery": 1}
NATIVE_ENFORCED = {"enforceWorkGroupConfiguration": True}


def _options(**options):
    return {"imageId": "ami-1", "metadataOptions": options}


MENDED = [
    (remedies.no_public_ip, SUBNET, PUBLIC, PRIVATE),
    (remedies.no_public_ip, NATIVE_SUBNET, PUBLIC, PRIVATE),
    (remedies.no_public_ip, "aws:ec2/defaultSubnet:DefaultSubnet", {}, {"mapPublicIpOnLaunch": False}),
    (remedies.session_tokens, TEMPLATE, {"imageId": "ami-1"}, _options(httpTokens="required")),
    (remedies.session_tokens, TEMPLATE, _options(httpTokens="optional", httpEndpoint="enabled"),
     _options(httpTokens="required", httpEndpoint="enabled")),
    (remedies.session_tokens, TEMPLATE, _options(httpPutResponseHopLimit=UNKNOWN),
     _options(httpPutResponseHopLimit=UNKNOWN, httpTokens="required")),
    (remedies.session_tokens, NATIVE_TEMPLATE, {"launchTemplateData": _options(httpTokens="optional")},
     {"launchTemplateData": _options(httpTokens="required")}),
    (remedies.session_tokens, NATIVE_TEMPLATE, {"launchTemplateData": {}},
     {"launchTemplateData": {"metadataOptions": {"httpTokens": "required"}}}),
    (remedies.enforced_settings, WORKGROUP,
     {"name": "w", "configuration": {**ENFORCED, "enforceWorkgroupConfiguration": False}},
     {"name": "w", "configuration": ENFORCED}),
    (remedies.enforced_settings, NATIVE_WORKGROUP, {"workGroupConfiguration": {"enforceWorkGroupConfiguration": False}},
     {"workGroupConfiguration": NATIVE_ENFORCED}),
]  # fmt: skip
LEFT_ALONE = [
    (remedies.no_public_ip, SUBNET, {"mapPublicIpOnLaunch": UNKNOWN}),
    (remedies.session_tokens, TEMPLATE, {"metadataOptions": UNKNOWN}),
    (remedies.session_tokens, TEMPLATE, _options(httpTokens=UNKNOWN)),
    (remedies.session_tokens, TEMPLATE, _options(httpEndpoint="disabled")),
    (remedies.session_tokens, NATIVE_TEMPLATE, {"launchTemplateData": UNKNOWN}),
    (remedies.session_tokens, NATIVE_TEMPLATE, {}),
    (remedies.enforced_settings, WORKGROUP, {"name": "w"}),
    (remedies.enforced_settings, WORKGROUP, {"configuration": UNKNOWN}),
    (remedies.enforced_settings, WORKGROUP, {"configuration": {"enforceWorkgroupConfiguration": UNKNOWN}}),
    (remedies.enforced_settings, WORKGROUP, {"configuration": {"bytesScannedCutoffPerQuery": 1}}),
]


@pytest.mark.parametrize(("remedy", "token", "props", "mended"), MENDED)
def test_a_remedy_mends_the_fault_and_nothing_else(remedy, token, props, mended):
    before = copy.deepcopy(props)

    assert remedy(props, token, Use("prod", {})) == mended
    assert props == before


@pytest.mark.parametrize(("remedy", "token", "props", "mended"), MENDED)
def test_a_remedy_changes_nothing_the_second_time(remedy, token, props, mended):
    assert remedy(mended, token, Use("prod", {})) in (None, mended)


@pytest.mark.parametrize(("remedy", "token", "props"), LEFT_ALONE)
def test_a_remedy_leaves_alone_what_is_unknown_or_needs_none(remedy, token, props):
    assert remedy(props, token, Use("prod", {})) is None
