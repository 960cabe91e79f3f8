"""Private network: no way out, and only the endpoints the environment needs."""

from __future__ import annotations

import pytest
from tests.support.components import (
    ACCOUNT,
    OTHER_ACCOUNT,
    arguments,
    deployed,
    faults,
    only,
    scenarios,
    statements,
)

from mlops_components.private_network import (
    ALL_SERVICES,
    REQUIRED_SERVICES,
    RETENTION_DAYS,
    gateway_policy,
    interface_policy,
    service_name,
    subnet_ranges,
)


def nodes(environment: str = "dev", **changes):
    return deployed("PrivateNetwork", {**arguments("PrivateNetwork", environment), **changes})


def endpoints(found, kind: str) -> dict[str, dict]:
    return {
        node.inputs["serviceName"]: node.inputs for node in found.values() if node.inputs.get("vpcEndpointType") == kind
    }


@pytest.mark.parametrize("scenario", scenarios("PrivateNetwork"))
def test_nothing_leads_to_the_internet(scenario):
    found = deployed("PrivateNetwork", scenarios("PrivateNetwork")[scenario])
    kinds = {node.type.split(":")[-1] for node in found.values()}
    assert not kinds & {"InternetGateway", "NatGateway", "EgressOnlyInternetGateway", "Eip", "Route"}
    ranges = [node.inputs.get("cidrIpv4", "10.") for node in found.values() if "EgressRule" in node.type]
    assert ranges
    assert all(cidr.startswith(("10.", "172.16.", "192.168.")) for cidr in ranges)
    assert not any(node.inputs.get("mapPublicIpOnLaunch") for node in found.values())


def test_workloads_speak_https_only():
    rules = [node.inputs for node in nodes().values() if "GressRule" in node.type or "gressRule" in node.type]
    assert {(rule["ipProtocol"], rule["fromPort"], rule["toPort"]) for rule in rules} == {("tcp", 443, 443)}


def test_endpoints_answer_workloads_only():
    found = nodes()
    (rule,) = [node.inputs for node in found.values() if "IngressRule" in node.type]
    assert rule["referencedSecurityGroupId"] == "it-workloads-id"
    assert {tuple(made["securityGroupIds"]) for made in endpoints(found, "Interface").values()} == {
        ("it-endpoints-id",)
    }


def test_the_default_security_group_lets_nothing_through():
    group = only(nodes(), "it-default").inputs
    assert (group["ingress"], group["egress"]) == ([], [])


@pytest.mark.parametrize(
    ("environment", "services", "zones"),
    [("dev", REQUIRED_SERVICES, 1), ("staging", ALL_SERVICES, 2), ("prod", ALL_SERVICES, 2)],
)
def test_dev_has_the_required_endpoints_in_one_zone_and_others_all_in_every_zone(environment, services, zones):
    made = endpoints(nodes(environment), "Interface")
    assert set(made) == {f"com.amazonaws.eu-west-1.{service}" for service in services}
    assert {len(endpoint["subnetIds"]) for endpoint in made.values()} == {zones}
    assert all(endpoint["privateDnsEnabled"] for endpoint in made.values())


def test_every_endpoint_has_a_policy_bound_to_accounts():
    found = nodes("prod")
    for endpoint in [*endpoints(found, "Interface").values(), *endpoints(found, "Gateway").values()]:
        first = next(iter(statements(endpoint["policy"]).values()))
        assert ACCOUNT in str(first["Condition"])


def test_gateways_reach_buckets_of_trusted_accounts_and_image_layers_only():
    made = statements(gateway_policy("s3", [ACCOUNT, OTHER_ACCOUNT], "eu-west-1"))
    own = made["ResourcesOfTrustedAccounts"]["Condition"]
    assert own == {"StringEquals": {"aws:ResourceAccount": [ACCOUNT, OTHER_ACCOUNT]}}
    assert made["ImageLayers"]["Resource"] == ["arn:aws:s3:::prod-eu-west-1-starport-layer-bucket/*"]
    assert set(statements(gateway_policy("dynamodb", [ACCOUNT], "eu-west-1"))) == {"ResourcesOfTrustedAccounts"}


def test_interface_endpoints_serve_principals_of_the_account():
    (statement,) = statements(interface_policy(ACCOUNT)).values()
    assert statement["Condition"] == {"StringEquals": {"aws:PrincipalAccount": ACCOUNT}}


@pytest.mark.parametrize(("environment", "days", "seconds"), [("dev", 30, 600), ("staging", 90, 60), ("prod", 365, 60)])
def test_flow_logs_are_encrypted_and_kept_by_class(environment, days, seconds):
    found = nodes(environment)
    group = only(found, "LogGroup it-flow").inputs
    assert group["retentionInDays"] == days
    assert group["kmsKeyId"].endswith("key/operations")
    flow = only(found, "it-flow-log").inputs
    assert (flow["trafficType"], flow["maxAggregationInterval"]) == ("ALL", seconds)


def test_flow_logs_outlive_a_destroy_outside_dev_unless_told_otherwise():
    protected = {
        (environment, given): only(
            nodes(environment, **({} if given is None else {"protect": given})), "LogGroup it-flow"
        ).protect
        for environment in ("dev", "prod")
        for given in (None, False, True)
    }
    assert [case for case, kept in protected.items() if kept] == [("dev", True), ("prod", None), ("prod", True)]


def test_the_flow_log_role_writes_one_log_group():
    (statement,) = statements(only(nodes(), "it-flow-role-policy").inputs["policy"]).values()
    assert all(resource.removesuffix(":*").endswith("it-flow") for resource in statement["Resource"])


def test_subnets_take_a_sixteenth_each_and_do_not_overlap():
    assert subnet_ranges("10.64.0.0/16", 3) == ["10.64.0.0/20", "10.64.16.0/20", "10.64.32.0/20"]
    subnets = [node.inputs for node in nodes().values() if node.type == "aws:ec2/subnet:Subnet"]
    taken = {subnet["availabilityZone"]: subnet["cidrBlock"] for subnet in subnets}
    assert taken == {"eu-west-1a": "10.64.0.0/20", "eu-west-1b": "10.64.16.0/20"}


def test_service_names_follow_the_partition():
    assert service_name("kms", "eu-west-1") == "com.amazonaws.eu-west-1.kms"
    assert service_name("kms", "cn-north-1") == "cn.com.amazonaws.cn-north-1.kms"


def test_a_network_you_bring_is_passed_through_with_its_own_groups():
    args = {
        **scenarios("PrivateNetwork")["brought"],
        "security_group_ids": ["sg-0a1b2c3d"],
        "s3_endpoint_ids": ["vpce-0a1b2c3d"],
    }
    (component,) = deployed("PrivateNetwork", args).values()
    assert component.outputs == {
        "vpc_id": "vpc-0a1b2c3d",
        "subnet_ids": ["subnet-0a1b2c3d"],
        "security_group_ids": ["sg-0a1b2c3d"],
        "s3_endpoint_ids": ["vpce-0a1b2c3d"],
    }


@pytest.mark.parametrize(
    ("changes", "paths"),
    [
        ({"zones": None}, {"zones"}),
        ({"zones": []}, {"zones"}),
        ({"logs_key_arn": None}, {"logs_key_arn"}),
        ({"zones": ["us-east-1a"]}, {"zones[0]"}),
        ({"zones": ["eu-west-1a", "eu-west-1a"]}, {"zones"}),
        ({"cidr_block": "10.0.0.0/15"}, {"cidr_block"}),
        ({"cidr_block": "10.0.0.0/25"}, {"cidr_block"}),
        ({"cidr_block": "10.0.0.1/16"}, {"cidr_block"}),
        ({"cidr_block": "8.8.0.0/16"}, {"cidr_block"}),
        ({"flow_log_retention_days": 31}, {"flow_log_retention_days"}),
        ({"subnet_ids": ["subnet-0a1b2c3d"]}, {"subnet_ids"}),
        ({"zones": None, "logs_key_arn": None, "vpc_id": "vpc-0a1b2c3d"}, {"subnet_ids"}),
        ({"logs_key_arn": None, "vpc_id": "vpc-0a1b2c3d", "subnet_ids": ["subnet-0a1b2c3d"]}, {"zones"}),
        ({"zones": None, "vpc_id": "vpc-1", "subnet_ids": ["x"]}, {"vpc_id", "subnet_ids[0]"}),
        ({"prefix": "mlops-" + "x" * 60}, {"prefix"}),
    ],
)  # fmt: skip
def test_bad_arguments_are_refused_before_anything_is_registered(changes, paths):
    assert set(faults("PrivateNetwork", **changes)) == paths


def test_retention_is_one_of_the_periods_cloudwatch_takes():
    rule = faults("PrivateNetwork", flow_log_retention_days=31)["flow_log_retention_days"]
    assert rule.startswith("must be one of 1, 3, 5, 7, 14, 30, 60")
    assert 30 in RETENTION_DAYS
    assert 31 not in RETENTION_DAYS
