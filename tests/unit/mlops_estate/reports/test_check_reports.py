"""A check's report in every form: text, Markdown, JSON, SARIF, JUnit."""

from __future__ import annotations

import json
import os
import xml.etree.ElementTree as ET
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from jsonschema import Draft7Validator

from mlops_estate.checks import check_resources
from mlops_estate.faults import FaultsFound
from mlops_estate.reports.checks import FORMS, as_json, junit, markdown, sarif, text, write
from mlops_policies.catalog import rules
from mlops_policies.configuration import parse
from mlops_policies.running import Declared
from mlops_policies.values import UNKNOWN

NOTEBOOK, RULE, IN_VPC = (
    "aws:sagemaker/notebookInstance:NotebookInstance", "sm-notebook-no-direct-internet", "sm-notebook-in-vpc",
)  # fmt: skip
SCHEMA = os.environ.get("MLOPS_SARIF_SCHEMA", "")
INTERNET = {"open": "Enabled", "trial": "Enabled", "closed": "Disabled", "unsure": UNKNOWN}


@pytest.fixture(scope="module")
def report():
    """Return a report with every kind of answer: mandatory, exempt, advisory, not evaluated, and passed."""
    terms = {"reason": "a trial | of <one> week", "owner": "ml", "ticket": "ML-1", "expires": "2026-12-31"}
    exemption = {"finding": RULE, "resource": "trial", **terms}
    configuration = parse({"rules": {IN_VPC: "advisory"}, "exemptions": [exemption]})
    declared = [
        Declared(f"urn:pulumi:prod::p::{NOTEBOOK}::{name}", NOTEBOOK, name, {"directInternetAccess": internet},
                 source=f"stacks/my team.py:{place}")
        for place, (name, internet) in enumerate(INTERNET.items(), 1)
    ]  # fmt: skip
    made = check_resources("prod", declared, configuration, today=date(2026, 11, 25), only=[RULE, IN_VPC])
    made.notes.append("a note")
    return made


def test_text_groups_findings_by_rule_with_place_fix_and_exemption(report):
    told = text.render(report)
    assert "Mandatory" in told
    assert '    open  stacks/my team.py:1: directInternetAccess is "Enabled"; it must be "Disabled"' in told
    assert f"    fix: {rules()[RULE].fix}" in told
    assert "exempt until 2026-12-31, ml, ML-1: a trial | of <one> week" in told
    assert f"  {RULE}: unsure" in told
    assert "prod does not pass: 1 mandatory, 8 advisory, 1 exempt; 1 not evaluated." in told
    assert "note: a note" in told


def test_a_line_number_is_no_emoji(report):
    urn = next(iter(report.sources))
    sources = {**report.sources, urn: "stacks/team.py:100"}
    assert "open  stacks/team.py:100: " in text.printed(replace(report, sources=sources), width=140)


def test_on_a_terminal_many_findings_of_a_rule_are_cut_and_counted(report, monkeypatch):
    monkeypatch.setattr(text, "_SHOWN", 3)
    told = text.printed(report, width=140)
    assert "and 5 more (--all shows them)" in told
    assert f"  {RULE}: unsure" not in told
    assert "Not evaluated  1 answers hang on values that are unknown until the update" in told


def test_markdown_breaks_no_table_and_shows_controls_with_and_without_rules(report):
    told = markdown.render(report)
    assert "**prod does not pass: 1 mandatory, 8 advisory, 1 exempt; 1 not evaluated.**" in told
    assert "a trial \\| of &lt;one> week" in told
    assert "| AC-4 |" in told
    assert "| AC-1 | Policy and Procedures | no rule |" in told
    assert "| control |" not in markdown.render(report, chosen=[])
    assert markdown.control_text(report, "soc2").startswith("SOC 2")


def test_json_is_the_whole_report(report):
    assert json.loads(as_json.render(report)) == json.loads(json.dumps(report.as_dict()))


def test_junit_has_a_case_for_each_rule_and_resource_and_advice_fails_nothing(report):
    document = ET.fromstring(junit.render(report))
    cases = {(case.get("classname"), case.get("name")): case for case in document.iter("testcase")}
    assert set(cases) == {(rule, name) for rule in (RULE, IN_VPC) for name in INTERNET}
    kinds = {key: sorted({child.tag for child in case} - {"system-out"}) for key, case in cases.items()}
    assert kinds[RULE, "open"] == ["failure"]
    assert kinds[RULE, "closed"] == []
    assert [kinds[RULE, name] for name in ("trial", "unsure")] == [["skipped"], ["skipped"]]
    assert kinds[IN_VPC, "open"] == ["skipped"]
    assert (document.get("tests"), document.get("failures")) == ("8", "1")


def test_sarif_places_findings_and_suppresses_exempted_ones(report):
    run = sarif.document(report)["runs"][0]
    results = {(result["ruleId"], result["properties"]["urn"].rpartition("::")[2]): result for result in run["results"]}
    found = results[RULE, "open"]
    place = found["locations"][0]["physicalLocation"]
    assert (place["artifactLocation"]["uri"], place["region"]) == ("stacks/my%20team.py", {"startLine": 1})
    assert (found["level"], found["kind"]) == ("error", "fail")
    assert results[RULE, "trial"]["suppressions"][0]["status"] == "accepted"
    assert (results[RULE, "unsure"]["level"], results[RULE, "unsure"]["kind"]) == ("none", "open")
    assert results[IN_VPC, "open"]["level"] == "warning"
    assert [run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] for result in run["results"]] == [
        result["ruleId"] for result in run["results"]
    ]
    prints = [result["partialFingerprints"]["finding/v1"] for result in run["results"]]
    assert len(set(prints)) == len(prints)


@pytest.mark.skipif(not SCHEMA, reason="MLOPS_SARIF_SCHEMA does not name SARIF's schema; .ci/run installs it")
def test_sarif_is_valid_against_its_schema(report):
    schema = json.loads(Path(SCHEMA).read_text(encoding="utf-8"))
    assert [error.message for error in Draft7Validator(schema).iter_errors(json.loads(sarif.render(report)))] == []


@pytest.mark.parametrize("ending", FORMS)
def test_a_files_ending_says_its_form(report, tmp_path, ending):
    path = tmp_path / "new" / f"check{ending}"
    write(report, path)
    assert path.stat().st_size > 500


def test_another_ending_is_refused(report, tmp_path):
    with pytest.raises(FaultsFound, match="end it in"):
        write(report, tmp_path / "check.pdf")
