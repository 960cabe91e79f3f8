"""A check: graphs and files judged by the pack, and the report that every form is written from."""

from __future__ import annotations

import json
from datetime import date

import pytest
import yaml

from mlops_estate.checks import check_graph, check_state, configuration_of
from mlops_estate.checks.report import FORMAT
from mlops_estate.faults import FaultsFound
from mlops_estate.graph import UNKNOWN, ResourceGraph, ResourceNode
from mlops_estate.graph_file import save
from mlops_policies.configuration import Configuration, parse
from mlops_policies.verdicts import Status

TODAY = date(2026, 11, 25)
NOTEBOOK, RULE = "aws:sagemaker/notebookInstance:NotebookInstance", "sm-notebook-no-direct-internet"
EXEMPTION = {"finding": RULE, "resource": "trial", "reason": "a trial", "owner": "ml", "ticket": "ML-1"}
PROVIDER = "urn:pulumi:dev::p::pulumi:providers:aws::aws"


def node(name, kind=NOTEBOOK, **changes):
    urn = PROVIDER if name == "aws" else f"urn:pulumi:dev::p::{kind}::{name}"
    return ResourceNode(**{"urn": urn, "type": kind, "name": name, "custom": True, "source": f"main.py:{len(name)}",
                           "provider": f"{PROVIDER}::id"} | changes)  # fmt: skip


def graph(*nodes):
    aws = node("aws", "pulumi:providers:aws", inputs={"region": "eu-west-1"}, provider=None)
    return ResourceGraph("p", "dev", nodes={entry.urn: entry for entry in (aws, *nodes)}, notes=["a note"])


def notebook(name, internet, **changes):
    return node(name, inputs={"directInternetAccess": internet}, **changes)


def checked(*nodes, only=(RULE,), **configuration):
    made = parse(configuration) if configuration else Configuration()
    return check_graph(graph(*nodes), made, today=TODAY, only=only)


def test_a_graph_is_judged_by_the_class_of_its_stack():
    report = checked(notebook("open", "Enabled"), notebook("closed", "Disabled"))
    assert (report.target, report.pack.environment, report.resources, report.exit_code) == ("dev", "dev", 3, 1)
    assert [finding.name for finding in report.findings] == ["open"]
    assert report.notes == ["a note"]


def test_what_does_not_stand_is_not_judged():
    gone = [notebook(status, "Enabled", status=status) for status in ("deleted", "failed", "skipped", "superseded")]
    assert checked(*gone).findings == []


def test_a_finding_is_placed_where_the_program_declares_it():
    component = node("team", "mlops:index:Team", custom=False, source="stacks/team.py:7")
    inside = notebook("inside", "Enabled", parent=component.urn, source=".venv/lib/site-packages/x.py:3")
    report = checked(component, inside, notebook("own", "Enabled", source="stacks/own.py:9"))
    assert {data["name"]: data["source"] for data in map(report.finding_data, report.findings)} == {
        "inside": "stacks/team.py:7", "own": "stacks/own.py:9",
    }  # fmt: skip


def test_the_gravest_findings_come_first_and_the_order_does_not_vary():
    nodes = [notebook("b", "Enabled"), notebook("a", "Enabled")]
    both = (RULE, "sm-notebook-in-vpc")
    orders = [[finding.urn + finding.rule for finding in checked(*order, only=both).findings]
              for order in (nodes, nodes[::-1])]  # fmt: skip
    assert orders[0] == orders[1]


def test_exempted_findings_stay_in_the_report_and_an_expired_exemption_is_exit_code_2():
    current = checked(notebook("trial", "Enabled"), exemptions=[{**EXEMPTION, "expires": "2026-12-31"}])
    assert (current.exit_code, current.counts()["exempt"]) == (0, 1)
    assert current.as_dict()["findings"][0]["status"] == "exempt"
    assert current.as_dict()["exemptions"][0]["used"] is True
    expired = checked(notebook("trial", "Enabled"), exemptions=[{**EXEMPTION, "expires": "2026-11-24"}])
    assert expired.exit_code == 2
    assert {finding.rule for finding in expired.blocking} == {RULE, "exemption-expired"}
    unused = checked(notebook("other", "Disabled"), exemptions=[{**EXEMPTION, "expires": "2026-12-31"}])
    assert (unused.exit_code, [finding.rule for finding in unused.findings]) == (0, ["exemption-unused"])


def test_the_data_has_rules_findings_and_a_summary():
    data = json.loads(json.dumps(checked(notebook("open", "Enabled")).as_dict()))
    head = [data[key] for key in ("format", "version", "target", "class", "ok")]
    assert head == [FORMAT, 1, "dev", "dev", False]
    (rule,) = data["rules"]
    assert (rule["id"], rule["level"], rule["fail"], rule["pass"]) == (RULE, "mandatory", 1, 0)
    assert "Checkov CKV_AWS_122" in rule["references"]
    assert data["summary"] | {"resources": 2, "rules": 1, "fail": 1, "mandatory": 1} == data["summary"]
    assert data["findings"][0]["message"] == 'directInternetAccess is "Enabled"; it must be "Disabled"'


def test_a_framework_says_of_each_control_what_the_run_does():
    internet = {"fail": "Enabled", "pass": "Disabled", "unknown": UNKNOWN}
    controls = {}
    for status, value in internet.items():
        data = checked(notebook("n", value)).framework_data("nist-800-53-r5")
        controls[status] = {control["id"]: control for control in data["controls"]}
    assert {status: found["AC-4"]["rules"][RULE] for status, found in controls.items()} == {
        "fail": "fail", "pass": "pass", "unknown": "not evaluated",
    }  # fmt: skip
    assert controls["fail"]["AC-4"]["status"] == "fail"
    assert controls["pass"]["AC-4"]["status"] == "pass"
    without = controls["fail"]["AC-1"]
    assert (without["status"], bool(without["gap"])) == ("no rule", True)


@pytest.mark.parametrize("form", ["graph", "state"])
def test_a_file_is_judged_as_what_it_is(tmp_path, form):
    path = tmp_path / "file.json"
    if form == "graph":
        save(graph(notebook("open", "Enabled")), path)
    else:
        urn = f"urn:pulumi:prod::p::{NOTEBOOK}::open"
        resource = {"urn": urn, "type": NOTEBOOK, "custom": True, "inputs": {"directInternetAccess": "Enabled"}}
        path.write_text(json.dumps({"version": 3, "deployment": {"resources": [resource]}}))
    report = check_state(path, Configuration(), today=TODAY, only=[RULE])
    assert (report.target, len(report.findings)) == ("dev" if form == "graph" else "prod", 1)


def test_what_a_graphs_file_masks_is_not_evaluated(tmp_path):
    hidden = notebook("hidden", "Disabled", secret_inputs=["directInternetAccess"])
    save(graph(hidden), tmp_path / "graph.json")
    report = check_state(tmp_path / "graph.json", Configuration(), today=TODAY, only=[RULE])
    assert [finding.status for finding in report.findings] == [Status.UNKNOWN]
    assert "Disabled" not in (tmp_path / "graph.json").read_text()


def test_a_file_that_is_no_state_is_a_fault_with_its_path(tmp_path):
    path = tmp_path / "state.json"
    path.write_text('{"a": 1}')
    with pytest.raises(FaultsFound) as caught:
        check_state(path, Configuration(), today=TODAY)
    (fault,) = caught.value.faults
    assert (fault.where, caught.value.exit_code) == (str(path), 2)
    assert "pulumi stack export" in fault.fix


def test_a_rule_that_does_not_exist_is_a_fault_with_a_suggestion():
    with pytest.raises(FaultsFound, match="did you mean sm-notebook-no-direct-internet"):
        checked(only=["sm-notebook-no-direct-internett"])


def test_a_configuration_with_faults_is_told_whole(tmp_path):
    path = tmp_path / "policies.yaml"
    path.write_text(yaml.safe_dump({"rules": {"nope": "advisory"}, "exemptions": [{"finding": RULE}]}))
    with pytest.raises(FaultsFound) as caught:
        configuration_of(path)
    found = {fault.where for fault in caught.value.faults}
    assert {"rules.nope", "exemptions[0].reason", "exemptions[0].expires"} <= found
    with pytest.raises(FaultsFound, match="no such file"):
        configuration_of(tmp_path / "none.yaml")
