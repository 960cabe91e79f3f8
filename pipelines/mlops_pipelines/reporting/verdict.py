"""What became of a run, in one line and its reasons: the first thing that a reviewer reads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from mlops_pipelines.reporting.formatting import words

Kind = Literal["registered", "passed", "refused", "failed", "open"]


@dataclass(frozen=True)
class Verdict:
    """`kind` decides colour and mark, `headline` is one line, `reasons` say why, `fixes` what to do about it.

    `warnings` are what was not measured, though the gates were passed.
    """

    kind: Kind
    headline: str
    reasons: tuple[str, ...] = ()
    fixes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


def judge(
    documents: Mapping[str, Any], registered: Mapping[str, Any] | None, steps: Sequence[Mapping[str, Any]], failure: str
) -> Verdict:
    """Return the verdict. A refusal by the gates comes first: a run that was refused ends with a failing step."""
    gate = documents.get("gate") or {}
    if gate.get("passed") is False:
        return _refused(gate)
    warnings = tuple(str(text) for text in gate.get("warnings") or ())
    failed = [step for step in steps if _state(step) == "failed"]
    if failure or failed:
        where = f" at step {failed[0]['name']}" if failed else ""
        reason = failure or str(failed[0].get("reason") or "")
        if failed:
            reason = reason.removeprefix(f"step {failed[0]['name']} failed: ")
        return Verdict("failed", f"Failed{where}: {_first_line(reason)}", _rest(reason))
    if registered:
        return Verdict("registered", _registered(registered, gate), warnings=warnings)
    if gate.get("passed") is True:
        headline = f"Passed all {len(gate.get('checks', []))} gates: goes on to the registry{_as(gate)}"
        return Verdict("passed", headline, warnings=warnings)
    return Verdict("open", "No decision yet: the run has not reached the gates")


def _refused(gate: Mapping[str, Any]) -> Verdict:
    failed = [check for check in gate.get("checks", []) if not check.get("passed")]
    fixes = tuple(
        f"{words(check['gate'])}: {check['fix']}" for check in failed if check.get("gate") and check.get("fix")
    )
    count = f"{len(failed)} of {len(gate.get('checks', []))} gates" if failed else "the gates"
    reason = str(gate.get("reason") or "").strip()
    return Verdict("refused", f"Refused by {count}", (reason,) if reason else (), fixes)


def _registered(registered: Mapping[str, Any], gate: Mapping[str, Any]) -> str:
    version = registered.get("version") or gate.get("version")
    number = registered.get("registry_version")
    status = str(registered.get("status") or "PendingManualApproval")
    said = {
        "PendingManualApproval": "pending approval", "Approved": "approved", "Rejected": "rejected"
    }.get(status, status)  # fmt: skip
    named = f" as version {version}" if version else ""
    return f"Registered{named}{f' (registry version {number})' if number else ''}, {said}"


def _as(gate: Mapping[str, Any]) -> str:
    return f" as version {gate['version']}" if gate.get("version") else ""


def _state(step: Mapping[str, Any]) -> str:
    return str(step.get("status") or step.get("state") or "").lower()


def _first_line(reason: str) -> str:
    return reason.strip().splitlines()[0] if reason.strip() else "no reason was recorded"


def _rest(reason: str) -> tuple[str, ...]:
    return tuple(line for line in reason.strip().splitlines()[1:] if line.strip())
