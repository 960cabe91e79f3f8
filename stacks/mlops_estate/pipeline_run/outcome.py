"""How a run of a pipeline ended: as data, and as text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

REGISTERED, REFUSED, FAILED = "registered", "refused", "failed"


@dataclass(frozen=True, slots=True)
class StepOutcome:
    """A step that ended: its name, how it ended (succeeded, cached), how long it took, how often it started."""

    name: str
    state: str
    seconds: float
    attempts: int


@dataclass(slots=True)
class Outcome:
    """A run: `status` is registered, refused (by the gates) or failed (`step` says where, `reason` why).

    `version` is the semantic version, `registry_version` the registry's number. `figures` are the gate's checks.
    """

    model: str
    environment: str
    status: str
    step: str = ""
    reason: str = ""
    version: str = ""
    version_reason: str = ""
    registry_version: int | None = None
    package_arn: str = ""
    verified: str = ""
    metric: Mapping[str, Any] = field(default_factory=dict)
    checks: list[dict[str, Any]] = field(default_factory=list)
    steps: list[StepOutcome] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)
    report: str = ""
    work_dir: str = ""
    tracked: str = ""

    @property
    def ok(self) -> bool:
        """Whether a package was registered."""
        return self.status == REGISTERED

    def as_dict(self) -> dict[str, Any]:
        """Return the outcome as plain JSON data."""
        return {"ok": self.ok, **asdict(self)}

    def as_text(self) -> str:
        """Return the outcome as text for a terminal."""
        lines = [f"{self.model} in {self.environment}: {self._verdict()}", ""]
        width = max((len(step.name) for step in self.steps), default=0)
        lines += [
            f"  {step.name:<{width}}  {step.state:<9}  {step.seconds:6.1f} s"
            + (f"  started {step.attempts} times" if step.attempts > 1 else "")
            for step in self.steps
        ]
        if self.checks:
            lines += ["", "  Gates"]
            lines += [f"  {'passed' if check['passed'] else 'FAILED'}  {_check(check)}" for check in self.checks]
        spent = ", ".join(f"{phase} {seconds:.1f} s" for phase, seconds in self.seconds.items())
        lines += ["", f"Report: {self.report}", f"Files:  {self.work_dir}"]
        lines += [f"MLflow: run {self.tracked}"] if self.tracked else []
        return "\n".join([*lines, f"Time:   {sum(self.seconds.values()):.1f} s ({spent})"])

    def _verdict(self) -> str:
        if self.status == REGISTERED:
            return (
                f"registered as version {self.version} ({self.version_reason}), number {self.registry_version} of the "
                f"registry, pending approval; {self.verified}"
            )
        if self.status == REFUSED:
            return f"refused by the gates, nothing is registered: {self.reason}"
        return f"step {self.step} failed, nothing is registered: {self.reason}"


def _check(check: Mapping[str, Any]) -> str:
    """Return a gate as a line: its figure and rule, and what whoever approves has to know."""
    told = check.get("warning") or ("" if check["passed"] else check.get("fix", ""))
    value = check.get("value")
    shown = f"{value:.4g}" if isinstance(value, float) else "not measured" if value is None else str(value)
    return f"{check['gate'].replace('_', ' ')}: {shown} ({check['rule']})" + (f"; {told}" if told else "")
