"""Detective services in the embedded account: one of each, refused and described as AWS does."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError

from mlops_estate.embedded.account import EmbeddedAccount

ACCOUNT, REGION = "123456789012", "eu-west-1"
FSBP = f"arn:aws:securityhub:{REGION}::standards/aws-foundational-security-best-practices/v/1.0.0"
DEFINITION = {"bucketDefinitions": [{"accountId": ACCOUNT, "buckets": ["data"]}]}


@pytest.fixture
def account():
    with EmbeddedAccount(seed=0) as embedded:
        yield embedded


def refused(call, **params) -> str:
    with pytest.raises(ClientError) as caught:
        call(**params)
    return caught.value.response["Error"]["Code"]


def test_a_detector_is_one_has_its_first_features_and_changes_those_that_are_named(account):
    guardduty = account.client("guardduty")
    detector = guardduty.create_detector(Enable=True, Tags={"a": "1"})["DetectorId"]
    assert refused(guardduty.create_detector, Enable=True) == "BadRequestException"
    first = {item["Name"]: item["Status"] for item in guardduty.get_detector(DetectorId=detector)["Features"]}
    assert (first["S3_DATA_EVENTS"], first["CLOUD_TRAIL"], first["RUNTIME_MONITORING"]) == (
        "ENABLED", "ENABLED", "DISABLED",
    )  # fmt: skip
    off = [{"Name": "S3_DATA_EVENTS", "Status": "DISABLED"}]
    guardduty.update_detector(DetectorId=detector, Features=off)
    then = {item["Name"]: item["Status"] for item in guardduty.get_detector(DetectorId=detector)["Features"]}
    assert then == {**first, "S3_DATA_EVENTS": "DISABLED"}
    arn = f"arn:aws:guardduty:{REGION}:{ACCOUNT}:detector/{detector}"
    guardduty.tag_resource(ResourceArn=arn, Tags={"b": "2"})
    guardduty.untag_resource(ResourceArn=arn, TagKeys=["a"])
    assert guardduty.list_tags_for_resource(ResourceArn=arn)["Tags"] == {"b": "2"}
    guardduty.delete_detector(DetectorId=detector)
    guardduty.create_detector(Enable=True)


def test_macie_is_off_at_first_enabled_once_and_takes_its_jobs_with_it(account):
    macie = account.client("macie2")
    job = {"name": "job", "jobType": "ONE_TIME", "s3JobDefinition": DEFINITION, "clientToken": "t"}
    for call, params in ((macie.get_macie_session, {}), (macie.create_classification_job, job)):
        assert refused(call, **params) == "AccessDeniedException"
    macie.enable_macie(findingPublishingFrequency="ONE_HOUR")
    assert refused(macie.enable_macie) == "ConflictException"
    macie.update_macie_session(findingPublishingFrequency="SIX_HOURS")
    session = macie.get_macie_session()
    assert (session["status"], session["findingPublishingFrequency"]) == ("ENABLED", "SIX_HOURS")
    made = macie.create_classification_job(**job)["jobId"]
    assert refused(macie.create_classification_job, **{**job, "jobType": "SCHEDULED"}) == "ValidationException"
    assert macie.describe_classification_job(jobId=made)["jobStatus"] == "RUNNING"
    macie.update_classification_job(jobId=made, jobStatus="CANCELLED")
    assert refused(macie.update_classification_job, jobId=made, jobStatus="RUNNING") == "ConflictException"
    assert [item["jobId"] for item in macie.list_classification_jobs()["items"]] == [made]
    macie.disable_macie()
    macie.enable_macie()
    assert refused(macie.describe_classification_job, jobId=made) == "ResourceNotFoundException"


def test_security_hub_is_one_and_standards_of_the_region_are_subscribed_once(account):
    hub = account.client("securityhub")
    asked = {"StandardsSubscriptionRequests": [{"StandardsArn": FSBP}]}
    assert refused(hub.batch_enable_standards, **asked) == "InvalidAccessException"
    hub.enable_security_hub(EnableDefaultStandards=False)
    assert refused(hub.enable_security_hub) == "ResourceConflictException"
    hub.update_security_hub_configuration(AutoEnableControls=False)
    assert hub.describe_hub()["AutoEnableControls"] is False
    (one,) = hub.batch_enable_standards(**asked)["StandardsSubscriptions"]
    assert hub.batch_enable_standards(**asked)["StandardsSubscriptions"] == [one]
    elsewhere = {"StandardsSubscriptionRequests": [{"StandardsArn": FSBP.replace(REGION, "us-east-1")}]}
    assert refused(hub.batch_enable_standards, **elsewhere) == "InvalidInputException"
    hub.batch_disable_standards(StandardsSubscriptionArns=[one["StandardsSubscriptionArn"]])
    assert hub.get_enabled_standards()["StandardsSubscriptions"] == []
    hub.disable_security_hub()
    hub.enable_security_hub()
    assert len(hub.get_enabled_standards()["StandardsSubscriptions"]) == 2, "the default standards"


def test_inspector_tells_of_an_account_that_has_the_scans_already(account):
    inspector = account.client("inspector2")
    assert inspector.batch_get_account_status()["accounts"][0]["state"]["status"] == "DISABLED"
    assert inspector.enable(resourceTypes=["ECR"])["failedAccounts"] == []
    (failed,) = inspector.enable(resourceTypes=["ECR"])["failedAccounts"]
    assert (failed["accountId"], failed["errorCode"]) == (ACCOUNT, "ALREADY_ENABLED")
    assert inspector.enable(resourceTypes=["ECR", "LAMBDA"])["failedAccounts"] == []
    inspector.disable(accountIds=[ACCOUNT], resourceTypes=["ECR", "LAMBDA"])
    assert inspector.enable(resourceTypes=["ECR"])["failedAccounts"] == []


def test_an_account_has_one_analyser_of_a_kind_and_names_are_taken_once(account):
    analyzer = account.client("accessanalyzer")
    arn = analyzer.create_analyzer(analyzerName="one", type="ACCOUNT", tags={"a": "1"})["arn"]
    again = {"analyzerName": "two", "type": "ACCOUNT"}
    assert refused(analyzer.create_analyzer, **again) == "ServiceQuotaExceededException"
    assert refused(analyzer.create_analyzer, **{**again, "analyzerName": "one"}) == "ConflictException"
    configuration = {"unusedAccess": {"unusedAccessAge": 30}}
    unused = {"type": "ACCOUNT_UNUSED_ACCESS", "configuration": configuration}
    analyzer.create_analyzer(**{**again, **unused})
    analyzer.update_analyzer(analyzerName="two", configuration={"unusedAccess": {"unusedAccessAge": 60}})
    assert analyzer.get_analyzer(analyzerName="two")["analyzer"]["configuration"]["unusedAccess"] == {
        "unusedAccessAge": 60
    }
    analyzer.tag_resource(resourceArn=arn, tags={"b": "2"})
    analyzer.untag_resource(resourceArn=arn, tagKeys=["a"])
    assert analyzer.list_tags_for_resource(resourceArn=arn)["tags"] == {"b": "2"}
    assert [item["name"] for item in analyzer.list_analyzers(type="ACCOUNT")["analyzers"]] == ["one"]
    analyzer.delete_analyzer(analyzerName="one")
    assert refused(analyzer.get_analyzer, analyzerName="one") == "ResourceNotFoundException"


def test_only_aws_publishes_events_as_aws(account):
    entries = [{"Source": "aws.guardduty", "DetailType": "GuardDuty Finding", "Detail": "{}"},
               {"Source": "acme.orders", "DetailType": "Order", "Detail": '{"a": 1}'}]  # fmt: skip
    answers = account.client("events").put_events(Entries=entries)["Entries"]
    assert answers[0]["ErrorCode"] == "NotAuthorizedForSourceException"
    assert answers[1]["EventId"]
