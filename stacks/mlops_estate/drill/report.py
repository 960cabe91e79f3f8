"""What a drill has to say: each loss, what was restored, how long it took, and the objectives it is held against."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

SHOWN = 10


@dataclass(slots=True)
class Rehearsal:
    """One loss and its restore. `damaged` of `items` were lost; `lost` names those that are not as they were."""

    kind: str
    what: str
    loss: str
    restored_by: str
    items: int = 0
    damaged: int = 0
    lost: list[str] = field(default_factory=list)
    backup_seconds: float = 0.0
    restore_seconds: float = 0.0
    notes: list[str] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """Whether something was lost, and everything is as it was."""
        return bool(self.damaged) and not self.lost


@dataclass(slots=True)
class DrillReport:
    """A whole drill. `worst_loss_hours` is what the backup schedule can lose; `unequal` what reads back differently."""

    environment: str
    account: str
    rpo_hours: int
    rto_hours: int
    worst_loss_hours: int
    rehearsals: list[Rehearsal] = field(default_factory=list)
    unequal: dict[str, list[str]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)

    @property
    def restore_seconds(self) -> float:
        """How long all restores took together, one after the other."""
        return round(sum(rehearsal.restore_seconds for rehearsal in self.rehearsals), 3)

    @property
    def within_rpo(self) -> bool:
        """Whether the schedule keeps the recovery point objective, and the drill lost nothing."""
        return self.worst_loss_hours <= self.rpo_hours and not any(item.lost for item in self.rehearsals)

    @property
    def within_rto(self) -> bool:
        """Whether all restores together took less than the recovery time objective, here."""
        return self.restore_seconds <= self.rto_hours * 3600

    @property
    def ok(self) -> bool:
        """Whether every loss was real and is restored, within both objectives, and the estate stands as declared."""
        rehearsed = bool(self.rehearsals) and all(rehearsal.ok for rehearsal in self.rehearsals)
        return rehearsed and self.within_rpo and self.within_rto and not self.unequal

    def as_dict(self) -> dict[str, Any]:
        """Return the report as plain JSON data."""
        measured = {
            "restore_seconds": self.restore_seconds,
            "within_rpo": self.within_rpo,
            "within_rto": self.within_rto,
        }
        found = {"ok": self.ok, **asdict(self), **measured}
        for data, rehearsal in zip(found["rehearsals"], self.rehearsals, strict=True):
            data["ok"] = rehearsal.ok
        return found


def as_text(report: DrillReport) -> str:
    """Return the report as text for a terminal, without colour."""
    lines = [f"Restore drill of {report.environment} in embedded account {report.account}"]
    for item in report.rehearsals:
        lines += ["", *_rehearsal(item)]
    rpo = "kept" if report.within_rpo else "MISSED"
    rto = "kept" if report.within_rto else "MISSED"
    lost = sum(len(item.lost) for item in report.rehearsals)
    lines += [
        "",
        f"RPO {report.rpo_hours} h: {rpo}. The backup schedule can lose {report.worst_loss_hours} h; "
        f"the drill lost {lost} items",
        f"RTO {report.rto_hours} h: {rto}. All restores took {report.restore_seconds:.1f} s here, "
        "which measures nothing of AWS: size and throttling decide there",
    ]
    if report.unequal:
        lines += ["", f"{len(report.unequal)} resources read back differently:", *map(str, report.unequal)]
    lines += [f"note: {note}" for note in report.notes]
    lines += ["", "Everything is restored" if report.ok else "NOT everything is restored"]
    return "\n".join(lines)


def _rehearsal(item: Rehearsal) -> list[str]:
    state = "restored" if item.ok else "NOT RESTORED"
    lines = [
        f"{item.kind} {item.what}: {state}",
        f"  lost         {item.loss} ({item.damaged:,} of {item.items:,})",
        f"  restored by  {item.restored_by}, in {item.restore_seconds:.2f} s",
        f"  as before    {item.items - len(item.lost):,} of {item.items:,}",
    ]
    lines += [f"  NOT AS BEFORE {name}" for name in item.lost[:SHOWN]]
    if len(item.lost) > SHOWN:
        lines.append(f"  ... and {len(item.lost) - SHOWN} more")
    return lines + [f"  note: {note}" for note in item.notes]
