"""The policy pack under the real Pulumi engine: what it stops, mends, tells, hides; and that `estate check` agrees."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.support.policy_folders import small_pack
from tests.support.policy_output import (
    shown_as_events,
    shown_as_text,
    unevaluated,
    unevaluated_of,
    violations,
    violations_of,
)
from tests.support.pulumi_cli import PulumiProject, estate_config, estate_project, needs_pulumi, small_project

from mlops_estate.checks import CheckReport, check_graph, check_state, configuration_of
from mlops_estate.embedded.account import EmbeddedAccount
from mlops_estate.embedded.server import AccountServer
from mlops_estate.engine import run_program
from mlops_policies.resource import Provider
from mlops_policies.states import NotAState, read
from mlops_policies.values import UNKNOWN

pytestmark = [pytest.mark.engine, needs_pulumi]

HUSH = "correct horse battery staple"
START = """
import pulumi, pulumi_aws as aws
provider = aws.Provider(
    "aws", region="eu-west-1", allowed_account_ids=["123456789012"], default_tags={"tags": {"owner": "ml"}})
mine = pulumi.ResourceOptions(provider=provider)
"""
BAD = START + 'aws.sns.Topic("bad", display_name="a name of more than thirty characters", opts=mine)\n'
LATER = START + 'aws.sns.Topic("second", display_name=aws.sns.Topic("first", opts=mine).arn, opts=mine)\n'
SECRET = f'aws.sns.Topic("hidden", display_name=pulumi.Output.secret("{HUSH} is long"), opts=mine)\n'
TOO_LONG = 'displayName is "a name of more than thirty characters"; it must have at most 30 characters. Mend it.'
PLAIN_TOPIC = 'tracingConfig is absent, which AWS takes as "PassThrough"; it must be Active. Mend it.'

Making = Callable[[str], PulumiProject]


@pytest.fixture
def account() -> Iterator[EmbeddedAccount]:
    with EmbeddedAccount() as standing:
        yield standing


@pytest.fixture
def making(account, tmp_path) -> Iterator[Making]:
    with AccountServer() as server:
        (tmp_path / "project").mkdir()
        yield lambda program: small_project(tmp_path / "project", server.url, program)


def topics(account: EmbeddedAccount) -> list[str]:
    return [entry["TopicArn"].rpartition(":")[2] for entry in account.client("sns").list_topics()["Topics"]]


def test_a_mandatory_violation_fails_preview_and_update_and_its_resource_is_not_made(account, making, tmp_path):
    project, pack = making(BAD), str(small_pack(tmp_path))
    for command in (["preview"], ["up", "--yes", "--skip-preview"]):
        done = project.ask(*command, "--policy-pack", pack)
        assert done.returncode == 1
        assert "topic-short  (aws:sns:Topic: bad)" in done.stdout
        assert [(entry.policy, entry.name, entry.message, entry.level) for entry in shown_as_text(done.stdout)] == [
            ("topic-short", "bad", TOO_LONG, "mandatory"),
            ("topic-advised", "bad", PLAIN_TOPIC, "advisory"),
        ]
    assert topics(account) == []
    left = json.loads(project.run("stack", "export"))["deployment"]["resources"]
    assert [entry["type"] for entry in left] == ["pulumi:pulumi:Stack", "pulumi:providers:aws"]


def test_what_is_unknown_at_a_preview_is_advice_there_and_judged_at_the_update(account, making, tmp_path):
    project, pack = making(LATER), small_pack(tmp_path)
    before = shown_as_text(project.run("preview", "--policy-pack", str(pack)))
    assert ("topic-short", "second") in unevaluated(before)
    (advice,) = [entry for entry in before if (entry.policy, entry.name) == ("topic-short", "second")]
    assert advice.level == "advisory"
    assert advice.message.endswith("during preview: string value at .displayName can't be known during preview")

    stopped = project.ask("up", "--yes", "--skip-preview", "--policy-pack", str(pack))
    assert stopped.returncode == 1
    (fault,) = [entry for entry in shown_as_text(stopped.stdout) if entry.level == "mandatory"]
    assert (fault.policy, fault.name) == ("topic-short", "second")
    assert fault.message.startswith('displayName is "arn:aws:sns:eu-west-1:')
    assert [name.partition("-")[0] for name in topics(account)] == ["first"]

    (laid_over := tmp_path / "over.json").write_text('{"topic-short": {"longest": 200}, "topic-advised": "disabled"}')
    runs, entry = tmp_path / "runs", pack / "__main__.py"
    entry.write_text(f"open({str(runs)!r}, 'a').write('started ')\n{entry.read_text()}")
    done = project.run("up", "--yes", "--policy-pack", str(pack), "--policy-pack-config", str(laid_over))
    assert "topic-short" not in done
    assert "topic-advised" not in done
    assert len(topics(account)) == 2
    # One process for the preview, another for the update: neither can see what the other recorded.
    assert runs.read_text().split() == ["started", "started"]


def test_remediation_mends_before_creation_and_leaves_resources_with_secrets_alone(account, making, tmp_path):
    pack = str(small_pack(tmp_path, rules={"topic-short": "remediate"}))
    project = making(BAD)
    done = project.run("up", "--yes", "--skip-preview", "--policy-pack", pack)
    assert "[remediate]" in done
    state = json.loads(project.run("stack", "export"))["deployment"]["resources"]
    (made,) = [entry for entry in state if entry["type"] == "aws:sns/topic:Topic"]
    assert (made["inputs"]["displayName"], made["outputs"]["displayName"]) == ("short", "short")
    (arn,) = [entry["TopicArn"] for entry in account.client("sns").list_topics()["Topics"]]
    assert account.client("sns").get_topic_attributes(TopicArn=arn)["Attributes"]["DisplayName"] == "short"
    assert made["inputs"]["__defaults"] == ["name"]

    project.program(BAD + SECRET)
    refused = project.ask("preview", "--diff", "--policy-pack", pack)
    assert refused.returncode == 1
    assert "displayName is a secret whose value breaks the rule" in refused.stdout
    assert HUSH not in refused.stdout + refused.stderr
    refused = project.ask("up", "--yes", "--skip-preview", "--policy-pack", pack)
    assert refused.returncode == 1
    assert HUSH not in refused.stdout + refused.stderr
    assert len(topics(account)) == 1


def test_a_broken_configuration_fails_the_preview_with_every_fault(making, tmp_path):
    pack = small_pack(tmp_path, rules={"topic-shrt": "advisory", "topic-short": {"settings": {"longest": 0}}})
    done = making(BAD).ask("preview", "--policy-pack", str(pack))
    told = done.stdout + done.stderr
    assert done.returncode != 0
    assert "aws:sns" not in told
    for fault in ("rules.topic-shrt = 'topic-shrt': there is no such rule", "rules.topic-short.settings.longest = 0:"):
        assert fault in told


def test_what_the_cli_writes_is_read_whole(making, tmp_path):
    """Every resource, its provider's tags, what is protected, secret or unknown; of a state, a preview and a plan."""
    kept = "pulumi.ResourceOptions(provider=provider, protect=True)"
    project = making(LATER + SECRET.replace("opts=mine", f"opts={kept}"))
    plan, preview, state = (tmp_path / f"{name}.json" for name in ("plan", "preview", "state"))
    preview.write_text(project.run("preview", "--json", "--save-plan", str(plan)))
    project.run("up", "--yes", "--skip-preview")
    state.write_text(project.run("stack", "export"))
    for path, kind in ((preview, "preview"), (plan, "plan"), (state, "state")):
        found = read(path)
        assert (found.kind, found.stack, found.notes) == (kind, "dev", ())
        by_name = {entry.name: entry for entry in found.resources}
        assert by_name.keys() == {"small-dev", "aws", "first", "second", "hidden"}
        hidden, second = by_name["hidden"], by_name["second"]
        assert hidden.provider == second.provider == Provider("eu-west-1", {"owner": "ml"})
        assert (hidden.inputs["displayName"], hidden.protect, second.protect) == (UNKNOWN, True, False)
        assert hidden.secrets is not None
        assert "displayName" in hidden.secrets
        assert second.property_dependencies["displayName"] == (by_name["first"].urn,)
        assert hidden.source == ("" if kind == "plan" else "__main__.py:7")
        assert HUSH not in str(found)
        assert (second.inputs["displayName"] != UNKNOWN) is (kind == "state")

    preview.write_text(project.run("preview", "--json"))
    with pytest.raises(NotAState, match="leaves out the 4 resources that stay the same"):
        read(preview)
    preview.write_text(project.run("preview", "--json", "--show-sames"))
    assert len(read(preview).resources) == 5


def open_questions(report: CheckReport) -> dict[tuple[str, str, str], list[str]]:
    """Return what could not be evaluated; a file has its resources in an order of its own."""
    return {about: sorted(named) for about, named in unevaluated_of(report.pack).items()}


def agreed(report: CheckReport, shown: str, as_events: bool = False) -> None:
    told = shown_as_events(shown) if as_events else shown_as_text(shown)
    assert violations(told) == violations_of(report)
    assert unevaluated(told) == {(rule, name) for rule, _, name in unevaluated_of(report.pack)}


def test_the_estates_own_program_is_judged_alike_by_the_engine_and_by_estate_check(account, tmp_path):
    """`dev`, at a preview and when it stands; by rule, resource, message and level."""
    with AccountServer() as server:
        project = estate_project(tmp_path, server.url)
        values = estate_config("dev", {})
        project.configure("dev", values)
        project.run("stack", "init", "dev")
        files: dict[str, Path] = {name: tmp_path / f"{name}.json" for name in ("preview", "plan", "state")}
        with_pack = project.ask("preview", "--policy-pack", "policies")
        files["preview"].write_text(project.run("preview", "--json", "--save-plan", str(files["plan"])))
        updated = project.ask("up", "--yes", "--skip-preview", "--policy-pack", "policies")
        files["state"].write_text(project.run("stack", "export"))
        # This command tells a pack no stack; the variable chooses it for the CLI and is inherited by the pack.
        analyzed = project.ask("policy", "analyze", "--policy-pack", "policies", "--json", PULUMI_STACK="dev")

    configuration = configuration_of(tmp_path / "policies" / "policies.yaml")
    graph = run_program(tmp_path / "stacks" / "__main__.py", stack="dev", config=values)
    offline = check_graph(graph, configuration)
    assert with_pack.returncode == offline.exit_code
    agreed(offline, with_pack.stdout)
    for name in ("preview", "plan"):
        of_file = check_state(files[name], configuration)
        assert of_file.resources == offline.resources
        assert violations_of(of_file) == violations_of(offline)
        assert open_questions(of_file) == open_questions(offline)
    standing = check_state(files["state"], configuration)
    assert standing.resources == offline.resources
    assert updated.returncode == analyzed.returncode == standing.exit_code
    agreed(standing, updated.stdout)
    agreed(standing, analyzed.stdout, as_events=True)
    assert open_questions(standing) == {}
