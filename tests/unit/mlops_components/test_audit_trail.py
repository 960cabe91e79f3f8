"""Audit trail: everything recorded, locked for its class, readable by the key's rules, and alarms that fire rightly."""

from __future__ import annotations

import json

import pytest
from tests.support.components import (
    ACCOUNT,
    DELIVERY,
    REGION,
    arguments,
    bucket,
    deployed,
    faults,
    key,
    only,
    statements,
)
from tests.support.filter_patterns import matches
from tests.support.trail_events import ROOT, USER, assumed, event

from mlops_components.audit_trail import event_selectors, log_group_name, trust_policy, watched
from mlops_components.documents import trail_arn
from mlops_components.encryption_keys import key_policy

TRAIL = f"arn:aws:cloudtrail:{REGION}:{ACCOUNT}:trail/mlops-prod-audit"


@pytest.fixture(scope="module")
def dev():
    return deployed("AuditTrail", arguments("AuditTrail", "dev"))


@pytest.fixture(scope="module")
def prod():
    return deployed("AuditTrail", arguments("AuditTrail", "prod"))


def test_the_trail_records_every_region_validated_and_encrypted(dev):
    trail = only(dev, ":Trail it").inputs
    assert [trail[name] for name in ("isMultiRegionTrail", "includeGlobalServiceEvents")] == [True, True]
    assert [trail[name] for name in ("enableLogFileValidation", "enableLogging")] == [True, True]
    assert trail["kmsKeyId"] == key("operations")
    assert trail["cloudWatchLogsGroupArn"].endswith(":*")


def test_log_files_are_locked_for_a_day_in_dev_and_by_nobodys_leave_in_prod(dev, prod):
    for nodes, mode, days in ((dev, "GOVERNANCE", 1), (prod, "COMPLIANCE", 365)):
        assert only(nodes, "-cloudtrail-lock").inputs["rule"]["defaultRetention"] == {"mode": mode, "days": days}
        assert only(nodes, ":Bucket it-cloudtrail").inputs["objectLockEnabled"] is True


@pytest.mark.parametrize(("environment", "days"), [("dev", 30), ("staging", 400), ("prod", 2557)])
def test_log_files_are_kept_by_class(environment, days):
    nodes = deployed("AuditTrail", arguments("AuditTrail", environment))
    rules = only(nodes, "-cloudtrail-lifecycle").inputs["rules"]
    assert [rule["expiration"]["days"] for rule in rules if "expiration" in rule] == [days]


def test_only_cloudtrail_for_this_trail_writes_to_the_bucket(prod):
    made = statements(only(prod, "-cloudtrail-policy").inputs["policy"])
    allowed = {sid: statement for sid, statement in made.items() if statement["Effect"] == "Allow"}
    assert {statement["Principal"]["Service"] for statement in allowed.values()} == {"cloudtrail.amazonaws.com"}
    assert {s["Condition"]["StringEquals"]["aws:SourceArn"] for s in allowed.values()} == {TRAIL}
    arn = f"arn:aws:s3:::{bucket('cloudtrail', 'prod')}"
    assert allowed["CloudTrailWrites"]["Resource"] == [f"{arn}/AWSLogs/{ACCOUNT}/*"]


def test_the_operations_key_admits_this_trail_and_no_other_key_does():
    made = statements(key_policy("operations", "mlops-prod", ACCOUNT, REGION))
    source = made["CloudTrailEncrypts"]["Condition"]["StringEquals"]
    assert source == {"aws:SourceArn": trail_arn("mlops-prod", ACCOUNT, REGION)} == {"aws:SourceArn": TRAIL}
    context = made["CloudTrailEncrypts"]["Condition"]["StringLike"]
    assert context == {"kms:EncryptionContext:aws:cloudtrail:arn": f"arn:aws:cloudtrail:*:{ACCOUNT}:trail/*"}
    assert not [sid for sid in statements(key_policy("personal", "mlops-prod", ACCOUNT, REGION)) if "Trail" in sid]


def test_data_events_are_of_the_environment_alone():
    management, *data = event_selectors("mlops-prod", ACCOUNT, REGION, ["raw"])
    assert management["field_selectors"] == [{"field": "eventCategory", "equals": ["Management"]}]
    starts = {
        selector["field_selectors"][1]["equals"][0]: selector["field_selectors"][2]["starts_withs"] for selector in data
    }
    assert starts == {
        "AWS::S3::Object": ["arn:aws:s3:::raw/"],
        "AWS::SageMaker::Endpoint": [f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:endpoint/mlops-prod-"],
        "AWS::SageMaker::FeatureGroup": [f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:feature-group/mlops-prod-"],
    }
    assert len(event_selectors("mlops-prod", ACCOUNT, REGION, None)) == 1


def test_the_role_is_taken_for_this_trail_and_writes_its_streams_only(prod):
    (trusted,) = statements(trust_policy("mlops-prod", ACCOUNT, REGION)).values()
    assert trusted["Condition"] == {"StringEquals": {"aws:SourceArn": TRAIL}}
    (granted,) = statements(only(prod, "it-role-policy").inputs["policy"]).values()
    group = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:{log_group_name('mlops-prod')}"
    assert granted["Resource"] == [f"{group}:log-stream:{ACCOUNT}_CloudTrail_{REGION}*"]


def test_the_log_group_is_one_that_the_operations_key_admits():
    groups = statements(key_policy("operations", "mlops-prod", ACCOUNT, REGION))["CloudWatchLogs"]["Condition"]
    starts = [arn.rsplit(":", 1)[1].rstrip("*") for arn in groups["ArnLike"]["kms:EncryptionContext:aws:logs:arn"]]
    assert any(log_group_name("mlops-prod").startswith(start) for start in starts)


def test_every_watched_event_has_an_alarm_on_its_own_metric(prod):
    filters = {node.name: node.inputs for node in prod.values() if node.type.endswith(":LogMetricFilter")}
    alarms = {node.name: node.inputs for node in prod.values() if node.type.endswith(":MetricAlarm")}
    assert len(filters) == len(alarms) == len(watched(()))
    for name, alarm in alarms.items():
        counted = filters[f"{name}-events"]["metricTransformation"]
        assert (alarm["namespace"], alarm["metricName"]) == (counted["namespace"], counted["name"])
        assert alarm["alarmActions"] == [arguments("AuditTrail", "prod")["alarm_topic_arn"]]
        assert (alarm["threshold"], alarm["treatMissingData"]) == (1, "notBreaching")


DELIVERER, OTHER = assumed("deliver"), assumed("mlops-prod-scientist")


def raised(record: dict, roles=(DELIVERY,)) -> set[str]:
    return {name for name, (pattern, _) in watched(roles).items() if matches(pattern, record)}


@pytest.mark.parametrize("name", ["CreateEndpoint", "UpdateEndpoint", "DeleteEndpoint"])
@pytest.mark.parametrize(
    ("who", "alarms"),
    [(DELIVERER, set()), (OTHER, {"endpoint-changed-elsewhere"}), (USER, {"endpoint-changed-elsewhere"})],
)
def test_an_endpoint_changed_by_anybody_but_delivery_raises_an_alarm(name, who, alarms):
    assert raised(event("sagemaker", name, who, {})) == alarms


def test_without_delivery_roles_every_change_of_an_endpoint_raises_an_alarm():
    assert raised(event("sagemaker", "UpdateEndpoint", DELIVERER, {}), ()) == {"endpoint-changed-elsewhere"}
    two = (DELIVERY, f"{DELIVERY}-b")
    assert raised(event("sagemaker", "UpdateEndpoint", DELIVERER, {}), two) == set()


@pytest.mark.parametrize(
    ("record", "alarms"),
    [
        (event("cloudtrail", "StopLogging", OTHER, {}), {"audit-changed"}),
        (event("config", "DeleteDeliveryChannel", DELIVERER, {}), {"audit-changed"}),
        (event("kms", "ScheduleKeyDeletion", OTHER, {}), {"key-endangered"}),
        (event("iam", "CreateUser", ROOT, {}), {"root-used"}),
        (event("kms", "RotateKey", ROOT, {}, eventType="AwsServiceEvent"), set()),
        (event("sagemaker", "DescribeEndpoint", OTHER, {}), set()),
        (event("other", "StopLogging", OTHER, {}), set()),
    ],
)
def test_alarms_fire_for_what_they_are_about(record, alarms):
    assert raised(record) == alarms


@pytest.mark.parametrize(
    ("changes", "paths"),
    [
        ({"lock_mode": "FOREVER"}, {"lock_mode"}),
        ({"lock_days": 0}, {"lock_days"}),
        ({"lock_days": 40, "retention_days": 30}, {"retention_days"}),
        ({"retention_days": 5, "lock_days": 6, "alarm_topic_arn": "critical"}, {"retention_days", "alarm_topic_arn"}),
        ({"operations_key_arn": "alias/operations"}, {"operations_key_arn"}),
        ({"delivery_role_arns": ["deliver"]}, {"delivery_role_arns[0]"}),
        ({"prefix": "mlops-" + "x" * 40}, {"prefix"}),
        ({"access_logs_bucket": None, "insights": "yes"}, {"access_logs_bucket", "insights"}),
        ({"delivery_role_arns": [f"{DELIVERY}-{'x' * 60}{n}" for n in range(9)]}, {"delivery_role_arns"}),
    ],
)
def test_bad_arguments_are_refused_before_anything_is_registered(changes, paths):
    assert set(faults("AuditTrail", **changes)) == paths


def test_the_trail_says_where_its_log_files_are(dev):
    outputs = dev["mlops:index:AuditTrail it"].outputs
    assert outputs["log_uri"] == f"s3://{bucket('cloudtrail', 'dev')}/AWSLogs/{ACCOUNT}/CloudTrail"
    assert json.loads(json.dumps(outputs["alarm_names"])) == [f"mlops-dev-{name}" for name in watched(())]
