"""The charts of the report's page, as inline SVG: in the page's colours, read aloud by their title and description."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Sequence
from itertools import count

from markupsafe import Markup

from mlops_estate.reports.change import sections as said
from mlops_estate.reports.change.values import clean, cut, duration
from mlops_estate.reports.page import usd

_WIDTH, _LEFT, _RIGHT, _TOP, _PLOT, _BOTTOM = 400.0, 48.0, 14.0, 20.0, 110.0, 26.0
_ROW, _BAR, _LABEL, _VALUE = 56.0, 16.0, 18.0, 84.0


def traffic(entry: said.Entry, number: int) -> Markup:
    """Return the share of traffic that a release gives its new version over time; `number` makes its ids its own."""
    stages = entry["stages"]
    end = max([float(entry["seconds"]), *(float(stage["until_seconds"] or stage["at_seconds"]) for stage in stages), 1])
    height = _TOP + _PLOT + _BOTTOM
    said_of_stages = "; ".join(f"{said.stage_time(stage)}: {stage['traffic_percent']:g} %" for stage in stages)
    svg = _picture(height, f"traffic-{number}", f"Traffic of {_name(entry['endpoint'])}", said_of_stages)
    for percent in (0, 50, 100):
        y = _level(percent)
        _line(svg, _LEFT, y, _WIDTH - _RIGHT, y, "grid")
        _text(svg, _LEFT - 6, y + 4.5, f"{percent} %", "end")
    points = [(_LEFT, _level(0))]
    for stage, following in zip(stages, [*stages[1:], None], strict=True):
        until = float(following["at_seconds"]) if following else end
        level = _level(stage["traffic_percent"])
        points += [(_moment(float(stage["at_seconds"]), end), level), (_moment(until, end), level)]
    outline = " L".join(f"{x:.1f},{y:.1f}" for x, y in points)
    closed = f"M{outline} L{points[-1][0]:.1f},{_level(0):.1f} Z"
    ET.SubElement(svg, "path", {"class": "share", "d": closed})
    ET.SubElement(svg, "path", {"class": "edge", "d": f"M{outline}"})
    used, share = -1000.0, None
    for stage in stages:
        x = _moment(float(stage["at_seconds"]), end)
        if x - used >= 48 and stage["traffic_percent"] != share:  # labels that would overlap are in the table
            _text(svg, x + 4, _level(stage["traffic_percent"]) - 5, f"{stage['traffic_percent']:g} %")
            used, share = x, stage["traffic_percent"]
    _text(svg, _LEFT, height - 8, "0 s")
    _text(svg, _WIDTH - _RIGHT, height - 8, duration(end), "end")
    return _markup(svg)


def _level(percent: float) -> float:
    return _TOP + _PLOT * (1 - min(max(float(percent), 0.0), 100.0) / 100)


def _moment(seconds: float, end: float) -> float:
    return _LEFT + (_WIDTH - _LEFT - _RIGHT) * min(max(seconds / end, 0.0), 1.0)


def costs(rows: Sequence[said.CostRow]) -> Markup:
    """Return what each model costs a month before and after, as pairs of bars; the number is at the end of each."""
    largest = max([*(amount for row in rows for amount in (row.before, row.after)), 0.01])
    told = "; ".join(f"{row.model}: {usd(row.before)} before, {usd(row.after)} after" for row in rows)
    svg = _picture(_ROW * len(rows), "costs", "Cost a month by model, before and after", told)
    for row, place in zip(rows, count(), strict=False):
        top = place * _ROW
        _text(svg, 0, top + 12, cut(row.model, 48))
        for amount, kind, y in ((row.before, "before", top + _LABEL), (row.after, "after", top + _LABEL + _BAR)):
            width = (_WIDTH - _VALUE) * max(amount, 0.0) / largest
            size = {"x": "0.5", "y": f"{y + 1:.1f}", "width": f"{max(width, 1):.1f}", "height": f"{_BAR - 2:.1f}"}
            ET.SubElement(svg, "rect", {"class": kind, **size})
            _text(svg, width + 6, y + 12.5, usd(amount))
    return _markup(svg)


def _picture(height: float, name: str, title: str, description: str) -> ET.Element:
    """Return a picture with its alternative in words."""
    svg = ET.Element("svg", {
        "viewBox": f"0 0 {_WIDTH:g} {height:g}", "class": "chart", "role": "img",
        "aria-labelledby": f"{name}-title {name}-said",
    })  # fmt: skip
    ET.SubElement(svg, "title", {"id": f"{name}-title"}).text = title
    ET.SubElement(svg, "desc", {"id": f"{name}-said"}).text = description
    return svg


def _line(svg: ET.Element, x1: float, y1: float, x2: float, y2: float, style: str) -> None:
    ends = {"x1": f"{x1:g}", "y1": f"{y1:g}", "x2": f"{x2:g}", "y2": f"{y2:g}"}
    ET.SubElement(svg, "line", {"class": style, **ends})


def _text(svg: ET.Element, x: float, y: float, text: str, anchor: str = "start") -> None:
    place = {"x": f"{x:.1f}", "y": f"{y:.1f}", "font-size": "13", "text-anchor": anchor}
    ET.SubElement(svg, "text", place).text = text


def _name(text: str) -> str:
    return cut(clean(text), said.NAME)


def _markup(svg: ET.Element) -> Markup:
    # ElementTree escapes every text and attribute that it is given.
    return Markup(ET.tostring(svg, encoding="unicode"))  # noqa: S704
