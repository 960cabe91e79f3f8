"""What nobody answers is an error that SDKs read: in process and over HTTP, in every protocol."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore import xform_name
from botocore.config import Config
from botocore.exceptions import ClientError
from tests.support.minimal_calls import minimal_call

from mlops_estate.embedded.account import EmbeddedAccount
from mlops_estate.embedded.server import AccountServer

# Service, operation; the protocol, and whether moto has the service at all.
LACKED = [
    pytest.param("sagemaker", "CreateLabelingJob", id="json"),
    pytest.param("glue", "StartMLEvaluationTaskRun", id="json-1.1"),
    pytest.param("cloudwatch", "PutAnomalyDetector", id="cloudwatch-of-three-protocols"),
    pytest.param("iam", "ListServiceSpecificCredentials", id="query"),
    pytest.param("sns", "GetDataProtectionPolicy", id="query-sns"),
    pytest.param("ec2", "DescribeNetworkInsightsAnalyses", id="ec2"),
    pytest.param("s3", "GetBucketAbac", id="rest-xml"),
    pytest.param("cloudfront", "ListFieldLevelEncryptionConfigs", id="rest-xml-without-route"),
    pytest.param("lambda", "ListCapacityProviders", id="rest-json-without-route"),
    pytest.param("detective", "ListGraphs", id="rest-json-without-service"),
    pytest.param("comprehendmedical", "ListRxNormInferenceJobs", id="json-without-service"),
    pytest.param("elasticbeanstalk", "ListPlatformBranches", id="query-of-another-service"),
    pytest.param("cloudsearch", "DescribeDomains", id="query-without-service"),
]


@pytest.fixture(scope="module")
def account() -> Iterator[EmbeddedAccount]:
    with EmbeddedAccount() as standing:
        yield standing


@pytest.fixture(scope="module")
def url(account: EmbeddedAccount) -> Iterator[str]:
    with AccountServer() as served:
        yield served.url


def remote(url: str, service: str) -> Any:
    """Return a client as a user would make it."""
    return boto3.client(
        service, endpoint_url=url, region_name="eu-west-1", aws_access_key_id="embedded",
        aws_secret_access_key="embedded", config=Config(retries={"max_attempts": 1}, parameter_validation=False),
    )  # fmt: skip


@pytest.mark.parametrize("over_http", [True, False], ids=["served", "in-process"])
@pytest.mark.parametrize(("service", "operation"), LACKED)
def test_what_nobody_answers_is_a_readable_error(
    account: EmbeddedAccount, url: str, service: str, operation: str, over_http: bool
) -> None:
    client = remote(url, service) if over_http else account.client(service)
    with pytest.raises(ClientError) as refused:
        getattr(client, xform_name(operation))(**minimal_call(service, operation))
    answer = refused.value.response
    assert (answer["Error"]["Code"], answer["ResponseMetadata"]["HTTPStatusCode"]) == ("NotImplemented", 501)
    assert "the embedded account lacks this" in answer["Error"]["Message"]


def test_what_is_answered_is_answered_still(url: str) -> None:
    """A refusal of one operation leaves the service, and an account's own 404, as they are."""
    with pytest.raises(ClientError, match="NoSuchBucket"):
        remote(url, "s3").list_objects_v2(Bucket="absent")
    assert remote(url, "sagemaker").list_models()["Models"] == []
    assert remote(url, "budgets").describe_budgets(AccountId="123456789012")["Budgets"] == []
