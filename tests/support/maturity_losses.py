"""Ways to take the evidence of every item away that prod meets."""

from __future__ import annotations

from mlops_estate.maturity.pipelines import read_pipelines
from tests.support.maturity import (
    TRAINING,
    block,
    definition,
    drop,
    edit,
    forget,
    other_program,
    step_of,
    unlink,
    without_jobs,
    workflows,
)  # fmt: skip
from tests.support.programs import MODEL

PIPELINE, ALARM = "sagemaker/pipeline:Pipeline", "metricAlarm:MetricAlarm"


def without_hashes(found, folder):
    for name in ("requirements.lock", "requirements-dev.lock"):
        (folder / name).write_text("boto3==1.0\n    # by hand\n", encoding="utf-8")
    found.project_dir = folder


def unread(found, folder):
    """A graph whose definition is somebody's own, and only known after the update."""
    component = next(node for node in found.graph.components() if node.type.endswith("TrainingPipeline"))
    component.inputs["definition"] = "unknown"
    found.pipelines = read_pipelines(found.graph, found.project_dir)


def never(data):
    data["pull-request"]["jobs"]["tests"]["if"] = "false"


def unguarded(steps, data):
    """Register outside the condition."""
    branch = steps["GatesPassed"]["Arguments"]["IfSteps"]
    data["Steps"].append(branch.pop())


def allowed_to_fail(data):
    """Of the lint step; the tests' script, which runs it too, is not run at all."""
    step_of(data, "pull-request", "lint", "mypy")["continue-on-error"] = "true"
    never(data)


def swallowed(data):
    step = step_of(data, "pull-request", "policy", "estate check")
    step["run"] += " || true"


def with_keys(data):
    step = step_of(data, "deploy-environment", "deploy", "configure-aws-credentials")
    step["with"]["aws-access-key-id"] = "x"


def only_said(data):
    """Say the command instead of running it."""
    step_of(data, "drift", "look", ".ci/drift")["run"] = "echo pulumi refresh --preview-only"


def without_step(workflow, job, part):
    return workflows(lambda data: data[workflow]["jobs"][job]["steps"].remove(step_of(data, workflow, job, part)))


def suspended(inputs):
    inputs["versioningConfiguration"]["status"] = "Suspended"


def kept(steps):
    """What the registered version records."""
    return steps["Register"]["Arguments"]["CustomerMetadataProperties"]


def unit_alone(data):
    data["pull-request"]["jobs"]["tests"]["strategy"]["matrix"]["suite"] = ["unit"]


def without_token(data):
    del data["deploy-environment"]["jobs"]["deploy"]["permissions"]["id-token"]


def questions_alone(inputs):
    inputs["dataCaptureConfig"]["captureOptions"] = [{"captureMode": "Input"}]


def by_tag(data):
    step_of(data, "drift", "look", "actions/checkout")["uses"] = "actions/checkout@v5"


def shadowed(inputs):
    inputs["shadowProductionVariants"] = [{"variantName": "shadow"}]


def cardless(steps, _data):
    for name in ("Register", "Sign", "VerifySignature"):
        forget(steps[name], "ModelCard")


def state(value):
    return lambda inputs: inputs.update(state=value)


LOSING = [
    ("data-versioned", edit("BucketVersioning", suspended, first=True)),
    ("data-versioned", unlink("BucketVersioning", "bucket", "lake-raw")),
    ("data-snapshot", definition(lambda steps, _: forget(steps["Preprocess"], "Snapshot"))),
    ("data-snapshot", definition(lambda steps, _: other_program(steps["Snapshot"]))),
    ("data-features", edit("FeatureGroup", lambda i: i["onlineStoreConfig"].update(enableOnlineStore=False))),
    ("data-features", drop("FeatureGroup")),
    ("validation-step", definition(lambda steps, _: forget(steps["Snapshot"], "ValidateData"))),
    ("validation-step", definition(lambda steps, _: other_program(steps["ValidateData"]))),
    ("validation-thresholds", edit("index:TrainingPipeline", lambda i: i.pop("data_quality"))),
    ("validation-thresholds", edit("index:TrainingPipeline", lambda i: i.update(schema_file="../data/none.yaml"))),
    ("origin-recorded", definition(lambda s, _: kept(s).pop("seed"))),
    ("origin-recorded", definition(lambda s, _: forget(kept(s), "Snapshot"))),
    ("dependencies-locked", without_hashes),
    ("image-pinned", edit("index:TrainingPipeline", lambda i: i.update(steps_image_uri="x/steps:latest"))),
    ("signed", edit("kms/key:Key", lambda i: i.update(keyUsage="ENCRYPT_DECRYPT"), "keys-signing")),
    ("signed", definition(lambda steps, _: forget(steps["Register"], "VerifySignature"))),
    ("signed", definition(lambda steps, _: other_program(steps["VerifySignature"]))),
    ("search", block(lambda model: model["training"].update(search="none"))),
    ("search", definition(lambda steps, _: forget(steps["Train"], "Search"))),
    ("trains", definition(lambda steps, _: forget(steps["Train"]["Arguments"]["InputDataConfig"], "Preprocess") or
                          forget(steps["Train"]["Arguments"]["InputDataConfig"], "Search"))),
    ("trains", drop(PIPELINE, TRAINING)),
    ("retrain-command", drop(PIPELINE, TRAINING)),
    ("cached", definition(lambda steps, _: steps["Train"].pop("CacheConfig"))),
    ("pipeline-in-ci", without_jobs("pull-request pipeline")),
    ("starts-itself", drop("scheduler/schedule:Schedule")),
    ("retrain-schedule", edit("scheduler/schedule:Schedule", state("DISABLED"))),
    ("retrain-schedule", unlink("scheduler/schedule:Schedule", "target")),
    ("gate", definition(unguarded)),
    ("gate", definition(lambda steps, _: forget(steps["GatesPassed"]["Arguments"]["Conditions"], "Gate"))),
    ("gate", definition(lambda steps, _: steps["GatesPassed"]["Arguments"].update(ElseSteps=[]))),
    ("gate", definition(lambda steps, _: forget(steps["Gate"], "Evaluate"))),
    ("gate-robustness", definition(lambda steps, _: forget(steps["Gate"], "Explain"))),
    ("gate-fairness", definition(lambda steps, _: forget(steps["Gate"], "Fairness"))),
    ("gate-champion", definition(lambda steps, _: forget(steps["Evaluate"], "Champion"))),
    ("served-from-registry", edit("sagemaker/model:Model", lambda i: i.update(primaryContainer={"modelDataUrl": "s3://x"}))),
    ("card-and-metrics", definition(lambda steps, _: steps["Register"]["Arguments"].pop("ModelCard"))),
    ("card-and-metrics", definition(lambda steps, _: steps["Register"]["Arguments"].pop("DriftCheckBaselines"))),
    ("approval", definition(lambda steps, _: steps["Register"]["Arguments"].update(ModelApprovalStatus="Approved"))),
    ("ci-tests", workflows(never)),
    ("ci-tests", without_jobs("pull-request tests")),
    ("unit-tests", without_jobs("pull-request tests")),
    ("end-to-end", workflows(unit_alone)),
    ("ci-code", workflows(allowed_to_fail)),
    ("ci-coverage", without_jobs("pull-request coverage")),
    ("ci-policy", workflows(swallowed)),
    ("ci-preview", without_jobs("pull-request preview")),
    ("ci-images", without_step("pull-request", "container", "anchore/scan-action")),
    ("cd-deploys", workflows(lambda data: data["deploy"].update(on={"workflow_call": ""}))),
    ("cd-staged", workflows(lambda data: data["deploy"]["jobs"]["prod"].pop("needs"))),
    ("cd-staged", workflows(lambda data: data["deploy-environment"]["jobs"]["deploy"].pop("environment"))),
    ("cd-federated", workflows(with_keys)),
    ("cd-federated", without_step("deploy-environment", "deploy", "configure-aws-credentials")),
    ("cd-federated", workflows(without_token)),
    ("cd-verified", without_step("deploy-environment", "deploy", "estate health")),
    ("cd-verified", without_step("deploy-environment", "deploy", "roll-back")),
    ("guardrails", edit("sagemaker:Endpoint", lambda i: i["deploymentConfig"].pop("blueGreenUpdatePolicy"))),
    ("gradual", edit("sagemaker:Endpoint", lambda i: i["deploymentConfig"]["blueGreenUpdatePolicy"][
        "trafficRoutingConfiguration"].update(type="ALL_AT_ONCE"))),
    ("rollback", drop(ALARM, f"{MODEL}-latency")),
    ("rollback", edit("sagemaker:Endpoint", lambda i: i["deploymentConfig"].pop("autoRollbackConfiguration"))),
    ("rollback", edit(ALARM, lambda i: i["dimensions"].update(EndpointName="another"), f"{MODEL}-errors")),
    ("self-rollback", drop(ALARM, f"{MODEL}-errors")),
    ("capture", edit("EndpointConfiguration", lambda i: i["dataCaptureConfig"].update(enableCapture=False))),
    ("capture", edit("EndpointConfiguration", questions_alone)),
    ("service-alarms", drop(ALARM, f"{MODEL}-latency")),
    ("service-alarms", unlink(ALARM, "alarmActions", f"{MODEL}-latency")),
    ("quality-monitors", drop("MonitoringSchedule", "model-quality")),
    ("quality-monitors", drop("DataQualityJobDefinition")),
    ("bias-monitors", drop("MonitoringSchedule", "bias")),
    ("drift-training", definition(lambda steps, _: forget(steps["ValidateData"], "Champion"))),
    ("drift-quality", drop(ALARM, "model-quality-auc")),
    ("told", drop("TopicSubscription", "warning")),
    ("told", unlink(ALARM, "alarmActions", "audit-root-used")),
    ("severities", drop("TopicSubscription", "info")),
    ("severities", edit("sns/topic:Topic", lambda i: i["tags"].pop("severity"), "critical")),
    ("runbooks", edit(ALARM, lambda i: i["tags"].pop("runbook-url"), f"{MODEL}-errors")),
    ("retries", definition(lambda steps, _: steps["Explain"].pop("RetryPolicies"))),
    ("autoscaling", drop("appautoscaling/policy:Policy")),
    ("autoscaling", edit("appautoscaling/target:Target", lambda i: i.update(maxCapacity=2))),
    ("declared", lambda found, folder: setattr(found, "project_dir", folder)),
    ("environments", lambda found, _: setattr(found, "environments", ["prod"])),
    ("drift-nightly", workflows(only_said)),
    ("drift-nightly", workflows(lambda data: data["drift"].update(on="workflow_dispatch"))),
    ("pyramid", lambda found, _: found.tests.update(unit=100, integration=400)),
    ("pyramid", lambda found, _: found.tests.update(end_to_end=0)),
    ("scan-dependencies", without_jobs("pull-request dependencies")),
    ("scan-secrets", without_jobs("pull-request secrets")),
    ("adversarial", definition(lambda steps, _: forget(steps["Gate"], "Robustness"))),
    ("workflows-hardened", workflows(by_tag)),
    ("workflow-rights", workflows(lambda data: data["pull-request"].pop("permissions"))),
    ("workflow-rights", workflows(lambda data: data["drift"].update(permissions={"contents": "write"}))),
    ("buckets-closed", edit("BucketPublicAccessBlock", lambda i: i.update(blockPublicPolicy=False), first=True)),
    ("buckets-closed", drop("BucketServerSideEncryptionConfiguration", "lake-raw")),
    ("keys", edit("kms/key:Key", lambda i: i.update(enableKeyRotation=False))),
    ("keys", unlink("BucketServerSideEncryptionConfiguration", "rules")),
    ("jobs-isolated", definition(lambda steps, _: steps["Explain"]["Arguments"]["NetworkConfig"].pop("VpcConfig"))),
    ("jobs-isolated", definition(lambda steps, _: steps["Train"]["Arguments"].update(EnableNetworkIsolation=False))),
    ("serving-isolated", edit("sagemaker/model:Model", lambda i: i.update(enableNetworkIsolation=False))),
    ("role-per-job", unlink(PIPELINE, "pipelineDefinition", TRAINING)),
    ("findings-routed", edit("EventRule", state("DISABLED"), "findings-macie")),
    ("findings-routed", unlink("EventTarget", "arn", "findings-guardduty")),
    ("secrets-rotated", drop("SecretRotation")),
    ("trail", edit("cloudtrail/trail:Trail", lambda i: i.update(enableLogFileValidation=False))),
    ("trail", edit("cloudtrail/trail:Trail", lambda i: i["advancedEventSelectors"].__delitem__(slice(1, None)))),
    ("trail", unlink("cloudtrail/trail:Trail", "kmsKeyId")),
    ("recorder", drop("RecorderStatus")),
    ("recorder", drop("ConformancePack")),
    ("explained", definition(cardless)),
    ("budget", edit("budgets/budget:Budget", lambda i: i.update(notifications=i["notifications"][:1]))),
    ("budget", drop("TopicSubscription")),
    ("spot", edit("index:TrainingPipeline", lambda i: i.update(use_spot=False))),
    ("spot", definition(lambda steps, _: steps["Train"]["Arguments"].pop("CheckpointConfig"))),
    ("cost-in-ci", without_step("pull-request", "policy", "estate cost")),
    ("anomalies", drop("AnomalySubscription")),
    ("budget-actions", drop("BudgetAction")),
    ("trains", unread),
]  # fmt: skip
"""(item, change): the item is met before, and unmet after."""
