"""What is wrong with data, told all at once and to the point."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

from mlops_pipelines.steps.shell import StepFault

SHOWN = 20
"""How many faults a message shows; it always says how many there are."""


class Finding(NamedTuple):
    """One fault; faults of one `kind` (say, of one column) make room for those of other kinds in a message."""

    text: str
    kind: str = ""


class DataFaults(StepFault):
    """Data cannot be used. The message names file, column, record, value and rule; `findings` has every fault.

    At most 20 are shown: the first of every kind, then the second of every kind, and so on, in the order of the data.
    """

    def __init__(self, findings: Iterable[Finding], subject: str = "the data have") -> None:
        self.findings = tuple(findings)
        total = len(self.findings)
        lines = [f"{subject} {total} fault{'s' * (total != 1)}:"]
        lines += [f"  {self.findings[place].text}" for place in _shown(self.findings)]
        if total > SHOWN:
            lines.append(f"  and {total - SHOWN} more")
        super().__init__("\n".join(lines))


def _shown(findings: tuple[Finding, ...]) -> list[int]:
    seen: Counter[str] = Counter()
    ranked = []
    for place, finding in enumerate(findings):
        ranked.append((seen[finding.kind], place))
        seen[finding.kind] += 1
    return sorted(place for _, place in sorted(ranked)[:SHOWN])
