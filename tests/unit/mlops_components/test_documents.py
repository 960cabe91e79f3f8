"""Policy documents, ARNs and S3 locations as pure functions."""

from __future__ import annotations

import json

import pytest

from mlops_components import documents
from mlops_components.image_registries import MODEL_MONITOR, SCIKIT_LEARN, model_monitor_image, scikit_learn_image


@pytest.mark.parametrize(
    ("region", "partition", "suffix"),
    [
        ("eu-west-1", "aws", "amazonaws.com"),
        ("cn-north-1", "aws-cn", "amazonaws.com.cn"),
        ("us-gov-west-1", "aws-us-gov", "amazonaws.com"),
    ],
)
def test_a_region_names_its_partition(region, partition, suffix):
    assert (documents.partition(region), documents.dns_suffix(region)) == (partition, suffix)


def test_a_trust_policy_lets_one_service_act_for_one_account():
    (statement,) = json.loads(documents.assume_role_policy("sagemaker", "123456789012"))["Statement"]
    assert statement["Principal"] == {"Service": "sagemaker.amazonaws.com"}
    assert statement["Condition"] == {"StringEquals": {"aws:SourceAccount": "123456789012"}}


def test_requests_without_tls_are_refused_whoever_sends_them():
    statement = documents.tls_only(["s3:*"], ["arn:aws:s3:::b"])
    assert (statement["Effect"], statement["Principal"]) == ("Deny", "*")
    assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


@pytest.mark.parametrize(
    ("uri", "arns"),
    [
        ("s3://b", ["arn:aws:s3:::b/*"]),
        ("s3://b/", ["arn:aws:s3:::b/*"]),
        ("s3://b/a/", ["arn:aws:s3:::b/a/*"]),
        ("s3://b/a/c.json", ["arn:aws:s3:::b/a/c.json", "arn:aws:s3:::b/a/c.json/*"]),
    ],
)
def test_an_s3_uri_grants_its_prefix_and_nothing_beside_it(uri, arns):
    assert documents.object_arns([uri], "eu-west-1") == arns


@pytest.mark.parametrize("text", ["b/a", "https://b/a", ""])
def test_what_is_no_s3_uri_is_refused(text):
    with pytest.raises(ValueError, match="is not an S3 URI"):
        documents.split_s3_uri(text)


def test_locations_join_without_doubled_slashes():
    assert documents.join_s3_uri("b", "/a/", "c") == "s3://b/a/c"


def test_an_image_names_its_repository():
    uri = "141502667606.dkr.ecr.eu-west-1.amazonaws.com/sagemaker-scikit-learn:1.9-0-cpu-py3"
    arn = "arn:aws:ecr:eu-west-1:141502667606:repository/sagemaker-scikit-learn"
    assert documents.repository_arn(uri) == arn
    with pytest.raises(ValueError, match="is no ECR image"):
        documents.repository_arn("python:3.12")


def test_registries_cover_the_regions_of_the_sdk_table_and_name_what_they_have():
    assert scikit_learn_image("eu-west-1") == (
        "141502667606.dkr.ecr.eu-west-1.amazonaws.com/sagemaker-scikit-learn:1.9-0-cpu-py3"
    )
    assert model_monitor_image("cn-north-1") == (
        "453000072557.dkr.ecr.cn-north-1.amazonaws.com.cn/sagemaker-model-monitor-analyzer"
    )
    assert set(MODEL_MONITOR) <= set(SCIKIT_LEARN)
    with pytest.raises(KeyError, match=r"no registry of sagemaker-model-monitor-analyzer in 'ca-west-1'"):
        model_monitor_image("ca-west-1")
