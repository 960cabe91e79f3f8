"""What the Pulumi CLI shows of policies, as text and as events; and what `estate check` found, in the same form."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass

from mlops_estate.checks import CheckReport
from mlops_policies.catalog import rules
from mlops_policies.pack import EXEMPTIONS, HEALTH, Pack
from mlops_policies.verdicts import Status

_HEAD = re.compile(r" {8}- \[(\w+)\] (?:\[severity: \w+\])? *(\S+)  \((\S+): (.*)\)")
_ROOT = "pulumi:pulumi:Stack"
_UNEVALUATED = "can't run policy '"


@dataclass(frozen=True, order=True)
class Shown:
    """One violation or advice: `name` is the resource's, "" for the stack; `message` is without the rule's title."""

    policy: str
    name: str
    message: str
    level: str

    @property
    def evaluated(self) -> bool:
        return not self.message.startswith(_UNEVALUATED)


def shown_as_text(output: str) -> list[Shown]:
    """Read the part ``Policies:`` of a preview's or an update's output."""
    found: list[Shown] = []
    lines = output[output.index("\nPolicies:") :].splitlines()
    for place, line in enumerate(lines):
        if head := _HEAD.fullmatch(line):
            level, policy, kind, name = head.groups()
            said = []
            for following in lines[place + 1 :]:
                if not following.startswith(" " * 10):
                    break
                said.append(following.strip())
            found.append(Shown(policy, "" if kind == _ROOT else name, _untitled(policy, "\n".join(said)), level))
    return found


def shown_as_events(output: str) -> list[Shown]:
    """Read what `pulumi policy analyze --json` writes, an event a line."""
    events = [json.loads(line).get("policyEvent") for line in output.splitlines() if line.startswith("{")]
    return [
        Shown(
            event["policyName"],
            "" if f"::{_ROOT}::" in event["resourceUrn"] else event["resourceUrn"].rpartition("::")[2],
            _untitled(event["policyName"], event["message"]),
            event["enforcementLevel"],
        )
        for event in events
        if event
    ]


def _untitled(policy: str, message: str) -> str:
    return message if message.startswith(_UNEVALUATED) else message.partition("\n")[2]


def violations(shown: list[Shown]) -> list[Shown]:
    """Return the violations, in an order that does not vary."""
    return sorted(entry for entry in shown if entry.evaluated)


def unevaluated(shown: list[Shown]) -> set[tuple[str, str]]:
    """Return (policy, name) of what could not be evaluated; a rule about a stack says so once."""
    return {(entry.policy, entry.name) for entry in shown if not entry.evaluated}


def heard(pack: Pack) -> Iterator[tuple[Shown, str]]:
    """Yield what the engine would have to hear of a pack that ran offline, each with its URN."""
    fixes = {bound.rule.id: bound.rule.fix for bound in pack.bound}
    for item in pack.record.findings:
        if item.exemption is not None:
            terms = item.exemption
            message = f"exempt until {terms.expires} ({terms.ticket}: {terms.reason}): {item.id}: {item.message}"
            yield Shown(EXEMPTIONS, item.name, message, "advisory"), item.urn
        elif item.status is not Status.UNKNOWN:
            level = "mandatory" if item.level == "remediate" else item.level
            yield Shown(item.rule, item.name, f"{item.message}. {fixes[item.rule]}.", level), item.urn
        if item.status is Status.ERROR:
            yield Shown(HEALTH, item.name, f"{item.rule}: {item.message}", "mandatory"), item.urn
    for item in pack.exemption_findings():
        about, level = (HEALTH, "mandatory") if item.blocks else (EXEMPTIONS, "advisory")
        yield Shown(about, "", item.message, level), ""


def violations_of(report: CheckReport) -> list[Shown]:
    """Return a check's violations as the engine is told them."""
    return sorted(entry for entry, _ in heard(report.pack))


def unevaluated_of(pack: Pack) -> dict[tuple[str, str, str], list[str]]:
    """Return what could not be evaluated, by (policy, URN, name), where no fault of the same resource counts over it.

    A rule about a stack says so once, and names each resource with its property.
    """
    found: dict[tuple[str, str, str], list[str]] = {}
    for item in pack.record.findings:
        if item.status is Status.UNKNOWN and pack.record.outcomes[item.rule][item.urn] is Status.UNKNOWN:
            if rules()[item.rule].scope == "resource":
                found.setdefault((item.rule, item.urn, item.name), []).append(item.path)
            else:
                found.setdefault((item.rule, "", ""), []).append(f"{item.name}: {item.path}".removeprefix(": "))
    return found
