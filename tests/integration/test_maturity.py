"""Maturity of the shipped prod environment: what is met goes with its evidence, what is not comes with it."""

from __future__ import annotations

import json
from functools import cache

import pytest
from tests.support.maturity import TRAINING, add, block, edit, facts, link, workflows
from tests.support.maturity_losses import ALARM, LOSING, PIPELINE, shadowed
from tests.support.programs import MODEL, PROJECT

from mlops_estate.cli.boundary import run
from mlops_estate.graph import UNKNOWN
from mlops_estate.graph_models import models_of
from mlops_estate.maturity import assess
from mlops_estate.maturity.catalog import catalog
from mlops_estate.maturity.checks import run as look
from mlops_estate.maturity.facts import Facts
from mlops_estate.maturity.pipelines import read_pipelines

ITEMS = {item.id: item for capability in catalog().capabilities for item in capability.items}
RULE, TARGET = "aws:cloudwatch/eventRule:EventRule", "aws:cloudwatch/eventTarget:EventTarget"


@cache
def shipped():
    return assess(facts(), "prod")


@pytest.mark.parametrize(("item", "change"), LOSING, ids=[f"{item}-{at}" for at, (item, _) in enumerate(LOSING)])
def test_an_item_is_lost_with_its_evidence(item, change, tmp_path):
    assert shipped().outcomes[item].state == "met", shipped().outcomes[item].why
    found = facts()
    change(found, tmp_path)
    lost = look(ITEMS[item], found)
    assert lost.state == "unmet"
    assert lost.why


def test_every_item_that_is_met_has_been_tried_without_its_evidence():
    met = {item for item, outcome in shipped().outcomes.items() if outcome.state == "met"}
    assert met <= {item for item, _ in LOSING} | GAINED


CONSTRAINTS = {"constraintsResource": {"s3Uri": "s3://x/constraints.json"}}
START = {TARGET: {"rule": ["eventRule:EventRule found"], "arn": [f"{PIPELINE} {TRAINING}"]}}


def starts(pattern):
    """Declare a rule that starts the training pipeline."""
    return [add(RULE, "found", {"eventPattern": json.dumps(pattern)}),
            add(TARGET, "found-target", {}, START[TARGET])]  # fmt: skip


def acts(pattern):
    """Declare a rule that starts a function."""
    links = {"rule": ["eventRule:EventRule found"], "arn": ["function:Function remedy"]}
    rule = add(RULE, "found", {"eventPattern": json.dumps(pattern)})
    return [add("aws:lambda/function:Function", "remedy", {}), rule, add(TARGET, "found-target", {}, links)]


def second_variant(inputs):
    inputs["productionVariants"].append({**inputs["productionVariants"][0], "variantName": "challenger"})


PUTS = json.dumps({"Statement": [{"Effect": "Allow", "Action": ["sagemaker:PutRecord"], "Resource": "*"}]})
GAINING = [
    ("data-ingestion", [
        add("aws:iam/role:Role", "writer", {}),
        add("aws:iam/rolePolicy:RolePolicy", "writer-policy", {"policy": PUTS}, {"role": ["role:Role writer"]}),
        add("aws:lambda/function:Function", "writer", {}, {"role": ["role:Role writer"]})]),
    ("validation-live", [edit("DataQualityJobDefinition", lambda i: i.update(dataQualityBaselineConfig=CONSTRAINTS))]),
    ("drift-live", [edit("DataQualityJobDefinition", lambda i: i.update(dataQualityBaselineConfig=CONSTRAINTS))]),
    ("commit-scheduled", [edit("scheduler/schedule:Schedule", lambda i: i["target"]["sagemakerPipelineParameters"][
        "pipelineParameters"].append({"name": "Commit", "value": "abc"}))]),
    ("shadow", [edit("EndpointConfiguration", shadowed)]),
    ("shadow-validation", [edit("EndpointConfiguration", shadowed)]),
    ("ab", [edit("EndpointConfiguration", second_variant)]),
    ("version-pinned", [block(lambda model: model["release"].update(version=1))]),
    ("promotion", acts({"source": ["aws.sagemaker"], "detail-type": ["SageMaker Model Package State Change"]})),
    ("dashboard", [add("aws:cloudwatch/dashboard:Dashboard", "models", {})]),
    ("drift-alarm", [
        add("aws:cloudwatch/metricAlarm:MetricAlarm", "drifted", {
            "namespace": "aws/sagemaker/Endpoints/data-metrics", "dimensions": {"Endpoint": f"mlops-prod-{MODEL}"}},
            {"alarmActions": ["topic:Topic alerts-warning"]})]),
    ("paging", [add("aws:sns/topicSubscription:TopicSubscription", "pager", {"protocol": "https"},
                    {"topic": ["topic:Topic alerts-critical"]})]),
    ("retrain-drift", starts({"source": ["aws.cloudwatch"], "detail-type": ["CloudWatch Alarm State Change"]})),
    ("retrain-data", starts({"source": ["aws.s3"], "detail-type": ["Object Created"]})),
    ("remediation", acts({"source": ["aws.cloudwatch"], "detail-type": ["CloudWatch Alarm State Change"]})),
    ("remediation", [add("aws:lambda/function:Function", "remedy", {}),
                     link(ALARM, "alarmActions", "function:Function remedy", f"{MODEL}-memory")]),
    ("benchmarks", [workflows(lambda data: data["pull-request"]["jobs"]["lint"]["steps"].append(
        {"run": ".venv/bin/python benchmarks/preview.py"}))]),
    ("inference-protected", [
        add("aws:wafv2/webAcl:WebAcl", "front", {"rules": [{"statement": {"rateBasedStatement": {"limit": 100}}}]}),
        add("aws:wafv2/webAclAssociation:WebAclAssociation", "front", {}, {"webAclArn": ["webAcl:WebAcl front"]})]),
    ("evidence", [workflows(
        lambda data: data["drift"]["jobs"]["look"]["steps"].append({"run": "./estate evidence prod"}))]),
]  # fmt: skip
GAINED = {item for item, _ in GAINING}
NOT_YET = ("data-ingestion", "shadow", "shadow-validation", "ab", "promotion", "retrain-drift", "retrain-data",
           "remediation", "version-pinned", "drift-live", "validation-live")  # fmt: skip


@pytest.mark.parametrize(("item", "changes"), GAINING, ids=[f"{item}-{at}" for at, (item, _) in enumerate(GAINING)])
def test_an_item_is_gained_with_evidence(item, changes, tmp_path):
    found = facts()
    for change in changes:
        change(found, tmp_path)
    outcome = look(ITEMS[item], found)
    assert outcome.state == "met", outcome.why
    assert outcome.evidence


@pytest.mark.parametrize("item", NOT_YET)
def test_what_the_estate_does_not_do_is_not_claimed(item):
    outcome = shipped().outcomes[item]
    assert outcome.state == "unmet"
    assert outcome.why


def test_every_item_has_evidence_or_a_reason_and_a_step():
    for name, outcome in shipped().outcomes.items():
        assert outcome.evidence if outcome.state == "met" else outcome.why, name
        assert ITEMS[name].step


@pytest.mark.parametrize(
    "pattern", [{"source": ["aws.health"]}, {"source": ["aws.cloudwatch"], "detail-type": ["Other"]}]
)
def test_a_rule_on_something_else_is_no_retraining_on_drift(pattern, tmp_path):
    found = facts()
    for change in starts(pattern):
        change(found, tmp_path)
    assert look(ITEMS["retrain-drift"], found).state == "unmet"


def test_a_message_is_no_remedy(tmp_path):
    found = facts()
    add(RULE, "found", {"eventPattern": json.dumps({"source": ["aws.cloudwatch"]})})(found, tmp_path)
    add(TARGET, "t", {}, {"rule": ["eventRule:EventRule found"], "arn": ["topic:Topic alerts-critical"]})(
        found, tmp_path
    )
    assert look(ITEMS["remediation"], found).state == "unmet"


def test_what_the_account_has_of_its_own_does_not_apply():
    found = facts()
    found.existing = frozenset({"cloudtrail", "config_recorder"})
    assert {look(ITEMS[name], found).state for name in ("trail", "recorder")} == {"not applicable"}


def test_evidence_names_what_is_there():
    """Every URN is in the graph, every file in the project, every workflow step in its file."""
    found = facts()
    steps = {step.where for step in found.steps()} | {
        f"{one.path}:{job.name}" for one in found.workflows for job in one.jobs
    }
    for name, outcome in shipped().outcomes.items():
        for one in outcome.evidence:
            if one.kind == "resource":
                assert one.where in found.graph.nodes, name
            elif one.kind == "pipeline step":
                assert one.where.split(" step ")[0] in found.graph.nodes, name
            elif one.kind == "workflow step":
                assert one.where in steps, name
            elif one.kind == "file":
                assert (PROJECT / one.where).exists(), name


@pytest.mark.parametrize("environment", ["dev", "staging"])
def test_the_command_tells_of_every_environment(environment, capsys):
    assert run(["maturity", environment, "--json", "--project", str(PROJECT)]) == 0
    data = json.loads(capsys.readouterr().out)
    assert (data["format"], data["version"], data["environment"]) == ("mlops-estate/maturity", 1, environment)
    assert data["level"] == min(one["level"] for one in data["capabilities"])
    levels = {one["id"]: one["level"] for one in data["capabilities"]}
    assert (levels["deployment"], levels["retraining"]) == ((1, 1) if environment == "dev" else (2, 2))


def test_files_are_written_and_gates_are_held(tmp_path, capsys):
    wanted = [tmp_path / f"m{ending}" for ending in (".html", ".svg", ".md", ".txt", ".json")]
    outputs = [part for path in wanted for part in ("-o", str(path))]
    assert run(["maturity", "prod", *outputs, "--min-level", "3", "--project", str(PROJECT)]) == 1
    out = capsys.readouterr().out
    assert all(path.is_file() for path in wanted)
    assert "too low: level" in out
    assert max(map(len, out.splitlines())) < 100 + len(str(tmp_path))
    assert run(["maturity", "prod", "--min-automation", "10", "--all", "--project", str(PROJECT)]) == 0
    capsys.readouterr()
    assert run(["maturity", "prod", "-o", "m.pdf", "--project", str(PROJECT)]) == 2
    assert run(["maturity", "nowhere", "--project", str(PROJECT)]) == 2


def unknown_of(value):
    """Make every leaf unknown."""
    if isinstance(value, dict):
        return {key: unknown_of(one) for key, one in value.items()}
    return [unknown_of(one) for one in value] if isinstance(value, list) else UNKNOWN


@pytest.mark.parametrize(
    "made", [lambda _: UNKNOWN, unknown_of, lambda _: None, lambda _: [UNKNOWN], lambda _: {}, lambda _: 7]
)
def test_values_that_are_unknown_or_of_another_shape_end_no_assessment(made):
    found = facts()
    for node in found.graph.nodes.values():
        node.inputs = {name: made(value) for name, value in node.inputs.items()}
    changed = Facts(found.graph, found.project_dir, found.models, read_pipelines(found.graph, found.project_dir),
                    found.workflows, found.tests, found.environments, [], models_of(found.graph))  # fmt: skip
    report = assess(changed, "prod")
    assert {report.outcomes[name].state for name in ("rollback", "autoscaling", "trail", "capture")} == {"unmet"}
