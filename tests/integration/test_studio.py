"""A Studio domain in an embedded account: made, changed, taken down; or taken over where it is there already."""

from __future__ import annotations

import pytest
from tests.support.adoption import REGION, UNPINNED, session

from mlops_estate.embedded.account import EmbeddedAccount
from mlops_estate.engine import EngineFault

TRUST = '{"Version": "2012-10-17", "Statement": []}'


@pytest.fixture
def account():
    with EmbeddedAccount(REGION) as standing:
        yield standing


def statuses(graph):
    return {node.name: node.status for node in graph.custom_nodes() if node.name.startswith("studio")}


def test_a_domain_is_made_changed_in_place_and_taken_down(account):
    own = session(account, {}, studio={"enabled": True, "users": ["ada"]})
    own.apply(UNPINNED)
    assert {node.status for node in own.apply(UNPINNED).custom_nodes() if not node.is_provider} == {"unchanged"}
    own.environment = session(account, {}, studio={"enabled": True, "users": ["grace"], "idle_minutes": 90}).environment
    graph = own.apply(UNPINNED)
    changed = {name: status for name, status in statuses(graph).items() if status != "unchanged"}
    assert changed == {"studio": "updated", "studio-grace": "created"}
    assert [urn for urn, read in own.read_back() if not read.equal] == []
    sagemaker = account.client("sagemaker")
    assert [user["UserProfileName"] for user in sagemaker.list_user_profiles()["UserProfiles"]] == ["grace"]
    assert own.destroy(unprotect=False).faults == []
    assert sagemaker.list_domains()["Domains"] == []


def theirs(account, **more):
    """Make a VPC and a domain in it beforehand; return the domain's id and the network's block."""
    ec2 = account.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.9.1.0/24")["Subnet"]["SubnetId"]
    gateway = ec2.create_vpc_endpoint(VpcId=vpc, ServiceName=f"com.amazonaws.{REGION}.s3")["VpcEndpoint"]
    role = account.client("iam").create_role(RoleName="theirs", AssumeRolePolicyDocument=TRUST)["Role"]["Arn"]
    made = account.client("sagemaker").create_domain(**{
        "DomainName": "theirs", "AuthMode": "IAM", "VpcId": vpc, "SubnetIds": [subnet],
        "AppNetworkAccessType": "VpcOnly", "DefaultUserSettings": {"ExecutionRole": role}, **more,
    })  # fmt: skip
    network = {"vpc_id": vpc, "subnet_ids": [subnet], "s3_endpoint_ids": [gateway["VpcEndpointId"]]}
    return made["DomainId"], network


def adopting(account, domain, network):
    own = session(account, {"domain": domain}, network=network, studio={"enabled": True, "users": ["ada"]})
    own.stand_in = False
    return own


def test_a_domain_that_is_there_is_taken_over_and_left_when_the_estate_goes(account):
    domain, network = theirs(account)
    own = adopting(account, domain, network)
    assert statuses(own.apply(UNPINNED))["studio"] == "imported"
    assert statuses(own.apply(UNPINNED))["studio"] == "unchanged"
    assert own.destroy(unprotect=False).faults == []
    sagemaker = account.client("sagemaker")
    assert [found["DomainId"] for found in sagemaker.list_domains()["Domains"]] == [domain]
    assert sagemaker.list_user_profiles()["UserProfiles"] == []
    role = sagemaker.describe_domain(DomainId=domain)["DefaultUserSettings"]["ExecutionRole"]
    assert role.endswith("role/theirs"), "its own settings stay as they are"


def test_a_domain_open_to_the_internet_is_not_taken_over(account):
    domain, network = theirs(account, AppNetworkAccessType="PublicInternetOnly")
    with pytest.raises(EngineFault) as caught:
        adopting(account, domain, network).apply(UNPINNED)
    assert [fault.where for fault in caught.value.faults] == ["appNetworkAccessType"]


def test_a_domains_name_is_taken_once(account):
    theirs(account)
    sagemaker = account.client("sagemaker")
    again = {"DomainName": "theirs", "AuthMode": "IAM", "DefaultUserSettings": {}}
    with pytest.raises(sagemaker.exceptions.ResourceInUse):
        sagemaker.create_domain(**again)
