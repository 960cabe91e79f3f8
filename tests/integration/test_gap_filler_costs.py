"""Unusual cost and budget actions in the embedded account: kept, refused and run as AWS does."""

from __future__ import annotations

import json

import pytest
from botocore.exceptions import ClientError
from tests.support.composed import Standing

from mlops_components import AlertTopics, CostAnomalyMonitor, EncryptionKeys, EnvironmentBudget, TrainingStop
from mlops_estate.embedded.account import EmbeddedAccount
from mlops_estate.embedded.driver import AwsDriver
from mlops_estate.engine import destroy, read_back, run_program

ACCOUNT, REGION = "123456789012", "eu-west-1"
TOPIC = f"arn:aws:sns:{REGION}:{ACCOUNT}:mlops-dev-warning"
SERVICES = {"MonitorName": "services", "MonitorType": "DIMENSIONAL", "MonitorDimension": "SERVICE"}
IMPACT = {"Key": "ANOMALY_TOTAL_IMPACT_ABSOLUTE", "MatchOptions": ["GREATER_THAN_OR_EQUAL"], "Values": ["30"]}
ACCEPTED = {
    "SubscriptionName": "unusual", "Frequency": "IMMEDIATE", "Subscribers": [{"Type": "SNS", "Address": TOPIC}],
    "ThresholdExpression": {"Dimensions": IMPACT},
}  # fmt: skip
MAIL = {"Type": "EMAIL", "Address": "ml@example.com"}
NOBODY = f"arn:aws:ce::{ACCOUNT}:anomalymonitor/00000000-0000-0000-0000-000000000000"


@pytest.fixture
def account():
    with EmbeddedAccount(seed=0) as embedded:
        yield embedded


def refused(call, **params) -> str:
    with pytest.raises(ClientError) as caught:
        call(**params)
    return caught.value.response["Error"]["Code"]


def test_an_account_has_one_monitor_of_services_and_many_of_its_own(account):
    ce = account.client("ce")
    arn = ce.create_anomaly_monitor(AnomalyMonitor=SERVICES)["MonitorArn"]
    assert refused(ce.create_anomaly_monitor, AnomalyMonitor=SERVICES) == "LimitExceededException"
    own = {"MonitorName": "tag", "MonitorType": "CUSTOM", "MonitorSpecification": {"Tags": {"Key": "project"}}}
    for _ in range(2):
        ce.create_anomaly_monitor(AnomalyMonitor=own)
    assert len(ce.get_anomaly_monitors()["AnomalyMonitors"]) == 3
    ce.update_anomaly_monitor(MonitorArn=arn, MonitorName="renamed")
    (found,) = ce.get_anomaly_monitors(MonitorArnList=[arn])["AnomalyMonitors"]
    assert (found["MonitorName"], found["MonitorDimension"]) == ("renamed", "SERVICE")
    ce.delete_anomaly_monitor(MonitorArn=arn)
    assert refused(ce.get_anomaly_monitors, MonitorArnList=[arn]) == "UnknownMonitorException"
    ce.create_anomaly_monitor(AnomalyMonitor=SERVICES)


@pytest.mark.parametrize(
    ("monitor", "code"),
    [
        ({"MonitorName": "m", "MonitorType": "DIMENSIONAL"}, "ValidationException"),
        ({"MonitorName": "m", "MonitorType": "CUSTOM"}, "ValidationException"),
    ],
)
def test_a_monitor_of_nothing_is_refused(account, monitor, code):
    assert refused(account.client("ce").create_anomaly_monitor, AnomalyMonitor=monitor) == code


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"Frequency": "DAILY"}, "ValidationException"),
        ({"Subscribers": [MAIL]}, "ValidationException"),
        ({"Subscribers": [{"Type": "SNS", "Address": TOPIC}] * 2}, "LimitExceededException"),
        ({"Frequency": "DAILY", "Subscribers": [MAIL] * 11}, "LimitExceededException"),
        ({"MonitorArnList": [NOBODY]}, "UnknownMonitorException"),
        ({"ThresholdExpression": None}, "ValidationException"),
        ({"Threshold": 30.0}, "ValidationException"),
    ],
)
def test_a_subscription_that_aws_refuses_is_refused(account, changes, code):
    ce = account.client("ce")
    arn = ce.create_anomaly_monitor(AnomalyMonitor=SERVICES)["MonitorArn"]
    given = {**ACCEPTED, "MonitorArnList": [arn], **changes}
    given = {key: value for key, value in given.items() if value is not None}
    assert refused(ce.create_anomaly_subscription, AnomalySubscription=given) == code
    assert ce.get_anomaly_subscriptions()["AnomalySubscriptions"] == []


def test_a_subscription_is_kept_changed_found_by_its_monitor_and_tagged(account):
    ce = account.client("ce")
    monitor = ce.create_anomaly_monitor(AnomalyMonitor=SERVICES)["MonitorArn"]
    arn = ce.create_anomaly_subscription(
        AnomalySubscription={**ACCEPTED, "MonitorArnList": [monitor]}, ResourceTags=[{"Key": "a", "Value": "1"}]
    )["SubscriptionArn"]
    mail = {"SubscriptionArn": arn, "Frequency": "DAILY", "Subscribers": [MAIL]}
    assert refused(ce.update_anomaly_subscription, SubscriptionArn=arn, Frequency="DAILY") == "ValidationException"
    ce.update_anomaly_subscription(**mail)
    (found,) = ce.get_anomaly_subscriptions(MonitorArn=monitor)["AnomalySubscriptions"]
    assert (found["Frequency"], found["AccountId"]) == ("DAILY", ACCOUNT)
    assert ce.get_anomaly_subscriptions(MonitorArn=NOBODY)["AnomalySubscriptions"] == []
    assert ce.list_tags_for_resource(ResourceArn=arn)["ResourceTags"] == [{"Key": "a", "Value": "1"}]
    ce.delete_anomaly_subscription(SubscriptionArn=arn)
    assert refused(ce.delete_anomaly_subscription, SubscriptionArn=arn) == "UnknownSubscriptionException"


def controls(threshold=30.0, approval="automatic", monthly=300.0):
    """Declare a budget with its topics, unusual cost, and the stop of training for one role."""
    import pulumi
    from pulumi_aws import iam

    place = {"prefix": "mlops-dev", "account": ACCOUNT, "region": REGION}
    keys = EncryptionKeys("keys", {**place, "environment_class": "dev"})
    topics = AlertTopics("alerts", {**place, "key_arn": keys.operations_key_arn})
    told = {"warning_topic_arn": topics.warning_topic_arn, "critical_topic_arn": topics.critical_topic_arn}
    budget = EnvironmentBudget("budget", {"prefix": "mlops-dev", "account": ACCOUNT, "monthly_usd": monthly, **told})
    CostAnomalyMonitor(
        "unusual", {"prefix": "mlops-dev", "threshold_usd": threshold, "topic_arn": topics.warning_topic_arn}
    )
    trust = {"Effect": "Allow", "Principal": {"Service": "sagemaker.amazonaws.com"}, "Action": "sts:AssumeRole"}
    role = iam.Role(
        "starter", name="mlops-dev-starter",
        assume_role_policy=json.dumps({"Version": "2012-10-17", "Statement": [trust]}),
    )  # fmt: skip
    stop = TrainingStop(
        "stop",
        {
            **place, "budget_name": budget.budget_name, "role_arns": [role.arn], "approval": approval,
            "topic_arn": topics.warning_topic_arn,
        },
    )  # fmt: skip
    pulumi.export("actions", stop.action_ids)
    pulumi.export("denial", stop.policy_arn)


def applied(driver, previous=None, **options):
    program = lambda: controls(**options)  # noqa: E731 -- the engine runs it
    return run_program(program, stack="dev", config={}, driver=driver, previous=previous)


def different(graph, driver):
    return {urn: found.differences for urn, found in read_back(graph, driver) if not found.equal}


def test_the_controls_stand_as_declared_change_in_place_and_leave_nothing(account):
    driver = AwsDriver(account, seed="costs")
    graph = applied(driver)
    assert different(graph, driver) == {}
    again = applied(driver, graph)
    assert {node.status for node in again.custom_nodes() if not node.is_provider} == {"unchanged"}
    changed = applied(driver, again, threshold=45.0, approval="manual", monthly=450.0)
    assert different(changed, driver) == {}
    assert {node.name: node.status for node in changed.custom_nodes() if node.status != "unchanged"} == {
        "budget": "updated", "unusual-subscription": "updated", "stop": "updated",
    }  # fmt: skip
    (subscription,) = account.client("ce").get_anomaly_subscriptions()["AnomalySubscriptions"]
    assert subscription["ThresholdExpression"]["Dimensions"]["Values"] == ["45"]
    assert destroy(changed, driver, unprotect=True).faults == []
    assert account.client("ce").get_anomaly_monitors()["AnomalyMonitors"] == []


def test_a_run_action_denies_training_to_the_role_and_a_reversed_one_gives_it_back(account):
    graph = applied(AwsDriver(account, seed="costs"))
    (action,) = graph.stack_outputs["actions"]
    named = {"AccountId": ACCOUNT, "BudgetName": "mlops-dev-monthly", "ActionId": action}
    budgets, iam = account.client("budgets"), account.client("iam")

    def attached():
        found = iam.list_attached_role_policies(RoleName="mlops-dev-starter")["AttachedPolicies"]
        return [policy["PolicyArn"] for policy in found]

    assert budgets.describe_budget_action(**named)["Action"]["Status"] == "STANDBY"
    assert attached() == []
    for execution, status, policies in (
        ("APPROVE_BUDGET_ACTION", "EXECUTION_SUCCESS", [graph.stack_outputs["denial"]]),
        ("RETRY_BUDGET_ACTION", "EXECUTION_SUCCESS", [graph.stack_outputs["denial"]]),
        ("REVERSE_BUDGET_ACTION", "REVERSE_SUCCESS", []),
        ("RESET_BUDGET_ACTION", "STANDBY", []),
    ):
        budgets.execute_budget_action(**named, ExecutionType=execution)
        assert budgets.describe_budget_action(**named)["Action"]["Status"] == status
        assert attached() == policies
    held = {key: named[key] for key in ("AccountId", "BudgetName")}
    assert [found["ActionId"] for found in budgets.describe_budget_actions_for_budget(**held)["Actions"]] == [action]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"BudgetName": "other"}, "NotFoundException"),
        ({"ExecutionRoleArn": f"arn:aws:iam::{ACCOUNT}:role/mlops-dev-starter"}, "AccessDeniedException"),
        ({"ExecutionRoleArn": f"arn:aws:iam::{ACCOUNT}:role/nobody"}, "AccessDeniedException"),
        ({"roles": ["nobody"]}, "InvalidParameterException"),
        ({"policy": f"arn:aws:iam::{ACCOUNT}:policy/none"}, "InvalidParameterException"),
        ({"ActionType": "RUN_SSM_DOCUMENTS"}, "InvalidParameterException"),
    ],
)
def test_an_action_that_aws_refuses_is_refused(account, changes, code):
    graph = applied(AwsDriver(account, seed="costs"))
    own = ("policy", "roles")
    iam = {
        "PolicyArn": changes.get("policy", graph.stack_outputs["denial"]),
        "Roles": changes.get("roles", ["mlops-dev-starter"]),
    }
    changes = {key: value for key, value in changes.items() if key not in own}
    given = {
        "AccountId": ACCOUNT, "BudgetName": "mlops-dev-monthly", "NotificationType": "ACTUAL",
        "ActionType": "APPLY_IAM_POLICY", "ApprovalModel": "MANUAL",
        "ActionThreshold": {"ActionThresholdValue": 100, "ActionThresholdType": "PERCENTAGE"},
        "Definition": {"IamActionDefinition": iam},
        "ExecutionRoleArn": f"arn:aws:iam::{ACCOUNT}:role/mlops-dev-budget",
        "Subscribers": [{"SubscriptionType": "SNS", "Address": TOPIC}],
    }  # fmt: skip
    assert refused(account.client("budgets").create_budget_action, **{**given, **changes}) == code


def test_the_composed_estate_watches_its_cost(account):
    standing = Standing(account)
    graph = standing.apply()
    assert different(graph, standing.driver) == {}
    (monitor,) = account.client("ce").get_anomaly_monitors()["AnomalyMonitors"]
    assert monitor["MonitorName"] == "mlops-dev-services"
