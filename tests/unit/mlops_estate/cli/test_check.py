"""`estate check` and `estate rules`: what they take, print, write and refuse."""

from __future__ import annotations

import json

import pytest
from tests.support.programs import PROJECT

from mlops_estate.cli.boundary import run
from mlops_estate.faults import Fault, FaultsFound
from mlops_policies.catalog import rules

NOTEBOOK, RULE = "aws:sagemaker/notebookInstance:NotebookInstance", "sm-notebook-no-direct-internet"
HERE = ["--project", str(PROJECT)]


@pytest.fixture
def state(tmp_path):
    """Return a function that writes an exported state with one notebook."""

    def written(internet: str, stack: str = "prod"):
        path = tmp_path / "state.json"
        urn = f"urn:pulumi:{stack}::p::{NOTEBOOK}::note"
        resource = {"urn": urn, "type": NOTEBOOK, "custom": True, "inputs": {"directInternetAccess": internet}}
        path.write_text(json.dumps({"version": 3, "deployment": {"resources": [resource]}}))
        return str(path)

    return written


def test_an_exported_state_is_judged_printed_and_written(state, tmp_path, capsys):
    outputs = [tmp_path / "out" / f"check.{ending}" for ending in ("sarif", "xml", "md", "json")]
    wanted = [argument for path in outputs for argument in ("-o", str(path))]
    assert run(["check", "--state", state("Enabled"), "--rule", RULE, *wanted, *HERE]) == 1
    said = capsys.readouterr()
    assert "prod does not pass: 1 mandatory, 0 advisory, 0 exempt; 0 not evaluated." in said.out
    assert all(path.is_file() and f"wrote {path}" in said.out for path in outputs)


def test_a_sound_state_is_exit_code_0_and_json_is_the_report_alone(state, capsys):
    assert run(["check", "--state", state("Disabled"), "--rule", RULE, "--json", *HERE]) == 0
    data = json.loads(capsys.readouterr().out)
    assert (data["ok"], data["summary"]["pass"]) == (True, 1)


def test_the_class_is_by_the_stacks_name_unless_said(state, capsys):
    for arguments, expected in (([], "dev"), (["--class", "staging"], "staging")):
        run(["check", "--state", state("Enabled", "dev"), "--rule", RULE, "--json", *arguments, *HERE])
        assert json.loads(capsys.readouterr().out)["class"] == expected


def test_a_state_is_judged_where_there_is_no_project_by_the_rules_own_defaults(state, tmp_path, monkeypatch, capsys):
    path = state("Enabled")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("mlops_estate.cli.commands.project_dir", _nowhere)
    assert run(["check", "--state", path, "--rule", RULE]) == 1
    assert "judged as prod" in capsys.readouterr().out
    assert run(["check", "--state", path, "--rule", RULE, "--project", str(tmp_path)]) == 2


def _nowhere(given):
    raise FaultsFound([Fault("--project", str(given), "no project was found here or above", "name one")])


def test_a_frameworks_controls_are_shown(state, capsys):
    arguments = ["--rule", RULE, "--framework", "nist-800-53-r5", *HERE]
    assert run(["check", "--state", state("Enabled"), *arguments]) == 1
    said = capsys.readouterr().out
    assert "NIST SP 800-53 Revision 5" in said
    assert f"{RULE} (fail)" in said


@pytest.mark.parametrize(
    ("arguments", "where"),
    [
        (["check"], {"ENV"}),
        (["check", "dev", "--state", "x.json"], {"ENV"}),
        (["check", "--state", "x.json", "--standing", "--class", "test", "--framework", "none", "-o", "x.pdf"],
         {"--standing", "--class", "--framework", "--output"}),
        (["check", "--state", "no-such-file.json"], {"no-such-file.json"}),
        (["check", "--state", "no-such-file.json", "--config", "none.yaml"], {"none.yaml"}),
        (["rules", "list", "--class", "test"], {"--class"}),
        (["rules", "show", "CKV_NOPE"], {"RULE"}),
    ],
)  # fmt: skip
def test_what_is_wrong_with_the_command_line_is_told_at_once(arguments, where, capsys):
    assert run([*arguments, "--json"]) == 2
    assert {fault["where"] for fault in json.loads(capsys.readouterr().out)["faults"]} == where


@pytest.mark.parametrize("content", ["", "no state", '{"version": 3, "deployment": {"resour', '{"version": 3}'])
def test_a_file_that_is_no_state_is_exit_code_2(content, tmp_path, capsys):
    path = tmp_path / "state.json"
    path.write_text(content)
    assert run(["check", "--state", str(path), *HERE]) == 2
    said = capsys.readouterr().err
    assert "Traceback" not in said
    assert "fix:  write one: pulumi stack export" in said


def test_a_rule_or_level_that_does_not_exist_in_the_configuration_is_exit_code_2(state, tmp_path, capsys):
    path = tmp_path / "policies.yaml"
    path.write_text(f"rules: {{nope: advisory, {RULE}: fatal}}\n")
    assert run(["check", "--state", state("Enabled"), "--config", str(path), "--json"]) == 2
    assert {fault["where"] for fault in json.loads(capsys.readouterr().out)["faults"]} == {
        "rules.nope",
        f"rules.{RULE}",
    }


def test_an_expired_exemption_is_exit_code_2_and_exempts_nothing(state, tmp_path, capsys):
    path = tmp_path / "policies.yaml"
    terms = "reason: a trial, owner: ml, ticket: M-1, expires: 2020-01-01"
    path.write_text(f"exemptions: [{{finding: {RULE}, resource: note, {terms}}}]\n")
    assert run(["check", "--state", state("Enabled"), "--rule", RULE, "--config", str(path)]) == 2
    said = capsys.readouterr().out
    assert "exemptions[0] (sm-notebook-no-direct-internet on note) expired on 2020-01-01" in said
    assert "2 mandatory" in said


def test_rules_are_listed_with_their_levels(capsys):
    assert run(["rules", "list", "--class", "dev", "--json"]) == 0
    found = {row["id"]: row for row in json.loads(capsys.readouterr().out)}
    assert set(found) == set(rules())
    assert all(found[name]["level"] == rule.levels["dev"] for name, rule in rules().items())
    assert run(["rules", "list"]) == 0
    assert f"{len(rules())} rules, levels of prod" in capsys.readouterr().out


@pytest.mark.parametrize("name", [RULE, "CKV_AWS_122", "ckv_aws_122"])
def test_a_rule_is_explained_by_its_id_or_by_another_tools_name(name, capsys):
    assert run(["rules", "show", name]) == 0
    said = capsys.readouterr().out
    assert f"{RULE}: {rules()[RULE].title}" in said
    assert "others     Checkov CKV_AWS_122" in said
    assert "control    nist-800-53-r5: AC-4" in said
