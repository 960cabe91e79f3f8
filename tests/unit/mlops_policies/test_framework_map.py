"""Frameworks as data: each control has rules that exist or a reason why there is none; and what a run says of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlops_policies import framework_map
from mlops_policies.catalog import references, rules
from mlops_policies.framework_map import Control, Framework, Standing, controls_of, frameworks, standings
from mlops_policies.results import Finding, Record, Subject
from mlops_policies.verdicts import Status

EXPECTED = {
    "nist-800-53-r5", "soc2", "eu-ai-act", "iso-27001-2022", "pci-dss-4", "hipaa", "gdpr", "cis-aws",
    "aws-foundational-security", "nist-ai-rmf",
}  # fmt: skip


def test_the_frameworks_are_those_promised():
    assert set(frameworks()) == EXPECTED


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_each_control_has_rules_that_exist_or_says_why_there_is_none(name):
    for control in frameworks()[name].controls:
        assert set(control.rules) <= set(rules()), control.id
        assert bool(control.rules) != bool(control.gap), control.id
        assert control.verified or control.note, control.id
        assert control.title, control.id
        assert control.text, control.id


def test_every_rule_that_others_have_names_them():
    assert set(references()) <= set(rules())
    assert sum(bool(references().get(name)) for name in rules()) > 200


def test_a_rules_controls_are_found_by_framework():
    assert "AC-4" in controls_of("sm-notebook-no-direct-internet")["nist-800-53-r5"]
    assert controls_of("no-such-rule") == {}


def said(*answers):
    """Return what is said of a control with a rule for each (status, exempted) answer."""
    record, names = Record(), sorted(rules())
    for place, (status, exempted) in enumerate(answers):
        rule = rules()[names[place]]
        if status is None:
            continue
        record.note(rule, Subject(f"urn{place}"), status)
        if status in (Status.FAIL, Status.UNKNOWN, Status.ERROR):
            terms = object() if exempted else None
            record.findings.append(Finding(rule.id, status, "mandatory", "high", "u", "t", "n", "m", exemption=terms))
    control = Control("C", "title", "text", tuple(names[: len(answers)]), "" if answers else "nobody")
    return standings(Framework("f", "t", "1", "s", "2026", "scope", (control,)), record)["C"][0]


@pytest.mark.parametrize(
    ("answers", "standing"),
    [
        ([(Status.PASS, False), (Status.FAIL, False)], Standing.FAIL),
        ([(Status.PASS, False), (Status.ERROR, False)], Standing.FAIL),
        ([(Status.FAIL, True), (Status.UNKNOWN, False)], Standing.NOT_EVALUATED),
        ([(Status.FAIL, True), (Status.PASS, False)], Standing.EXEMPT),
        ([(Status.PASS, False), (None, False)], Standing.PASS),
        ([(Status.NOT_APPLICABLE, False), (None, False)], Standing.NOT_APPLICABLE),
        ([], Standing.NO_RULE),
    ],
)
def test_a_control_stands_as_the_worst_of_its_rules(answers, standing):
    assert said(*answers) is standing


def test_the_counts_in_the_readme_are_current():
    page = Path(framework_map.__file__).with_name("frameworks") / "README.md"
    text = page.read_text(encoding="utf-8")
    for name, framework in frameworks().items():
        with_rule = sum(bool(control.rules) for control in framework.controls)
        mappings = sum(len(control.rules) for control in framework.controls)
        unverified = sum(not control.verified for control in framework.controls)
        total = len(framework.controls)
        counts = f"{total} | {with_rule} | {total - with_rule} | {mappings} | {unverified}"
        row = f"`{name.replace('-', '_')}.yaml` | {counts} |"
        assert row in text, row
