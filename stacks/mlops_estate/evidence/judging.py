"""Requirements held against facts: which are shown, which partly, which are gaps. The requirements are data.

`requirements/*.yaml` names for each item what proves it and the checks; a check is a function here. What only people
know (`people`) is always a gap: nothing here may fill it.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from typing import Any

import yaml

from mlops_estate.evidence.lookup import nodes
from mlops_estate.evidence.model import Fact, Gap, Material, Section, resource, source
from mlops_policies.framework_map import frameworks

ANY = "any"
SHOWN, PARTLY, GAP, NOT_APPLICABLE = "shown", "partly", "gap", "does not apply"
STATUSES = (SHOWN, PARTLY, GAP, NOT_APPLICABLE)
CONTROLS_OF = "eu-ai-act"
"""The framework whose controls the check `controls` names."""
PASSES = "pass"
"""The one standing of a rule or control that is evidence."""


@dataclass(frozen=True, slots=True)
class Item:
    """One requirement: what it asks (in our words), what proves it, its checks, and what only people know."""

    id: str
    title: str
    asks: str
    proof: str
    checks: Mapping[str, tuple[str, ...]]
    tiers: tuple[str, ...]
    people: str = ""


@dataclass(frozen=True, slots=True)
class RequirementSet:
    """Requirements of one source. `framework` is the pack that shows it, or `any`."""

    id: str
    title: str
    framework: str
    source: str
    note: str
    items: tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class Known:
    """What is looked at: facts and gaps by id, and the standing of controls and rules in the check."""

    material: Material
    facts: Mapping[str, Fact]
    gaps: Mapping[str, Gap]
    controls: Mapping[str, str]
    rules: Mapping[str, str]
    rules_of: Mapping[str, Mapping[str, str]]

    @classmethod
    def of(cls, material: Material, sections: Sequence[Section]) -> Known:
        """Return what sections and check say, for looking things up."""
        controls, rules, rules_of = {}, {}, {}
        for name in frameworks():
            for control in material.check.framework_data(name)["controls"]:
                rules.update(control["rules"])
                if name == CONTROLS_OF:
                    controls[control["id"]], rules_of[control["id"]] = control["status"], control["rules"]
        facts = {fact.id: fact for section in sections for fact in section.facts}
        gaps = {gap.id: gap for section in sections for gap in section.gaps}
        return cls(material, facts, gaps, controls, rules, rules_of)


Answer = tuple[list[dict[str, str]], list[str]]
"""What is evidence (text and source), and what is missing, in words."""


@functools.cache
def requirement_sets() -> tuple[RequirementSet, ...]:
    """Return every set of requirements, by file name. Raises `KeyError` for a file without the keys of the form."""
    found = []
    for entry in sorted(resources.files(__package__).joinpath("requirements").iterdir(), key=lambda item: item.name):
        if entry.name.endswith(".yaml"):
            data = yaml.load(entry.read_text(encoding="utf-8"), yaml.CSafeLoader)
            items = tuple(_item(item, tuple(data["tiers"])) for item in data["items"])
            found.append(RequirementSet(data["id"], data["title"], data["framework"], data["source"],
                                        " ".join(data["note"].split()), items))  # fmt: skip
    return tuple(found)


def _item(data: Mapping[str, Any], tiers: tuple[str, ...]) -> Item:
    checks = {name: tuple(wanted) for name, wanted in data["checks"].items()}
    if unknown := set(checks) - set(CHECKS):
        raise KeyError(f"{data['id']} has checks that there are none of: {', '.join(sorted(unknown))}")
    return Item(str(data["id"]), data["title"], " ".join(data["asks"].split()), " ".join(data["proof"].split()), checks,
                tuple(data.get("tiers", tiers)), data.get("people", ""))  # fmt: skip


def assess(known: Known, framework: str) -> list[dict[str, Any]]:
    """Return the requirement sets of a framework's pack, each item with its status, evidence and gaps."""
    return [
        {"id": one.id, "title": one.title, "source": one.source, "note": one.note, "summary": _summary(items),
         "items": items}
        for one in requirement_sets()
        if one.framework in (framework, ANY)
        for items in [[judge(item, known) for item in one.items]]
    ]  # fmt: skip


def _summary(items: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    return {status: sum(item["status"] == status for item in items) for status in STATUSES}


def judge(item: Item, known: Known) -> dict[str, Any]:
    """Return an item with its status: shown, partly, gap, or not of this model's risk tier."""
    told = {"id": item.id, "title": item.title, "asks": item.asks, "proof": item.proof}
    tier = known.material.configuration.risk
    if tier not in item.tiers:
        why = f"the model's tier is {tier}; this is asked of {' and '.join(item.tiers)} risk"
        return {**told, "status": NOT_APPLICABLE, "evidence": [], "gaps": [why]}
    evidence: list[dict[str, str]] = []
    missing: list[str] = []
    for name, wanted in item.checks.items():
        shown, lacking = CHECKS[name](wanted, known)
        evidence += shown
        missing += lacking
    if item.people:
        missing.append(f"Only people know: {item.people}")
    status = GAP if not evidence else PARTLY if missing else SHOWN
    return {**told, "status": status, "evidence": evidence, "gaps": missing}


def facts_told(wanted: Sequence[str], known: Known) -> Answer:
    """Each fact that is recorded is evidence; a gap says why it is none."""
    shown, lacking = [], []
    for name in wanted:
        fact = known.facts.get(name)
        if fact is not None:
            shown.append({"text": f"{fact.title}: {fact.value}", "source": fact.source})
        else:
            gap = known.gaps[name]
            lacking.append(f"{gap.title}: {gap.why}")
    return shown, lacking


def gates_passed(wanted: Sequence[str], known: Known) -> Answer:
    """A gate that the run passed is evidence; with a warning, or refused, or not there, it is a gap."""
    checks = {
        check["gate"]: (place, check) for place, check in enumerate(known.material.run.get("gate", "checks") or [])
    }
    shown, lacking = [], []
    for name in wanted:
        if name not in checks:
            lacking.append(f"Gate {name}: the run has none")
            continue
        place, check = checks[name]
        if check["passed"] and not check.get("warning"):
            shown.append(
                {"text": f"Gate {name} passed: {check['rule']}", "source": source("gate.json", "checks", place)}
            )
        else:
            lacking.append(f"Gate {name}: {check.get('warning') or 'refused'} ({check['rule']})")
    return shown, lacking


def controls_pass(wanted: Sequence[str], known: Known) -> Answer:
    """A control that passes in the check is evidence; any other standing is a gap, told with the rules it is by."""
    shown, lacking = [], []
    places = list(known.controls)
    for name in wanted:
        standing = known.controls[name]
        if standing == PASSES:
            place = source("controls.json", "controls", places.index(name))
            shown.append({"text": f"Control {name} passes the check", "source": place})
        else:
            by = [rule for rule, own in known.rules_of[name].items() if own == standing]
            lacking.append(f"Control {name}: {standing}" + (f" ({', '.join(by)})" if by else ""))
    return shown, lacking


def rules_pass(wanted: Sequence[str], known: Known) -> Answer:
    """A rule that passes in the check is evidence; any other standing is a gap."""
    shown, lacking = [], []
    for name in wanted:
        if known.rules[name] == PASSES:
            shown.append({"text": f"Rule {name} passes the check", "source": source("controls.json", "rules", name)})
        else:
            lacking.append(f"Rule {name}: {known.rules[name]}")
    return shown, lacking


def resources_declared(wanted: Sequence[str], known: Known) -> Answer:
    """A resource of the model of that type is evidence; none is a gap."""
    shown, lacking = [], []
    for type_ in wanted:
        found = nodes(known.material, type_)
        if not found:
            lacking.append(f"No resource of type {type_} is declared for the model")
        shown += [
            {"text": f"{type_.rpartition(':')[2]} {node.name}{_hardware(node.inputs)}", "source": resource(node.urn)}
            for node in found
        ]
    return shown, lacking


def _hardware(inputs: Mapping[str, Any]) -> str:
    variants = inputs.get("productionVariants") or []
    told = [
        f"{item.get('initialInstanceCount')} x {item['instanceType']}" for item in variants if item.get("instanceType")
    ]
    return f": {', '.join(told)}" if told else ""


CHECKS: Mapping[str, Callable[[Sequence[str], Known], Answer]] = {
    "facts": facts_told,
    "gates": gates_passed,
    "controls": controls_pass,
    "rules": rules_pass,
    "resources": resources_declared,
}
"""The check functions by the name that requirements call them."""
