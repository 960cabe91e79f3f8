"""The examples, run as programs: previewed, and applied to the embedded AWS account."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.support import sdk  # noqa: F401  # before any component

from mlops_estate.embedded.account import EmbeddedAccount
from mlops_estate.embedded.driver import AwsDriver
from mlops_estate.engine import read_back, run_program
from mlops_estate.faults import FaultsFound

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = sorted(path.parent.name for path in (ROOT / "examples").glob("*/__main__.py"))


def program(name: str) -> Path:
    return ROOT / "examples" / name / "__main__.py"


def settings(name: str, **more: str) -> dict[str, str]:
    project = f"example-{name.replace('_', '-')}"
    values = {"account": "123456789012", **more}
    if name == "guarded_endpoint":
        values |= {"vpcId": "vpc-0a1b2c3d", "subnetIds": json.dumps(["subnet-0a1b2c3d"]), "version": "1"}
    return {f"{project}:{key}": value for key, value in {**values, **more}.items()}


def run(name: str, **options):
    more = options.pop("more", {})
    project = f"example-{name.replace('_', '-')}"
    return run_program(program(name), stack="dev", config=settings(name, **more), project=project, **options)


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_previews_and_exports(name):
    graph = run(name)
    assert graph.preview
    assert graph.stack_outputs
    assert {node.type.split(":")[0] for node in graph.components()} >= {"mlops"}


@pytest.fixture
def account():
    with EmbeddedAccount(seed=0) as embedded:
        yield embedded


def test_the_data_lake_example_stands_in_an_account_as_it_was_declared(account):
    driver = AwsDriver(account, seed="example")
    graph = run("data_lake", driver=driver)
    assert [urn for urn, found in read_back(graph, driver) if not found.equal] == []
    s3 = account.client("s3")
    rule = s3.get_bucket_encryption(Bucket=graph.stack_outputs["raw"])["ServerSideEncryptionConfiguration"]["Rules"][0]
    assert rule["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"] == "aws:kms"
    lock = s3.get_object_lock_configuration(Bucket=graph.stack_outputs["snapshots"])["ObjectLockConfiguration"]
    retention = lock["Rule"]["DefaultRetention"]
    assert (retention["Mode"], retention["Days"]) == ("GOVERNANCE", 1)


def test_the_endpoint_example_serves_another_accounts_model_in_a_network_of_yours(account):
    ec2 = account.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.9.1.0/24")["Subnet"]["SubnetId"]
    more = {"vpcId": vpc, "subnetIds": json.dumps([subnet]), "registryAccount": "222222222222"}
    driver = AwsDriver(account, seed="example")
    graph = run("guarded_endpoint", driver=driver, more=more)
    assert [urn for urn, found in read_back(graph, driver) if not found.equal] == []
    sagemaker = account.client("sagemaker")
    live = sagemaker.describe_endpoint(EndpointName=graph.stack_outputs["endpoint"])
    config = sagemaker.describe_endpoint_config(EndpointConfigName=live["EndpointConfigName"])
    model = sagemaker.describe_model(ModelName=config["ProductionVariants"][0]["ModelName"])
    assert model["PrimaryContainer"]["ModelPackageName"].endswith(":222222222222:model-package/fraud-score/1")
    assert model["VpcConfig"]["Subnets"] == [subnet]


def test_a_component_that_refuses_its_arguments_says_where_and_creates_nothing():
    with pytest.raises(FaultsFound) as caught:
        run("guarded_endpoint", more={"vpcId": "the-vpc", "subnetIds": "[]"})
    assert {fault.where for fault in caught.value.faults} == {
        "PrivateNetwork 'network': vpc_id",
        "PrivateNetwork 'network': subnet_ids",
    }
