"""Compliance frameworks as data: control -> rules; and what a run says of each control.

Each mapping is kept in `frameworks/*.yaml`, with the text it was checked against; a control that no rule answers says
why.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from importlib import resources
from typing import Any

import yaml

from mlops_policies.results import Finding, Record
from mlops_policies.verdicts import Status


@dataclass(frozen=True, slots=True)
class Control:
    """One control: what it demands in our words, the rules that are evidence for it, or why there is none."""

    id: str
    title: str
    text: str
    rules: tuple[str, ...]
    gap: str = ""
    verified: bool = True
    note: str = ""


@dataclass(frozen=True, slots=True)
class Framework:
    """One framework in one version."""

    id: str
    title: str
    version: str
    source: str
    checked: str
    scope: str
    controls: tuple[Control, ...]


class Standing(Enum):
    """What a run says of a control."""

    FAIL = "fail"
    NOT_EVALUATED = "not evaluated"
    EXEMPT = "exempt"
    PASS = "pass"  # noqa: S105 -- a status, no password
    NOT_APPLICABLE = "nothing declared"
    NO_RULE = "no rule"


@functools.cache
def frameworks() -> Mapping[str, Framework]:
    """Return every framework by its id."""
    folder = resources.files("mlops_policies").joinpath("frameworks")
    found = {}
    for entry in sorted(folder.iterdir(), key=lambda item: item.name):
        if entry.name.endswith(".yaml"):
            framework = _framework(yaml.load(entry.read_text(encoding="utf-8"), yaml.CSafeLoader))
            found[framework.id] = framework
    return found


def _framework(data: Mapping[str, Any]) -> Framework:
    controls = tuple(
        Control(
            str(name), item["title"], item["text"], tuple(item["rules"]), item.get("gap", ""),
            item.get("verified", True), item.get("note", ""),
        )
        for name, item in data["controls"].items()
    )  # fmt: skip
    return Framework(
        data["id"], data["title"], data["version"], data["source"], str(data["checked"]), data["scope"], controls
    )


def controls_of(rule: str) -> dict[str, list[str]]:
    """Return by framework the controls that a rule is evidence for."""
    return _by_rule().get(rule, {})


@functools.cache
def _by_rule() -> dict[str, dict[str, list[str]]]:
    found: dict[str, dict[str, list[str]]] = {}
    for framework in frameworks().values():
        for control in framework.controls:
            for rule in control.rules:
                found.setdefault(rule, {}).setdefault(framework.id, []).append(control.id)
    return found


def standings(framework: Framework, record: Record) -> dict[str, tuple[Standing, dict[str, Standing]]]:
    """Return for each control what the run says of it, and of each of its rules.

    A control fails with any of its rules; it passes where none fails, is exempt or could not be evaluated, and at least
    one passes.
    """
    by_rule: dict[str, list[Finding]] = {}
    for finding in record.findings:
        by_rule.setdefault(finding.rule, []).append(finding)
    found = {}
    for control in framework.controls:
        each = {rule: _standing(rule, record, by_rule.get(rule, [])) for rule in control.rules}
        whole = next((standing for standing in Standing if standing in each.values()), Standing.NO_RULE)
        found[control.id] = (whole, each)
    return found


def _standing(rule: str, record: Record, findings: list[Finding]) -> Standing:
    counts = record.counts(rule)
    faults = [finding for finding in findings if finding.status in (Status.FAIL, Status.ERROR)]
    if any(finding.exemption is None for finding in faults):
        return Standing.FAIL
    if counts.get(Status.UNKNOWN):
        return Standing.NOT_EVALUATED
    if faults:
        return Standing.EXEMPT
    return Standing.PASS if counts.get(Status.PASS) else Standing.NOT_APPLICABLE
