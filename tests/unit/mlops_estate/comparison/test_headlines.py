"""The lines at the top of a change report: each change is called what it is, the gravest first, in one screen."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from tests.support.compared import (
    ACCOUNT,
    NO_FINDINGS,
    OTHER,
    allow,
    blue_green,
    compared,
    deny,
    document,
    estate,
    graph,
    node,
    percent,
    trust,
)
from tests.support.programs import PROJECT

from mlops_estate.comparison.headline_kinds import KINDS, MOST
from mlops_estate.comparison.headlines import headlines
from mlops_estate.comparison.permissions import permission_changes
from mlops_estate.comparison.release import release_timetable
from mlops_estate.engine.naming import named
from mlops_estate.graph import UNKNOWN, ResourceGraph, ResourceNode

SAGEMAKER = {"Service": "sagemaker.amazonaws.com"}
ALWAYS = node("aws:sns/topic:Topic", "always", {"name": "always"})


def told(
    before: ResourceGraph, after: ResourceGraph, *, policy: dict[str, Any] | None = None, cost: Any = None
) -> list[dict[str, Any]]:
    comparison = compared(before, after)
    return headlines(
        comparison,
        permissions=permission_changes(comparison),
        release=release_timetable(comparison),
        policy=policy or NO_FINDINGS,
        cost=cost,
    )


def one(before: ResourceGraph, after: ResourceGraph, **more: Any) -> tuple[str, str, str]:
    (headline,) = told(before, after, **more)
    return headline["level"], headline["kind"], headline["title"]


def changed(it: ResourceNode, **inputs: Any) -> tuple[ResourceGraph, ResourceGraph]:
    """Return graphs of one resource before and after its inputs change; None takes an input away."""
    after = copy.deepcopy(it)
    after.inputs.update(inputs)
    after.inputs = {key: value for key, value in after.inputs.items() if value is not None}
    return graph(it, ALWAYS), graph(after, ALWAYS)


def removed(it: ResourceNode, *rest: ResourceNode) -> tuple[ResourceGraph, ResourceGraph]:
    return graph(it, ALWAYS, *rest), graph(ALWAYS, *rest)


def test_no_change_has_no_headline():
    for each in (estate(), graph(), estate(scaled=True)):
        assert told(each, copy.deepcopy(each)) == []


# Models and their features


def features(model: str = "credit", **types: str) -> ResourceNode:
    definitions = [{"featureName": name, "featureType": kind} for name, kind in types.items()]
    inputs = {"featureGroupName": model, "featureDefinitions": definitions, "tags": [{"key": "model", "value": model}]}
    return node("aws-native:sagemaker:FeatureGroup", f"{model}-features", inputs)


def test_a_removed_feature_is_called_out():
    before, after = graph(features(age="Integral", income="Fractional")), graph(features(age="Integral"))
    (headline,) = told(before, after)
    assert (headline["level"], headline["kind"]) == ("danger", "feature-removed")
    assert headline["title"] == "credit: feature income removed"
    assert headline["model"] == "credit"
    assert headline["urns"] == ["urn:pulumi:prod::mlops-estate::aws-native:sagemaker:FeatureGroup::credit-features"]
    assert "additive only" in headline["detail"]


def test_a_retyped_feature_is_called_out():
    found = one(graph(features(age="Integral")), graph(features(age="String")))
    assert found == ("danger", "feature-retyped", "credit: feature age Integral -> String retyped")


def test_an_added_feature_is_a_notice():
    found = one(graph(features(age="Integral")), graph(features(age="Integral", income="Fractional")))
    assert found == ("notice", "feature-added", "credit: feature income added")


def test_features_in_another_order_are_no_headline_of_theirs():
    found = told(graph(features(a="String", b="String")), graph(features(b="String", a="String")))
    assert [each["kind"] for each in found] == []


def test_a_removed_feature_that_replaces_its_group_is_said_once_with_what_is_lost():
    before, after = (features(**types) for types in ({"a": "String", "b": "String"}, {"a": "String"}))
    for each in (before, after):
        each.replace_on_changes = ["featureDefinitions"]
    (headline,) = told(graph(before), graph(after))
    assert headline["kind"] == "feature-removed"
    assert "every record of the online store" in headline["detail"]


def test_a_model_that_goes_is_one_headline_with_what_is_lost():
    group = node("aws:sagemaker/modelPackageGroup:ModelPackageGroup", "credit-registry", {"tags": {"model": "credit"}})
    whole = graph(*estate().nodes.values(), features(age="Integral"), group, ALWAYS)
    (headline,) = told(whole, graph(ALWAYS))
    assert (headline["level"], headline["kind"], headline["title"]) == (
        "danger",
        "model-removed",
        "credit: model removed",
    )
    assert "every registered version of the model" in headline["detail"]


def test_a_model_that_comes_is_one_headline():
    found = one(graph(ALWAYS), graph(*estate().nodes.values(), features(age="Integral"), ALWAYS))
    assert found == ("notice", "model-added", "credit: new model")


# Endpoints


def test_an_instance_type_is_told_from_and_to():
    found = one(estate(), estate(instance_type="ml.m5.xlarge"))
    assert found == ("notice", "instance-type", "credit: instance type ml.m5.large -> ml.m5.xlarge")


def test_the_instance_type_of_an_autoscaled_variant_is_a_warning():
    (headline,) = told(estate(scaled=True), estate(scaled=True, instance_type="ml.m5.xlarge"))
    assert (headline["level"], headline["kind"]) == ("warning", "instance-type")
    assert "two commits" in headline["detail"]


def test_an_instance_type_says_what_it_costs():
    delta = {"low": 80.0, "expected": 84.0, "high": 90.0}
    cost = {"before": {"expected": 8400.0}, "after": {"expected": 8484.0}, "delta": delta, "largest": [],
            "budget": None, "by_model": [{"model": "credit", "delta": delta}]}  # fmt: skip
    found = told(estate(), estate(instance_type="ml.m5.xlarge"), cost=cost)
    assert found[0]["detail"] == "+$84.00 a month for the model"
    assert (found[1]["level"], found[1]["title"]) == ("notice", "cost +$84.00 a month (+1.0%)")


@pytest.mark.parametrize(
    ("after", "headline"),
    [
        (estate(count=12), ("notice", "instance-count", "credit: instance count 10 -> 12")),
        (estate(count=9), ("warning", "instance-count", "credit: instance count 10 -> 9")),
        (estate(serverless=True), ("warning", "instance-type", "credit: instances -> serverless")),
        (estate(version=2), ("notice", "version", "credit: version 1 -> 2 (promotion)")),
        (estate(capture=20), ("warning", "capture", "credit: data capture 100 % -> 20 %")),
        (estate(scaled=True), ("notice", "scaling", "credit: scaling off -> 10 to 40 instances")),
        (estate(blue_green("CANARY", canarySize=percent(5))),
         ("notice", "strategy", "credit: release canary 10 % -> canary 5 %")),
        (
            estate(blue_green("CANARY", wait=60, canarySize=percent(10))),
            ("warning", "strategy", "credit: release times: bake 600 s -> 60 s"),
        ),
        (
            estate(blue_green("CANARY", longest=9000, canarySize=percent(10))),
            ("notice", "strategy", "credit: release times: longest release 7200 s -> 9000 s"),
        ),
    ],
)  # fmt: skip
def test_what_changes_of_an_endpoint_is_called_what_it_is(after, headline):
    assert one(estate(), after) == headline


def test_more_captured_data_are_no_headline():
    assert told(estate(capture=20), estate(capture=100)) == []


def test_a_version_that_goes_back_is_a_rollback():
    assert one(estate(version=4), estate(version=3)) == ("warning", "version", "credit: version 4 -> 3 (rollback)")


def test_scaling_that_goes_is_a_warning():
    assert one(estate(scaled=True), estate()) == ("warning", "scaling", "credit: scaling removed")


def test_a_strategy_change_says_what_it_means():
    after = estate(blue_green("ALL_AT_ONCE", wait=0, termination=600))
    (headline,) = told(estate(), after)
    assert (headline["level"], headline["kind"]) == ("warning", "strategy")
    assert headline["title"] == "credit: release canary 10 % -> all at once"
    assert "reaches 100 % of traffic at first instead of 10 %, bake 600 s -> 0 s" in headline["detail"]
    assert "canary 40 % / 80 % -> blue-green 25 % / 95 %, while the old fleet stands by (600 s)" in headline["detail"]
    (back,) = told(after, estate())
    assert back["level"] == "notice"


def test_a_smaller_step_without_a_bake_is_weaker_all_the_same():
    after = estate(blue_green("CANARY", wait=0, canarySize=percent(5)))
    assert one(estate(), after) == ("warning", "strategy", "credit: release canary 10 % -> canary 5 %")
    both = (estate(blue_green("CANARY", wait=0, canarySize=percent(size))) for size in (10, 5))
    assert one(*both)[0] == "notice"


def test_an_all_at_once_shift_without_any_wait_has_no_figures_of_blue_green():
    (headline,) = told(estate(), estate(blue_green("ALL_AT_ONCE", wait=0, termination=0)))
    assert "without a bake there is no blue-green safety" in headline["detail"]
    assert "25 %" not in headline["detail"]


def test_a_rollback_alarm_that_goes_is_called_out():
    before, after = estate(alarms=("errors", "latency")), estate(alarms=("errors",))
    found = {(each["level"], each["kind"], each["title"]) for each in told(before, after)}
    assert ("warning", "alarm", "credit: rollback alarm credit-latency gone") in found
    none = told(estate(), estate(alarms=()))
    assert (none[0]["level"], none[0]["kind"]) == ("danger", "alarm")
    assert none[0]["title"] == "credit: no alarm rolls releases back any more"


def test_the_same_change_of_many_models_is_one_headline():
    models = [f"model-{number:02}" for number in range(12)]
    sides = [
        graph(*(each for model in models for each in estate(model=model, instance_type=kind).nodes.values()))
        for kind in ("ml.m5.large", "ml.m5.xlarge")
    ]
    (headline,) = told(*sides)
    assert headline["title"] == "12 models: instance type ml.m5.large -> ml.m5.xlarge"
    assert headline["detail"] == "model-00, model-01, model-02 and 9 more"
    assert (headline["model"], headline["models"], len(headline["urns"])) == ("", models, 12)


# Resources

BUCKET = node("aws:s3/bucket:Bucket", "raw", {"bucket": "raw"})


def test_a_replaced_store_says_what_is_lost_and_why():
    (headline,) = told(*changed(BUCKET, bucket="other"))
    assert (headline["level"], headline["kind"]) == ("danger", "replacement")
    assert headline["title"] == "raw: replaced; lost: every object in the bucket, with all versions"
    assert "forced by bucket" in headline["detail"]


def test_a_removed_store_is_a_danger_unless_it_is_retained():
    (headline,) = told(*removed(BUCKET))
    assert (headline["level"], headline["kind"]) == ("danger", "removal")
    assert "every object" in headline["title"]
    kept = copy.deepcopy(BUCKET)
    kept.retain_on_delete = True
    assert one(*removed(kept)) == ("warning", "removal", "raw: leaves the stack")
    guarded = copy.deepcopy(BUCKET)
    guarded.protect = True
    assert "the engine refuses" in told(*removed(guarded))[0]["detail"]


def test_a_store_that_may_be_replaced_is_a_warning():
    mount = node("aws:sagemaker/domain:Domain", "studio", {"domainName": "d", "subnetIds": ["a"]})
    (headline,) = told(*changed(mount, subnetIds=["b"]))
    assert (headline["level"], headline["kind"], headline["title"]) == (
        "warning",
        "replacement",
        "studio: may be replaced",
    )


def test_a_protection_that_is_lifted_is_called_out():
    after = copy.deepcopy(BUCKET)
    before = copy.deepcopy(BUCKET)
    before.protect = True
    assert one(graph(before), graph(after)) == ("danger", "unprotected", "raw: no longer protected from deletion")
    assert told(graph(after), graph(before)) == []


# fmt: off
VERSIONING = node("aws:s3/bucketVersioning:BucketVersioning", "v", {"versioningConfiguration": {"status": "Enabled"}})
LOCK = node("aws:s3/bucketObjectLockConfiguration:BucketObjectLockConfiguration", "lock",
            {"rule": {"defaultRetention": {"days": 365, "mode": "COMPLIANCE"}}})  # fmt: skip
KEY = node("aws:kms/key:Key", "key", {"enableKeyRotation": True, "deletionWindowInDays": 30})
SSE = node(
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration",
    "sse",
    {"rules": [{"applyServerSideEncryptionByDefault": {"sseAlgorithm": "aws:kms", "kmsMasterKeyId": "a"}}]},
)
BLOCK = node("aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock", "block", {"blockPublicPolicy": True})
LOGS = node("aws:cloudwatch/logGroup:LogGroup", "logs", {"retentionInDays": 365, "kmsKeyId": "a"})
TRAIL = node("aws:cloudtrail/trail:Trail", "audit", {"enableLogFileValidation": True})
INGRESS = node("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule", "in", {"fromPort": 443, "toPort": 443})
ALARM = node(
    "aws:cloudwatch/metricAlarm:MetricAlarm",
    "alarm",
    {"threshold": 5, "comparisonOperator": "GreaterThanThreshold", "evaluationPeriods": 1, "alarmActions": ["arn"]},
)
HOURLY, DAILY = ({"scheduleConfig": {"scheduleExpression": f"cron({when} ? * * *)"}} for when in ("0 *", "0 0"))
MONITOR = node("aws:sagemaker/monitoringSchedule:MonitoringSchedule", "drift", {"monitoringScheduleConfig": HOURLY})
OTHER_KEY = [{"applyServerSideEncryptionByDefault": {"sseAlgorithm": "aws:kms", "kmsMasterKeyId": "b"}}]
# fmt: on
NATIVE = node("aws-native:s3:Bucket", "native", {"publicAccessBlockConfiguration": {"blockPublicAcls": True}})


@pytest.mark.parametrize(
    ("graphs", "headline"),
    [
        (changed(VERSIONING, versioningConfiguration={"status": "Suspended"}),
         ("danger", "unprotected", "v: object versions are no longer kept")),
        (removed(VERSIONING), ("danger", "unprotected", "v: object versions are no longer kept")),
        (changed(LOCK, rule={"defaultRetention": {"days": 365, "mode": "GOVERNANCE"}}),
         ("danger", "unprotected", "lock: the object lock can be lifted (COMPLIANCE -> GOVERNANCE)")),
        (changed(LOCK, rule={"defaultRetention": {"days": 30, "mode": "COMPLIANCE"}}),
         ("warning", "retention", "lock: kept for less time (defaultRetention 365 -> 30)")),
        (changed(KEY, enableKeyRotation=False), ("warning", "encryption", "key: the key no longer rotates")),
        (changed(KEY, deletionWindowInDays=7),
         ("warning", "retention", "key: kept for less time (deletionWindowInDays 30 -> 7)")),
        (removed(SSE), ("danger", "encryption", "sse: no longer encrypted with a key of KMS")),
        (changed(SSE, rules=OTHER_KEY), ("warning", "encryption", "sse: encrypted with another key (a -> b)")),
        (changed(LOGS, kmsKeyId=None), ("danger", "encryption", "logs: no longer encrypted with its key")),
        (changed(LOGS, retentionInDays=30),
         ("warning", "retention", "logs: kept for less time (retentionInDays 365 -> 30)")),
        (changed(BLOCK, blockPublicPolicy=False), ("danger", "public", "block: public access is no longer blocked")),
        (removed(BLOCK), ("danger", "public", "block: public access is no longer blocked")),
        (changed(NATIVE, publicAccessBlockConfiguration={"blockPublicAcls": False}),
         ("danger", "public", "native: public access is no longer blocked")),
        (changed(NATIVE, publicAccessBlockConfiguration=None),
         ("danger", "public", "native: public access is no longer blocked")),
        (changed(INGRESS, cidrIpv4="0.0.0.0/0"), ("danger", "public", "in: open to the internet: port 443")),
        (changed(node("aws:ec2/subnet:Subnet", "s", {}), mapPublicIpOnLaunch=True),
         ("danger", "public", "s: reachable from the internet")),
        (changed(TRAIL, enableLogFileValidation=False),
         ("danger", "monitoring", "audit: the audit trail records less")),
        (removed(MONITOR), ("warning", "monitoring", "drift: monitor removed")),
        (changed(MONITOR, monitoringScheduleConfig=DAILY),
         ("warning", "monitoring", "drift: the monitor runs at other times")),
        (removed(ALARM), ("warning", "alarm", "alarm: alarm removed")),
        (changed(ALARM, threshold=9), ("warning", "alarm", "alarm: alarm loosened: threshold 5 -> 9")),
        (changed(ALARM, evaluationPeriods=5), ("warning", "alarm", "alarm: alarm loosened: evaluationPeriods 1 -> 5")),
        (changed(ALARM, alarmActions=[]), ("warning", "alarm", "alarm: alarm tells nobody any more")),
        (changed(ALARM, actionsEnabled=False), ("warning", "alarm", "alarm: alarm tells nobody any more")),
    ],
)  # fmt: skip
def test_what_weakens_a_resource_is_called_what_it_is(graphs, headline):
    assert one(*graphs) == headline


@pytest.mark.parametrize(
    "graphs",
    [
        changed(ALARM, threshold=2),
        changed(LOGS, retentionInDays=400),
        changed(KEY, enableKeyRotation=True, deletionWindowInDays=31),
        changed(INGRESS, cidrIpv4="10.0.0.0/8"),
        changed(BLOCK, blockPublicAcls=True),
        changed(TRAIL, enableLogFileValidation=UNKNOWN),
        changed(node("aws:ec2/subnet:Subnet", "s", {"mapPublicIpOnLaunch": True}), mapPublicIpOnLaunch=False),
        changed(LOGS, tags={"owner": "risk"}),
    ],
)
def test_what_weakens_nothing_has_no_headline(graphs):
    assert compared(*graphs).changes
    assert told(*graphs) == []


def test_another_key_of_the_stack_is_seen_by_its_name():
    arns = [f"arn:aws:kms:eu-west-1:{ACCOUNT}:key/{named(name)}" for name in ("one", "two")]
    before, after = (node(LOGS.type, "logs", {**LOGS.inputs, "kmsKeyId": arn}) for arn in arns)
    assert one(graph(before), graph(after))[2] == "logs: encrypted with another key (one -> two)"


def test_another_key_of_the_stack_is_seen_though_its_arn_is_unknown():
    keys = [node("aws:kms/key:Key", name, {}) for name in ("one", "two")]

    def logs(key: ResourceNode) -> ResourceGraph:
        it = node("aws:cloudwatch/logGroup:LogGroup", "logs", {"kmsKeyId": UNKNOWN, "retentionInDays": 30},
                  property_dependencies={"kmsKeyId": [key.urn]})  # fmt: skip
        return graph(*keys, it)

    assert told(logs(keys[0]), logs(keys[0])) == []
    found = one(logs(keys[0]), logs(keys[1]))
    assert found == ("warning", "encryption", "logs: encrypted with another key (one -> two)")


# Access


def role(name: str = "worker", *statements: dict[str, Any], trusts: Any = SAGEMAKER, **more: Any) -> list[ResourceNode]:
    it = node("aws:iam/role:Role", name, {"name": name, "assumeRolePolicy": document(trust(trusts)), **more})
    inputs = {"role": name, "policy": document(*statements)}
    return [it, node("aws:iam/rolePolicy:RolePolicy", f"{name}-policy", inputs)]


@pytest.mark.parametrize(
    ("before", "after", "headline"),
    [
        (role("r", allow("s3:GetObject")), role("r", allow("s3:*")),
         ("danger", "permission-widened", "r: action widened s3:GetObject -> s3:*")),
        (role("r"), role("r", allow("s3:PutObject", "arn:aws:s3:::x")),
         ("warning", "permission-widened", "r: may s3:PutObject")),
        (role("r", allow("s3:GetObject", "arn:aws:s3:::x/a/*")), role("r", allow("s3:GetObject", "arn:aws:s3:::x/*")),
         ("notice", "permission-widened", "r: s3:GetObject on more: arn:aws:s3:::x/a/* -> arn:aws:s3:::x/*")),
        (role("r", allow("s3:PutObject", "x", Condition={"Bool": {"a:b": True}})),
         role("r", allow("s3:PutObject", "x")),
         ("warning", "permission-widened", "r: s3:PutObject without the condition a:b bool true")),
        (role("r", allow("s3:*", "x"), deny("s3:DeleteObject", "x")), role("r", allow("s3:*", "x")),
         ("danger", "permission-widened", "r: Deny dropped: s3:DeleteObject")),
        (role("r"), role("r", trusts={"AWS": [OTHER]}),
         ("danger", "trust-widened", f"r: trusts account {OTHER}")),
        (role("r", permissionsBoundary="arn:aws:iam::aws:policy/x"), role("r"),
         ("danger", "boundary", "r: permissions boundary removed")),
        (role("r"), role("r", managedPolicyArns=["arn:aws:iam::aws:policy/AdministratorAccess"]),
         ("danger", "permission-widened", "r: managed policy AdministratorAccess attached")),
        (role("r", allow("s3:*", "x")), role("r", allow("s3:GetObject", "x")),
         ("notice", "permission-narrowed", "r: action narrowed s3:* -> s3:GetObject")),
        (role("r", allow("s3:GetObject", "x")), role("r"),
         ("notice", "permission-narrowed", "r: no longer may s3:GetObject")),
    ],
)  # fmt: skip
def test_who_may_do_more_or_less_is_called_what_it_is(before, after, headline):
    found = [each for each in told(graph(*before), graph(*after)) if each["kind"] != "permission-narrowed"
             or headline[1] == "permission-narrowed"]  # fmt: skip
    assert [(each["level"], each["kind"], each["title"]) for each in found] == [headline]


def test_a_bucket_opened_to_everybody_is_public():
    def policy(*statements: dict[str, Any]) -> ResourceGraph:
        inputs = {"bucket": "raw", "policy": document(*statements)}
        return graph(BUCKET, node("aws:s3/bucketPolicy:BucketPolicy", "raw-policy", inputs))

    (headline,) = told(policy(), policy(allow("s3:GetObject", "arn:aws:s3:::raw/*", Principal="*")))
    assert (headline["level"], headline["kind"]) == ("danger", "public")
    assert headline["title"] == "raw-policy: principal added: s3:GetObject (everybody)"


def test_new_identities_are_one_headline_unless_one_is_dangerous():
    plain = [*role("a", allow("s3:GetObject", "x")), *role("b", allow("s3:PutObject", "x"))]
    assert one(graph(ALWAYS), graph(ALWAYS, *plain))[:2] == ("notice", "identity-added")
    found = told(graph(ALWAYS), graph(ALWAYS, *plain, *role("c", allow("iam:*"))))
    assert (found[0]["level"], found[0]["kind"], found[0]["title"]) == ("danger", "permission-widened", "c: may iam:*")


def test_a_policy_that_can_not_be_compared_is_a_warning():
    hidden = node("aws:iam/rolePolicy:RolePolicy", "r-policy", {"role": "r", "policy": UNKNOWN})
    it = role("r", allow("s3:GetObject"))
    assert one(graph(*it), graph(it[0], hidden)) == ("warning", "permission-undecided", "1 policy can't be compared")


def test_the_same_grant_to_several_identities_is_one_headline():
    names = ("a", "b", "c", "d")
    sides = [
        graph(*(each for name in names for each in role(name, allow(action)))) for action in ("s3:GetObject", "s3:*")
    ]
    (headline,) = told(*sides)
    assert headline["title"] == "4 identities: action widened s3:GetObject -> s3:*"


# Training


def training(definition: dict[str, Any] | None = None, **inputs: Any) -> ResourceGraph:
    gates = {"champion_margin": 0.01, "max_flipped_percent": 20, "robustness_epsilon": 0.1, "threshold": 0.8}
    data = {"min_records": 100, "max_psi": 0.2, "split": [0.6, 0.2, 0.2]}
    component = node("mlops:index:TrainingPipeline", "credit-training",
                     {"model": "credit", "gates": gates, "data_quality": data, "seed": 7,
                      "training_instance_type": "ml.m5.large", "subnet_ids": UNKNOWN} | inputs)  # fmt: skip
    text = json.dumps(definition or {"Parameters": [], "Steps": []})
    pipeline = node("aws:sagemaker/pipeline:Pipeline", "credit-training",
                    {"pipelineDefinition": text, "tags": {"model": "credit"}})  # fmt: skip
    return graph(component, pipeline, ALWAYS)


@pytest.mark.parametrize(
    ("gates", "headline"),
    [
        ({"threshold": 0.7}, ("warning", "gates", "credit: gates loosened: threshold 0.8 -> 0.7")),
        ({"threshold": 0.9}, ("notice", "gates", "credit: gates tightened: threshold 0.8 -> 0.9")),
        ({"max_flipped_percent": 50}, ("warning", "gates", "credit: gates loosened: max_flipped_percent 20 -> 50")),
        ({"robustness_epsilon": 0.05}, ("warning", "gates", "credit: gates loosened: robustness_epsilon 0.1 -> 0.05")),
        ({"champion_margin": 0.02}, ("warning", "gates", "credit: gates loosened: champion_margin 0.01 -> 0.02")),
        ({"threshold": None}, ("warning", "gates", "credit: gates loosened: threshold 0.8 -> none")),
    ],
)
def test_a_gate_that_lets_more_pass_is_called_loosened(gates, headline):
    before = training()
    made = copy.deepcopy(before.nodes[next(iter(before.nodes))].inputs["gates"]) | gates
    after = training(gates={key: value for key, value in made.items() if value is not None})
    assert one(before, after) == headline


def test_the_threshold_of_an_error_is_the_other_way_round():
    gates = {"metric": "rmse", "threshold": 10.0}
    found = one(training(gates=gates), training(gates=gates | {"threshold": 12.0}))
    assert found == ("warning", "gates", "credit: gates loosened: threshold 10.0 -> 12.0")


def test_settings_of_training_are_one_notice():
    found = one(training(), training(training_instance_type="ml.m5.4xlarge", seed=8))
    assert found == ("notice", "pipeline",
                     "credit: training: seed 7 -> 8, training_instance_type ml.m5.large -> ml.m5.4xlarge")  # fmt: skip


def test_the_steps_of_a_definition_are_told_by_name():
    def steps(*names: str, **arguments: Any) -> dict[str, Any]:
        inner = [{"Name": name, "Type": "Processing", "Arguments": arguments} for name in names]
        return {"Parameters": [], "Steps": [{"Name": "Gate", "Type": "Condition", "Arguments": {"IfSteps": inner}}]}

    found = one(training(steps("Train", "Evaluate")), training(steps("Train")))
    assert found == ("warning", "pipeline", "credit: pipeline: step Evaluate removed")
    (headline,) = told(training(steps("Train", Image="a")), training(steps("Train", Image="b")))
    assert (headline["level"], headline["title"]) == ("notice", "credit: pipeline: step Train changed")
    assert headline["detail"] == "Train: Image"


def test_other_code_of_a_pipeline_is_told_as_such_and_not_step_by_step():
    def reading(checksum: str) -> dict[str, Any]:
        steps = [{"Name": name, "Arguments": {"Code": f"s3://models/source/{checksum}/x.tar.gz"}} for name in "abcdef"]
        return {"Parameters": [], "Steps": steps}

    found = one(training(reading("08c49998877ecae6")), training(reading("d556119e8a83051f")))
    assert found == ("notice", "pipeline", "credit: pipeline: other code")


def test_a_grant_that_moves_with_the_checksum_in_its_address_is_no_headline():
    def reading(checksum: str, action: str = "s3:GetObject") -> ResourceGraph:
        return graph(*role("r", allow(action, f"arn:aws:s3:::models/source/{checksum}/x.tar.gz")))

    assert told(reading("08c49998877ecae6"), reading("d556119e8a83051f")) == []
    found = one(reading("08c49998877ecae6"), graph(*role("r", allow("s3:GetObject", "arn:aws:s3:::models/source/*"))))
    assert found[1] == "permission-widened"


# The whole


def finding(rule: str, level: str = "mandatory") -> dict[str, Any]:
    return {"rule": rule, "name": "raw", "urn": "u", "status": "fail", "level": level}


def test_policy_findings_are_counted_by_what_they_mean():
    policy = NO_FINDINGS | {"new": [finding("a"), finding("b"), finding("c", "advisory")], "new_mandatory": 2}
    found = told(*changed(LOGS, tags={}), policy=policy | {"fixed": [finding("d")]})
    assert [(each["level"], each["kind"], each["title"]) for each in found] == [
        ("danger", "policy", "2 new mandatory policy findings"),
        ("notice", "policy", "1 new advisory policy finding"),
        ("notice", "policy-fixed", "1 policy finding fixed"),
    ]
    assert found[0]["detail"] == "a (raw), b (raw)"


def money(before: float, after: float, **budget: Any) -> dict[str, Any]:
    values = {"before": before, "after": after, "delta": after - before}
    return {**{key: {"low": value, "expected": value, "high": value} for key, value in values.items()},
            "by_model": [], "largest": [], "budget": budget or None}  # fmt: skip


@pytest.mark.parametrize(
    ("cost", "headlines_of"),
    [
        (money(100, 200), [("warning", "cost", "cost +$100.00 a month (+100.0%)")]),
        (money(1000, 1050), [("notice", "cost", "cost +$50.00 a month (+5.0%)")]),
        (money(1000, 900), [("notice", "cost", "cost -$100.00 a month (-10.0%)")]),
        (money(0, 50), [("warning", "cost", "cost +$50.00 a month")]),
        (money(100, 100.5), []),
        (money(100, 100, monthly_usd=90.0, after_percent=111.1, state="exceeded"),
         [("danger", "budget", "the estimate is 111 % of the monthly budget")]),
        (money(100, 100, monthly_usd=110.0, after_percent=90.9, state="near"),
         [("warning", "budget", "the estimate is 91 % of the monthly budget")]),
        (money(100, 100, monthly_usd=500.0, after_percent=20.0, state="within"), []),
        (None, []),
    ],
)  # fmt: skip
def test_cost_and_budget_are_told(cost, headlines_of):
    found = told(*changed(LOGS, tags={"owner": "risk"}), cost=cost)
    assert [(each["level"], each["kind"], each["title"]) for each in found] == headlines_of


def test_another_account_or_region_is_the_first_headline():
    found = told(graph(BUCKET, account=ACCOUNT), graph(account=OTHER, region="eu-west-2"))
    assert [each["title"] for each in found][:2] == [f"account {ACCOUNT} -> {OTHER}", "region eu-west-1 -> eu-west-2"]
    assert found[0]["level"] == "danger"


def test_a_first_deployment_is_not_a_list_of_all_that_is_new():
    found = told(graph(), graph(*estate().nodes.values(), *role("r", allow("iam:*"))))
    assert [(each["level"], each["title"]) for each in found] == [
        ("warning", "1 grant to look at"),
        ("notice", "first deployment: 6 resources"),
    ]


def many() -> tuple[ResourceGraph, ResourceGraph]:
    """Return graphs that differ in more ways than there is room for."""
    before = [*estate(scaled=True).nodes.values(), features(a="String", b="String"), BUCKET, VERSIONING, LOCK, KEY, SSE,
              BLOCK, LOGS, TRAIL, INGRESS, ALARM, MONITOR, *role("r", allow("s3:GetObject"))]  # fmt: skip
    changed_too = copy.deepcopy([KEY, LOGS, TRAIL, INGRESS])
    for it, inputs in zip(
        changed_too,
        ({"enableKeyRotation": False}, {"retentionInDays": 1}, {"enableLogFileValidation": False},
         {"cidrIpv4": "0.0.0.0/0"}),
        strict=True,
    ):  # fmt: skip
        it.inputs |= inputs
    after = [*estate(blue_green("ALL_AT_ONCE", wait=0), scaled=True, instance_type="ml.m5.xlarge", version=2,
                     capture=5).nodes.values(), features(a="String"), *changed_too,
             *role("r", allow("s3:*"))]  # fmt: skip
    return graph(*before), graph(*after)


def test_a_great_change_still_fits_one_screen():
    found = told(*many())
    assert len(found) <= MOST == 12
    lines = sum(1 + bool(each["detail"]) for each in found)
    assert lines <= 25
    assert all(len(each["title"]) <= 110 and len(each["detail"]) <= 240 for each in found)
    assert found[-1]["kind"] == "more" or len(found) < MOST


def test_the_order_is_by_level_then_kind_and_never_varies():
    found = told(*many())
    levels = ["danger", "warning", "notice"]
    places = [(levels.index(each["level"]), KINDS.index(each["kind"])) for each in found if each["kind"] != "more"]
    assert places == sorted(places)
    before, after = many()
    backwards = [graph(*reversed(list(side.nodes.values()))) for side in (before, after)]
    assert told(*backwards) == found


def test_the_four_changes_of_a_pull_request_are_each_called_out():
    before = graph(*estate().nodes.values(), features(a="String", b="String"), *role("r", allow("s3:GetObject")))
    after = graph(*estate(blue_green("ALL_AT_ONCE", wait=0), instance_type="ml.m5.xlarge").nodes.values(),
                  features(a="String"), *role("r", allow("s3:*")))  # fmt: skip
    assert [each["kind"] for each in told(before, after)] == [
        "feature-removed", "permission-widened", "strategy", "instance-type",
    ]  # fmt: skip


def test_every_kind_is_documented():
    text = (PROJECT / "docs" / "reference" / "change_report.md").read_text(encoding="utf-8")
    assert [kind for kind in KINDS if f"`{kind}`" not in text] == []
