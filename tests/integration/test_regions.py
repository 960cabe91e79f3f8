"""The estate stands in another region too, us-east-1 above all: S3 takes no location there."""

from __future__ import annotations

import pytest
from tests.support.project import change_estate, copy_project

from mlops_estate.config import load_environment
from mlops_estate.embedded.account import EmbeddedAccount
from mlops_estate.embedded.driver import AwsDriver
from mlops_estate.engine import read_back, run_program
from mlops_estate.up.session import program_config


@pytest.mark.parametrize("region", ["us-east-1", "ap-southeast-2"])
def test_every_resource_reads_back_equal_in(region, tmp_path):
    folder = copy_project(tmp_path)
    change_estate(folder, "dev", region=region, zones=[f"{region}a"])
    loaded = load_environment("dev", folder)
    with EmbeddedAccount(region) as account:
        driver = AwsDriver(account)
        config = program_config(loaded, account.account_id, {})
        graph = run_program(folder / "stacks" / "__main__.py", stack="dev", config=config, driver=driver)
        assert [(urn, result) for urn, result in read_back(graph, driver) if not result.equal] == []
        bucket = graph.stack_outputs["buckets"]["raw"]
        located = account.client("s3").get_bucket_location(Bucket=bucket).get("LocationConstraint")
        assert located == (None if region == "us-east-1" else region)
        assert region in graph.stack_outputs["keys"]["personal"]
