"""What records an account, and what the account refuses of it: changed, declared twice, torn down."""

from __future__ import annotations

import json

import pytest
from botocore.exceptions import ClientError
from tests.support.audited import ACCOUNT, applied, different

from mlops_estate.embedded.account import EmbeddedAccount
from mlops_estate.engine import EngineFault, destroy
from mlops_estate.faults import FaultsFound


def test_what_it_changes_arrives_in_place_and_the_same_again_changes_nothing():
    with EmbeddedAccount(seed=0) as account:
        graph, driver = applied(account, "dev")
        again, _ = applied(account, "dev", None, graph, driver)
        assert {node.status for node in again.custom_nodes() if not node.is_provider} == {"unchanged"}
        audit = {"insights": True, "data_events": False, "config_frequency": "CONTINUOUS", "query_scan_limit_gb": 2,
                 "config_retention_days": 40, "log_group_retention_days": 60}  # fmt: skip
        changed, _ = applied(account, "dev", {"audit": audit}, again, driver)
        # A query has no update at the provider, and none of these settings is in one.
        assert "replaced" not in {node.status for node in changed.custom_nodes()}
        assert different(changed, driver) == {}
        trail = account.client("cloudtrail")
        assert len(trail.get_event_selectors(TrailName="mlops-dev-audit")["AdvancedEventSelectors"]) == 1
        assert len(trail.get_insight_selectors(TrailName="mlops-dev-audit")["InsightSelectors"]) == 2
        (recorder,) = account.client("config").describe_configuration_recorders()["ConfigurationRecorders"]
        assert recorder["recordingMode"] == {"recordingFrequency": "CONTINUOUS"}
        workgroup = account.client("athena").get_work_group(WorkGroup="mlops-dev-audit")["WorkGroup"]
        assert workgroup["Configuration"]["BytesScannedCutoffPerQuery"] == 2 * 10**9


URI = f"s3://org-trail-logs/AWSLogs/{ACCOUNT}/CloudTrail"
SECOND = {
    "account": ACCOUNT, "environment_class": "staging", "registry": {"account": ACCOUNT, "prefix": "other"},
}  # fmt: skip


def test_a_second_stack_is_refused_the_recorder_and_stands_with_the_existing_one():
    with EmbeddedAccount(seed=0) as account:
        applied(account, "staging", {"account": ACCOUNT})
        create = {
            **SECOND,
            "account": ACCOUNT,
            "account_baseline": {"default": "create", "config_service_role": "existing"},
        }
        with pytest.raises((EngineFault, FaultsFound)) as caught:
            applied(account, "staging", create, stack="second")
        text = " ".join(f"{fault.urn} {fault.rule}" for fault in caught.value.faults)
        assert "MaxNumberOfConfigurationRecordersExceeded" in text
    with EmbeddedAccount(seed=0) as account:
        applied(account, "staging", {"account": ACCOUNT})
        graph, driver = applied(account, "staging", {**SECOND, "account_baseline": "existing"}, stack="second")
        assert different(graph, driver) == {}
        assert set(graph.stack_outputs["audit"]) == {"conformance_pack"}
        assert len(account.client("config").describe_configuration_recorders()["ConfigurationRecorders"]) == 1


def test_an_existing_trail_is_queried_where_it_is():
    with EmbeddedAccount(seed=0) as account:
        account.client("s3").create_bucket(
            Bucket="org-trail-logs", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
        )
        baseline = {"default": "off", "cloudtrail": "existing"}
        graph, driver = applied(account, "dev", {"account_baseline": baseline, "audit": {"existing_trail_uri": URI}})
        assert different(graph, driver) == {}
        table = account.client("glue").get_table(DatabaseName="mlops_dev_audit", Name="cloudtrail")["Table"]
        assert table["StorageDescriptor"]["Location"] == f"{URI}/"
        assert table["Parameters"]["storage.location.template"] == URI + "/${region}/${day}"
        assert not [node for node in graph.custom_nodes() if "cloudtrail/" in node.type or "cfg/" in node.type]


def test_a_teardown_keeps_locked_log_files_and_says_so():
    with EmbeddedAccount(seed=0) as account:
        graph, driver = applied(account)
        bucket = graph.stack_outputs["audit"]["trail_bucket"]
        account.client("s3").put_object(Bucket=bucket, Key=f"AWSLogs/{ACCOUNT}/CloudTrail/x.json.gz", Body=b"{}")
        report = destroy(graph, driver, unprotect=True)
        assert report.faults == []
        assert f"bucket {bucket} keeps 1 object version: 1 of them under Object Lock" in report.expected_left
        assert account.client("cloudtrail").list_trails()["Trails"] == []
        config = account.client("config")
        assert config.describe_configuration_recorders()["ConfigurationRecorders"] == []
        assert config.describe_conformance_packs()["ConformancePackDetails"] == []


@pytest.fixture
def empty():
    with EmbeddedAccount(seed=0) as account:
        here = {"LocationConstraint": "eu-west-1"}
        account.client("s3").create_bucket(Bucket="some-logs", CreateBucketConfiguration=here)
        yield account


def code(call, **params) -> str:
    with pytest.raises(ClientError) as caught:
        call(**params)
    return str(caught.value.response["Error"]["Code"])


def test_cloudtrail_refuses_what_it_could_not_deliver_and_a_name_twice(empty):
    trail, s3 = empty.client("cloudtrail"), empty.client("s3")
    assert code(trail.create_trail, Name="first", S3BucketName="some-logs") == "InsufficientS3BucketPolicyException"
    allow = {
        "Effect": "Allow",
        "Principal": {"Service": "cloudtrail.amazonaws.com"},
        "Action": "s3:PutObject",
        "Resource": "*",
    }
    s3.put_bucket_policy(Bucket="some-logs", Policy=json.dumps({"Version": "2012-10-17", "Statement": [allow]}))
    key = empty.client("kms").create_key()["KeyMetadata"]["Arn"]
    refused = code(trail.create_trail, Name="first", S3BucketName="some-logs", KmsKeyId=key)
    assert refused == "InsufficientEncryptionPolicyException"
    for number in range(5):
        trail.create_trail(Name=f"trail-{number}", S3BucketName="some-logs")
    assert code(trail.create_trail, Name="trail-0", S3BucketName="some-logs") == "TrailAlreadyExistsException"
    assert code(trail.create_trail, Name="sixth", S3BucketName="some-logs") == "MaximumNumberOfTrailsExceededException"
    selector = {"FieldSelectors": [{"Field": "eventCategory", "Equals": ["Data"]}]}
    refused = code(trail.put_event_selectors, TrailName="trail-0", AdvancedEventSelectors=[selector])
    assert refused == "InvalidEventSelectorsException"


def test_aws_config_refuses_a_bucket_that_it_cannot_write_to(empty):
    config = empty.client("config")
    role = f"arn:aws:iam::{ACCOUNT}:role/aws-service-role/config.amazonaws.com/AWSServiceRoleForConfig"
    config.put_configuration_recorder(ConfigurationRecorder={"name": "r", "roleARN": role})
    channel = {"name": "c", "s3BucketName": "some-logs"}
    assert code(config.put_delivery_channel, DeliveryChannel=channel) == "InsufficientDeliveryPolicyException"
    absent = {"name": "c", "s3BucketName": "absent"}
    assert code(config.put_delivery_channel, DeliveryChannel=absent) == "NoSuchBucketException"


def test_conformance_packs_need_a_recorder_and_rules(empty):
    config = empty.client("config")
    pack = {"ConformancePackName": "p", "TemplateBody": '{"Resources":{"R":{"Type":"AWS::Config::ConfigRule"}}}'}
    assert code(config.put_conformance_pack, **pack) == "ConformancePackTemplateValidationException"
    config.put_configuration_recorder(ConfigurationRecorder={"name": "r", "roleARN": f"arn:aws:iam::{ACCOUNT}:role/r"})
    for text in ("Resources: {}", "a: b: c", '{"Resources":{"B":{"Type":"AWS::S3::Bucket"}}}'):
        refused = code(config.put_conformance_pack, ConformancePackName="p", TemplateBody=text)
        assert refused == "ConformancePackTemplateValidationException"
    arn = config.put_conformance_pack(**pack)["ConformancePackArn"]
    assert config.put_conformance_pack(**pack)["ConformancePackArn"] == arn
    (status,) = config.describe_conformance_pack_status()["ConformancePackStatusDetails"]
    assert status["ConformancePackState"] == "CREATE_COMPLETE"
    config.delete_conformance_pack(ConformancePackName="p")
    assert code(config.delete_conformance_pack, ConformancePackName="p") == "NoSuchConformancePackException"


def test_a_workgroup_with_queries_and_a_service_role_twice_are_refused(empty):
    athena, iam = empty.client("athena"), empty.client("iam")
    athena.create_work_group(Name="w")
    query = athena.create_named_query(Name="q", Database="d", QueryString="SELECT 1", WorkGroup="w")["NamedQueryId"]
    assert code(athena.delete_work_group, WorkGroup="w") == "InvalidRequestException"
    athena.update_named_query(NamedQueryId=query, Name="q", QueryString="SELECT 2")
    assert athena.get_named_query(NamedQueryId=query)["NamedQuery"]["QueryString"] == "SELECT 2"
    athena.delete_named_query(NamedQueryId=query)
    athena.delete_work_group(WorkGroup="w")
    iam.create_service_linked_role(AWSServiceName="config.amazonaws.com")
    assert code(iam.create_service_linked_role, AWSServiceName="config.amazonaws.com") == "InvalidInput"


def test_a_metric_filter_replaces_its_like_on_a_group_that_is_there(empty):
    logs = empty.client("logs")
    counted = [{"metricName": "m", "metricNamespace": "n", "metricValue": "1"}]
    put = {"filterName": "f", "logGroupName": "g", "metricTransformations": counted}
    assert code(logs.put_metric_filter, filterPattern="a", **put) == "ResourceNotFoundException"
    logs.create_log_group(logGroupName="g")
    for pattern in ("a", "b"):
        logs.put_metric_filter(filterPattern=pattern, **put)
    assert [found["filterPattern"] for found in logs.describe_metric_filters()["metricFilters"]] == ["b"]
