"""Small charts as inline SVG: drawn by matplotlib, coloured by the page, the same bytes for the same data."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Mapping, Sequence
from io import StringIO
from typing import Any
from xml.etree import ElementTree

Point = tuple[float, float]
WIDTH, HEIGHT = 4.2, 3.1  # inches at 100 dots each: readable on a phone without being scaled down
ROW = 0.27  # inches that a bar takes
LONGEST_LABEL = 26
COLOURS = {
    "ink": "#000000", "one": "#0000a1", "two": "#0000a2", "three": "#0000a3", "soft": "#0000a4", "line": "#0000a5",
    "bad": "#0000a6",
}  # fmt: skip
"""What matplotlib draws with; `_page_colours` puts the page's own colours in their place, for light and dark alike."""
_SETTINGS = {
    "svg.fonttype": "none", "svg.hashsalt": "mlops-estate", "text.parse_math": False, "font.family": "DejaVu Sans",
    "font.size": 9, "axes.spines.top": False, "axes.spines.right": False, "axes.edgecolor": COLOURS["soft"],
    "axes.labelcolor": COLOURS["ink"], "text.color": COLOURS["ink"], "xtick.color": COLOURS["soft"],
    "ytick.color": COLOURS["soft"], "xtick.labelcolor": COLOURS["ink"], "ytick.labelcolor": COLOURS["ink"],
    "grid.color": COLOURS["line"], "grid.linewidth": 0.6, "axes.grid": True, "axes.axisbelow": True,
    "axes.linewidth": 0.8, "legend.frameon": False, "legend.fontsize": 8, "lines.linewidth": 1.8,
    "axes.formatter.useoffset": False, "axes.unicode_minus": True,
}  # fmt: skip
_ABOVE = {"loc": "lower center", "bbox_to_anchor": (0.5, 1.0), "ncols": 3, "columnspacing": 1.2, "handlelength": 1.5}
_SVG = "{http://www.w3.org/2000/svg}"
_NOT_XML = re.compile(r"[^\t\n\x20-\x7e\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_LINK = "{http://www.w3.org/1999/xlink}href"


def label(text: Any) -> str:
    """Return text as it fits beside a bar: readable, on one line, shortened where it is long."""
    plain = readable(" ".join(str(text).split()))
    return plain if len(plain) <= LONGEST_LABEL else plain[: LONGEST_LABEL - 1] + "…"


def readable(text: str) -> str:
    """Return text with a replacement character for every character that XML does not allow."""
    return _NOT_XML.sub("\N{REPLACEMENT CHARACTER}", text)


def curve(
    name: str, title: str, points: Sequence[Point], *, axes: tuple[str, str], diagonal: bool = False,
    limit: float | None = None, limit_name: str = "", marks: bool = False, whole: bool = False,
) -> str:  # fmt: skip
    """Return a line through points, beside the diagonal or a limit where asked; `whole` shows all of 0 to 1."""

    def draw(panel: Any) -> None:
        if diagonal:
            ends = [0.0, 1.0] if whole else [min(map(min, points)), max(map(max, points))]
            panel.plot(ends, ends, color=COLOURS["soft"], linestyle=(0, (4, 3)), linewidth=1)
        panel.plot(*zip(*points, strict=True), color=COLOURS["one"], marker="o" if marks else None, markersize=4)
        if limit is not None:
            panel.axhline(limit, color=COLOURS["bad"], linestyle=(0, (5, 3)), linewidth=1.2)
            panel.annotate(
                limit_name, (0, limit), xycoords=("axes fraction", "data"), xytext=(3, 3), textcoords="offset points",
                color=COLOURS["bad"], fontsize=8,
            )  # fmt: skip
            panel.set_ylim(0, max(limit, *(y for _, y in points)) * 1.18 or 1)
        if whole:
            panel.set(xlim=(-0.02, 1.02), ylim=(-0.02, 1.02))
        panel.locator_params(axis="x", nbins=5)
        panel.set(xlabel=axes[0], ylabel=axes[1])

    said = f"Line over {len(points)} points: {axes[1]} against {axes[0]}."
    return _figure(name, title, said, draw)


def scatter(name: str, title: str, points: Sequence[Point], *, axes: tuple[str, str], zero: bool = False) -> str:
    """Return points as dots, with a line at zero where asked (residuals)."""

    def draw(panel: Any) -> None:
        if zero:
            panel.axhline(0, color=COLOURS["soft"], linewidth=1)
        panel.plot(*zip(*points, strict=True), color=COLOURS["one"], marker="o", markersize=3, linestyle="", alpha=0.7)
        panel.locator_params(axis="x", nbins=5)
        panel.set(xlabel=axes[0], ylabel=axes[1])

    return _figure(name, title, f"{len(points)} dots: {axes[1]} against {axes[0]}.", draw)


def trials(
    name: str, title: str, complete: Sequence[Point], stopped: Sequence[Point], best: Sequence[Point],
    chosen: Point | None, metric: str,
) -> str:  # fmt: skip
    """Return a search's trials as dots (hollow: stopped early), the best of the others so far, and the chosen one."""

    def draw(panel: Any) -> None:
        from matplotlib.ticker import MaxNLocator

        dots = {"marker": "o", "markersize": 4, "linestyle": ""}
        if best:
            panel.plot(*zip(*best, strict=True), color=COLOURS["two"], drawstyle="steps-post", label="best so far")
        if complete:
            panel.plot(*zip(*complete, strict=True), color=COLOURS["one"], label="trial", **dots)
        if stopped:
            soft = COLOURS["soft"]
            panel.plot(*zip(*stopped, strict=True), color=soft, markerfacecolor="none", label="stopped early", **dots)
        if chosen:
            ring = {**dots, "markersize": 9, "markerfacecolor": "none", "markeredgewidth": 1.6}
            panel.plot(*([value] for value in chosen), color=COLOURS["three"], label="chosen", **ring)
        panel.set(xlabel="trial", ylabel=metric)
        panel.xaxis.set_major_locator(MaxNLocator(integer=True))
        panel.legend(**{**_ABOVE, "ncols": 4, "columnspacing": 0.9})

    said = f"{len(complete)} trials by {metric}, {len(stopped)} more stopped early, and the best so far."
    return _figure(name, title, said, draw)


def bars(
    name: str, title: str, rows: Sequence[tuple[str, float, str]], *, axis: str,
    legend: Mapping[str, str] | None = None, limit: float | None = None, limit_name: str = "",
) -> str:  # fmt: skip
    """Return horizontal bars, the first on top, each of a colour by name; `legend` says what colours mean."""

    def draw(panel: Any) -> None:
        from matplotlib.patches import Patch

        places = list(range(len(rows)))
        panel.barh(places, [value for _, value, _ in rows], color=[COLOURS[colour] for *_, colour in rows], height=0.68)
        _rows(panel, [text for text, *_ in rows], axis)
        if limit is not None:
            panel.axvline(limit, color=COLOURS["bad"], linestyle=(0, (5, 3)), linewidth=1.2)
            panel.annotate(
                limit_name, (limit, 0), xycoords=("data", "axes fraction"), xytext=(3, 4), textcoords="offset points",
                color=COLOURS["bad"], fontsize=8,
            )  # fmt: skip
            panel.set_xlim(0, max(limit, *(value for _, value, _ in rows)) * 1.3 or 1)
        used = [colour for colour in legend or {} if any(colour == own for *_, own in rows)]
        if legend and used:
            handles = [Patch(color=COLOURS[colour], label=legend[colour]) for colour in used]
            panel.legend(handles=handles, **_ABOVE)

    said = "; ".join(f"{text} {value:.3g}" for text, value, _ in rows[:12])
    return _figure(name, title, f"Bars of {axis}: {said}.", draw, height=(1.0 if legend else 0.75) + ROW * len(rows))


def intervals(
    name: str, title: str, rows: Sequence[tuple[str, float, float | None, float | None]], *, axis: str,
    lines: Sequence[tuple[float, str, str]] = (),
) -> str:  # fmt: skip
    """Return values as dots with their intervals, the first on top; `lines` are places, what they are, and a colour."""

    def draw(panel: Any) -> None:
        for place, (_, value, low, high) in enumerate(rows):
            if low is not None and high is not None:
                panel.plot([low, high], [place, place], color=COLOURS["one"], linewidth=1.8, solid_capstyle="butt")
            panel.plot([value], [place], color=COLOURS["one"], marker="o", markersize=6)
        for where, what, colour in lines:
            panel.axvline(where, color=COLOURS[colour], linestyle=(0, (5, 3)), linewidth=1.1, label=what)
        _rows(panel, [text for text, *_ in rows], axis)
        if lines:
            panel.legend(**_ABOVE)

    said = "; ".join(f"{text} {value:.3g}" for text, value, *_ in rows)
    height = 0.85 + 0.3 * len(rows) + (0.25 if lines else 0)
    return _figure(name, title, f"Dots with intervals of {axis}: {said}.", draw, height=height)


def _rows(panel: Any, names: Sequence[str], axis: str) -> None:
    """Name the rows of a horizontal chart, the first on top."""
    panel.set_yticks(list(range(len(names))), [label(text) for text in names])
    panel.set_ylim(len(names) - 0.45, -0.55)
    panel.tick_params(axis="y", length=0)
    panel.grid(visible=False, axis="y")
    panel.locator_params(axis="x", nbins=5)
    panel.set_xlabel(axis)


def _figure(name: str, title: str, said: str, draw: Callable[[Any], None], *, height: float = HEIGHT) -> str:
    """Return what `draw` puts on one panel. `name` keeps the ids of several charts of a page apart."""
    import matplotlib
    from matplotlib.figure import Figure

    with matplotlib.rc_context(_SETTINGS), warnings.catch_warnings():
        # Text stays text and the reader's browser has the font; only its estimated width comes from this one.
        warnings.filterwarnings("ignore", message="Glyph .* missing from font", category=UserWarning)
        figure = Figure(figsize=(WIDTH, height), layout="constrained", facecolor="none")
        panel = figure.add_subplot(facecolor="none")
        draw(panel)
        written = StringIO()
        figure.savefig(written, format="svg", metadata={"Date": None, "Creator": None, "Type": None, "Format": None})
    return _inline(written.getvalue(), name, title, said)


def _inline(document: str, name: str, title: str, said: str) -> str:
    """Return an SVG document as an element of a page: named, without what only files of their own need."""
    root = ElementTree.fromstring(document)  # noqa: S314 -- what matplotlib has just written
    used = {element.attrib[_LINK].removeprefix("#") for element in root.iter() if _LINK in element.attrib}
    _prune(root)
    for element in root.iter():
        element.tag = element.tag.removeprefix(_SVG)
        element.attrib = {
            key: _kept(key, value, name) for key, value in element.attrib.items() if _needed(key, value, used)
        }
        if _LINK in element.attrib:
            element.attrib["href"] = element.attrib.pop(_LINK)
        if element.tag != "text":
            element.text = None
        element.tail = None
    for tag, text in (("desc", said), ("title", title)):
        own = ElementTree.Element(tag, {"id": f"{name}-{tag}"})
        own.text = readable(text)
        root.insert(0, own)
    root.attrib = {  # without width and height: the size is the page's business
        "viewBox": root.attrib["viewBox"], "role": "img", "aria-labelledby": f"{name}-title {name}-desc",
        "class": "chart",
    }  # fmt: skip
    return ElementTree.tostring(root, encoding="unicode")


def _prune(element: ElementTree.Element) -> None:
    """Take out metadata, clipping (everything lies within its axes), shared style sheets, empty groups."""
    for child in list(element):
        _prune(child)
        unwanted = child.tag in {f"{_SVG}{tag}" for tag in ("metadata", "clipPath", "style")}
        if unwanted or (child.tag in (f"{_SVG}g", f"{_SVG}defs") and not len(child)):
            element.remove(child)


def _needed(key: str, value: str, used: set[str]) -> bool:
    return key != "clip-path" and not (key == "id" and value not in used) and not value.startswith("rotate(-0 ")


def _kept(key: str, value: str, name: str) -> str:
    if key in ("id", _LINK):
        return f"#{name}-{value[1:]}" if value.startswith("#") else f"{name}-{value}"
    if key == "style":
        for colour_name, colour in COLOURS.items():
            value = value.replace(colour, "currentColor" if colour_name == "ink" else f"var(--{colour_name})")
        return re.sub(r"; font-family: [^;]*", "", value)
    # Hundredths of a point are enough, and make the file smaller.
    return re.sub(
        r"-?\d+\.\d+", lambda found: f"{float(found[0]):.2f}".rstrip("0").rstrip("."), " ".join(value.split())
    )
