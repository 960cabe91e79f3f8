"""Preflight of the shipped environments: the plan against what stands, the policy against the calls that are made."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
from tests.support.estates import RecordingDriver, register_untrained
from tests.support.planned import ACCOUNT, REGION, environment, planned
from tests.support.programs import MODEL, PROJECT

from mlops_components.delivery_audit import OPERATORS
from mlops_estate.cli.boundary import run
from mlops_estate.embedded.account import EmbeddedAccount
from mlops_estate.embedded.driver.table import table
from mlops_estate.embedded.iam.evaluation import Policies, Request, decide
from mlops_estate.preflight import Account, Planned, actions, collect_planned, in_account, policy, preflight
from mlops_estate.preflight.calls import Call, calls_of, flat, resources_of
from mlops_estate.preflight.identity import delivery_identity, permission_findings
from mlops_estate.preflight.running import key_policies, names_for
from mlops_estate.reports.preflight import as_json, as_markdown, as_page, as_text
from mlops_estate.up.session import EstateSession
from mlops_policies.iam.statements import parse

ROLE = f"arn:aws:iam::{ACCOUNT}:role/deployer"


class Recording(RecordingDriver):
    """Keeps every call that is sent, with the resource it is sent for."""

    def __init__(self, account: EmbeddedAccount) -> None:
        super().__init__(account)
        self.sent: list[tuple[str, str, Mapping[str, Any], str]] = []
        send = self.caller.send_checked

        def kept(service: str, operation: str, params: Mapping[str, Any], urn: str) -> dict[str, Any]:
            self.sent.append((service, operation, params, urn))
            return send(service, operation, params, urn)

        self.caller.send_checked = kept  # type: ignore[method-assign]


def stood_up(name: str) -> SimpleNamespace:
    """Stand an environment up, read it back, change it, and tear it down; return what was sent, and the plan."""
    loaded = in_account(environment(name), ACCOUNT)
    with EmbeddedAccount(REGION) as account:
        driver = Recording(account)
        session = EstateSession(loaded, account, driver)
        graph = session.apply(dict.fromkeys(loaded.config.models))
        for outputs in graph.stack_outputs["models"].values():
            register_untrained(account, outputs["model_package_group"], graph.stack_outputs["buckets"]["models"])
        graph = session.apply(dict.fromkeys(loaded.config.models, 1))
        session.read_back()
        changed = {**loaded.estate_raw, "keys": {"rotation_days": 200, "deletion_window_days": 20}}
        session.environment = replace(loaded, estate_raw=changed)
        session.apply(dict.fromkeys(loaded.config.models, 1))
        session.destroy(unprotect=True)
        return SimpleNamespace(sent=driver.sent, graph=graph, loaded=loaded, plan=collect_planned(loaded))


@pytest.fixture(scope="module")
def prod() -> SimpleNamespace:
    return stood_up("prod")


def statements_of(documents: list[dict[str, Any]]) -> tuple[Any, ...]:
    return tuple(statement for document in documents for statement in parse(document))


def decided(call: Call, statements: tuple[Any, ...], graph: Any) -> bool:
    """Whether the deployer may make a call by these statements, and the key's own policy."""
    context = {"aws:RequestedRegion": REGION, "aws:PrincipalArn": ROLE, **call.context}
    # Every key hands on to IAM here: whether it does is for the check of keys.
    root = parse({"Statement": [{"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"},
                                 "Action": "kms:*", "Resource": "*"}]})  # fmt: skip
    resource = root if call.action.startswith("kms:") and call.resource != "*" else None
    request = Request(ROLE, call.action, call.resource, context, ACCOUNT)
    return decide(request, Policies((statements,), None, None, resource)).allowed


def minimal(plan: Planned, config: Any) -> tuple[list[Call], list[dict[str, Any]]]:
    calls = calls_of(plan.graph, ACCOUNT, REGION, "aws")
    return calls, policy.documents(policy.minimal_policy(calls, names_for(plan.graph, config)))


def requests(run: SimpleNamespace) -> list[Call]:
    """Return each call that was sent as IAM decides it, with the ARNs and tags of what really stood."""
    nodes = {node.urn: node for node in run.plan.graph.custom_nodes()}
    tags: dict[str, Mapping[str, str]] = {}
    own: dict[str, str] = {}
    for standing in run.graph.custom_nodes():
        arn = str(
            next(
                (
                    standing.outputs[key]
                    for key in ("arn", "endpointArn", "jobArn", "jobDefinitionArn")
                    if standing.outputs.get(key)
                ),
                "",
            )
        )
        own[standing.urn] = arn or nodes[standing.urn].aws.get("arn", "") if standing.urn in nodes else arn
        tags[arn] = nodes[standing.urn].aws.get("tags") or {} if standing.urn in nodes else {}
    found = []
    for service, operation, params, urn in run.sent:
        action = actions.action_of(service, operation)
        assert actions.is_known(action), action
        node = nodes[urn]
        creation = run.graph.nodes[urn].aws
        words = {**flat(creation["params"]), **flat(params), **creation["keys"]}
        words |= {"account": ACCOUNT, "region": REGION, "partition": "aws"}
        if "AWSServiceName" in words:
            words["RolePath"] = node.aws["arn"].split(":role/")[1]
        for kind, named in resources_of(action, words, own[urn]):
            first = f"{service}:{operation}" == node.aws["operation"] and (not kind or named == own[urn])
            asked = {f"aws:RequestTag/{key}": value for key, value in node.aws["tags"].items()}
            told = {f"aws:ResourceTag/{key}": value for key, value in tags.get(named, {}).items()}
            context = asked if first else {**asked, **told} if "Tag" in operation else told
            found.append(Call(action, named, kind, "", urn, f"{service}:{operation}", context, first))
    return found


def test_the_plan_has_the_names_and_arns_of_what_really_stands(prod):
    planned_nodes = {node.urn: node for node in prod.plan.graph.custom_nodes()}
    assert planned_nodes.keys() == {node.urn for node in prod.graph.custom_nodes()}
    compared = 0
    for node in prod.graph.custom_nodes():
        plan, real = planned_nodes[node.urn], node.outputs.get("arn")
        known = node.inputs.keys() - plan.inputs.keys()
        assert known <= {"prefixListId"}, node.urn  # AWS alone knows the lists of a region
        if not node.is_provider and plan.outputs.get("arn") and real:
            made_up = r"[0-9a-f-]{17,}|-[0-9a-f]{7}$|-\w{6}$|(?<=scalable-target/)\w+$|[\w-]+(?<=-[0-9a-f]{9})$"
            shown = [re.sub(made_up, "~", arn) for arn in (plan.outputs["arn"], real)]
            assert shown[0] == shown[1], node.urn
            compared += 1
    assert compared > 100


def test_every_call_that_an_embedded_apply_makes_is_allowed_by_the_minimal_policy(prod):
    _, documents = minimal(prod.plan, prod.loaded.config)
    allowed = statements_of(documents)
    asked = requests(prod)
    assert len(asked) > 1400
    assert len({call.action for call in asked}) > 240
    refused = {(call.action, call.resource, call.operation) for call in asked if not decided(call, allowed, prod.graph)}
    assert refused == set()


def test_without_any_one_action_some_call_of_the_plan_is_denied(prod):
    calls, documents = minimal(prod.plan, prod.loaded.config)
    by_action: dict[str, list[Call]] = {}
    for call in calls:
        by_action.setdefault(call.action, []).append(call)
    every = [one for document in documents for one in document["Statement"]]
    assert {action for one in every for action in one["Action"]} == by_action.keys()
    for action, asked in by_action.items():
        # Statements name actions in full, so that only those that name this one have a say about it.
        without = [{**one, "Action": [name for name in one["Action"] if name != action]} for one in every]
        same_service = [one for one in without if any(name.startswith(action.split(":")[0]) for name in one["Action"])]
        statements = statements_of([{"Version": "2012-10-17", "Statement": same_service}]) if same_service else ()
        assert not all(decided(call, statements, prod.graph) for call in asked), action


def test_without_any_one_statement_some_call_of_the_plan_is_denied(prod):
    calls, documents = minimal(prod.plan, prod.loaded.config)
    every = [(one, statements_of([{**document, "Statement": [one]}])) for document in documents
             for one in document["Statement"]]  # fmt: skip
    for one, _ in every:
        service = {action.split(":")[0] for action in one["Action"]}
        about = [call for call in calls if call.action in one["Action"]]
        rest = tuple(item for other, found in every if other is not one
                     and {action.split(":")[0] for action in other["Action"]} & service for item in found)  # fmt: skip
        assert not all(decided(call, rest, prod.graph) for call in about), one["Sid"]


def test_calls_that_are_made_leave_no_type_of_the_estate_out(prod):
    """What was sent covers creation, reading and deletion of every type: the proof above is about them all."""
    sent = {(service, operation) for service, operation, _, _ in prod.sent}
    kinds = {node.type for node in prod.graph.custom_nodes() if not node.is_provider}
    for kind in kinds:
        row = table()[kind]
        assert (row.service, row.create) in sent, kind
        assert not row.read or (row.service, row.read) in sent, kind


def test_the_policy_is_within_iams_lengths_and_no_wildcard_stands_without_its_reason(prod):
    calls = calls_of(prod.plan.graph, ACCOUNT, REGION, "aws")
    made = policy.minimal_policy(calls, names_for(prod.plan.graph, prod.loaded.config))
    documents = policy.documents(made)
    assert len(documents) <= policy.MOST_ATTACHED
    assert all(policy.length(document) <= policy.LONGEST_MANAGED for document in documents)
    assert len({one["Sid"] for document in documents for one in document["Statement"]}) == sum(
        len(document["Statement"]) for document in documents
    )
    for statement in made:
        assert not [action for action in statement.actions if "*" in action]
        if "*" in statement.resources:
            assert statement.why, statement.sid
            kinds = {kind for action in statement.actions for kind in actions.kinds_of(action)}
            assert kinds == set(), statement


def test_delivery_may_do_whatever_a_first_up_of_production_takes():
    """With the bootstrap's boundary and role configured."""
    loaded = environment("prod")
    raw = {
        **loaded.estate_raw,
        "delivery_role_arns": [f"arn:aws:iam::{ACCOUNT}:role/mlops-bootstrap-delivery"],
        "permissions_boundary_arn": f"arn:aws:iam::{ACCOUNT}:policy/mlops-bootstrap-boundary",
    }
    from mlops_estate.config import parse as parse_config

    config = parse_config("prod", raw, loaded.models_raw)
    plan = collect_planned(replace(loaded, estate_raw=raw, config=config))
    calls = calls_of(plan.graph, ACCOUNT, REGION, "aws")
    found = permission_findings(calls, delivery_identity(config), key_policies(plan.graph))
    blocking = {finding.title.split("may not ")[1] for finding in found if finding.state == "blocks"}
    assert blocking == set()
    kept = " ".join(finding.title for finding in found if finding.state == "ok")
    assert {action for action in OPERATORS if action in kept} >= {"cloudtrail:DeleteTrail"}


@pytest.mark.parametrize("name", ["dev", "staging", "prod"])
def test_nothing_that_is_known_stops_a_shipped_environment(name):
    others = [environment(other).config for other in ("dev", "staging", "prod") if other != name]
    report = preflight(planned(name), environment(name).config, PROJECT, others=others)
    assert report.counts()["blocks"] == 0
    assert report.exit_code == 0
    states = [finding.state for finding in report.findings]
    assert states == sorted(states, key=("blocks", "warns", "unknown", "ok").index)
    assert {finding.check for finding in report.findings} == {
        "account", "name", "region", "image", "key", "permission", "quota",
    }  # fmt: skip


def test_the_same_plan_gives_the_same_bytes_and_every_form_says_the_same():
    config = environment("prod").config
    one, two = (preflight(collect_planned(environment("prod")), config, PROJECT) for _ in range(2))
    assert as_json(one) == as_json(two)
    assert as_page(one) == as_page(two)
    titles = [finding.title for finding in one.findings if finding.state != "ok"]
    markdown, page = as_markdown(one), as_page(one)
    text = " ".join(as_text(one).split())
    for title in titles:
        assert title.replace("<", "&lt;") in markdown
        assert " ".join(title.split()) in text
    assert page.count("<tr>") == len(one.findings) + len({finding.state for finding in one.findings})
    assert max(len(line) for line in as_text(one).splitlines()) < 100


def test_what_stands_in_an_account_already_is_called_out():
    loaded = in_account(environment("dev"), ACCOUNT)
    plan = collect_planned(loaded)
    with EmbeddedAccount(REGION) as account:
        seen = preflight(plan, loaded.config, PROJECT, account=Account(account.client, "embedded", quotas=False))
        assert seen.counts()["blocks"] == 0
        assert "no name of the plan is taken" in {finding.title for finding in seen.findings}
        bucket = next(node for node in plan.graph.custom_nodes() if node.type == "aws:s3/bucket:Bucket")
        account.client("s3").create_bucket(
            Bucket=bucket.aws["name"], CreateBucketConfiguration={"LocationConstraint": REGION}
        )
        key = account.client("kms").create_key()["KeyMetadata"]["KeyId"]
        account.client("kms").create_alias(AliasName="alias/mlops-dev-personal", TargetKeyId=key)
        account.client("kms").schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
        account.client("guardduty").create_detector(Enable=True)
        report = preflight(plan, loaded.config, PROJECT, account=Account(account.client, "embedded", quotas=False))
        blocked = {finding.title: finding for finding in report.findings if finding.state == "blocks"}
        assert set(blocked) == {
            f"Bucket {bucket.aws['name']} is there already",
            "alias/mlops-dev-personal is there already",
            "the account's guardduty stands already, and would be made again",
        }
        assert blocked["alias/mlops-dev-personal is there already"].have == "of a key that is PendingDeletion"
        ours = frozenset(plan.graph.nodes)
        mine = preflight(
            plan, loaded.config, PROJECT, account=Account(account.client, "embedded", quotas=False, ours=ours)
        )
        assert mine.counts()["blocks"] == 0


def test_the_command_prints_json_and_writes_the_policy(tmp_path, capsys):
    path = tmp_path / "policy.json"
    code = run(["preflight", "dev", "--json", "--policy", str(path), "--project", str(PROJECT)])
    data = json.loads(capsys.readouterr().out)
    assert code == 0
    assert (data["format"], data["version"], data["ok"]) == ("mlops-estate/preflight", 1, True)
    assert json.loads(path.read_text()) == data["policy"]["documents"]
    assert {finding["model"] for finding in data["findings"]} >= {MODEL}


@pytest.mark.parametrize(
    ("options", "where"),
    [
        (["-o", "x.pdf"], "--output"),
        (["--policy", "x.txt"], "--policy"),
        (["--online", "--account", "http://x"], "--online"),
        (["--account", "http://example.com:1"], "--account"),
    ],
)
def test_a_wrong_command_line_is_a_fault_before_anything_runs(options, where, capsys):
    assert run(["preflight", "dev", "--json", "--project", str(PROJECT), *options]) == 2
    assert [fault["where"] for fault in json.loads(capsys.readouterr().out)["faults"]] == [where]
