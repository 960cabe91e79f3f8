"""The radar: every capability's level on an axis of its own, as SVG in the colours of the page or by itself."""

from __future__ import annotations

import math

from mlops_estate.maturity.model import Report
from mlops_estate.reports.page import render

WIDTH, HEIGHT, RADIUS = 400, 300, 112
HIGHEST = 3


def radar(report: Report, *, alone: bool = False) -> str:
    """Return the radar; `alone` gives it colours and a ground of its own, for a file that is no part of a page."""
    capabilities, levels = report.catalog.capabilities, report.levels
    centre = (WIDTH / 2, HEIGHT / 2)

    def at(index: int, radius: float) -> tuple[float, float]:
        angle = 2 * math.pi * index / len(capabilities)
        return round(centre[0] + radius * math.sin(angle), 1), round(centre[1] - radius * math.cos(angle), 1)

    def ring(radius: float) -> str:
        return " ".join("{},{}".format(*at(index, radius)) for index in range(len(capabilities)))

    reached = [at(index, RADIUS * levels[one.id] / HIGHEST) for index, one in enumerate(capabilities)]
    labels = []
    for index, one in enumerate(capabilities):
        x, y = at(index, RADIUS + 12)
        side = "middle" if abs(x - centre[0]) < 5 else "start" if x > centre[0] else "end"
        labels.append({"x": x, "y": round(y + 4, 1), "anchor": side, "text": one.short})
    return render(
        "maturity_radar.svg.j2",
        width=WIDTH, height=HEIGHT, centre=centre, alone=alone,
        rings=[(level, ring(RADIUS * level / HIGHEST), round(centre[1] - RADIUS * level / HIGHEST + 11, 1))
               for level in range(1, HIGHEST + 1)],
        spokes=[at(index, RADIUS) for index in range(len(capabilities))],
        area=" ".join(f"{x},{y}" for x, y in reached), points=reached, labels=labels,
        title=f"Maturity of {report.environment} by capability, level 0 to 3",
        told=", ".join(f"{one.title} {levels[one.id]}" for one in capabilities),
    )  # fmt: skip
