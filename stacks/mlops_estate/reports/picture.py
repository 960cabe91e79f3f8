"""The estate as a picture: components as boxes, from left to right by what they build on."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlops_estate.graph import STACK_TYPE, ResourceGraph
from mlops_estate.reports.tree import short, summary

if TYPE_CHECKING:
    import networkx

TEMPLATES = Path(__file__).parent / "templates"
CHARACTER, LINE, HEAD, PADDING = 7.0, 16, 40, 12  # pixels of 12-pixel sans-serif text
COLUMN_GAP, ROW_GAP, MARGIN, TITLE = 90, 22, 28, 64
# A colour per subject of a component. Dark text on it has a contrast above 7.
SUBJECTS: dict[str, tuple[str, tuple[str, ...]]] = {
    "foundations": ("#dbe7f6", ("EncryptionKeys", "PrivateNetwork", "ImageRepository", "StateBackend", "BackupPlan")),
    "data": ("#d9f0e3", ("DataLake", "DataCatalog", "FeatureStore", "MaskedCopy", "MaskedImport", "MaskingPipeline",
             "RotatedSecret")),
    "models": (
        "#fbe8cf",
        ("ModelRegistry", "TrainingPipeline", "GuardedEndpoint", "PipelineSchedule", "ScheduleGroup", "StudioDomain"),
    ),
    "people": ("#f1e4f7", ("Personas", "ExecutionRole", "MonitoringRole", "DeliveryRole")),
    "watching": (
        "#f9dfe3",
        (
            "DataQualityMonitor", "ModelQualityMonitor", "BiasMonitor", "ExplainabilityMonitor", "AlertTopics",
            "FindingAlerts", "EnvironmentBudget", "CostAnomalyMonitor", "TrainingStop",
        ),
    ),
    "audit": (
        "#e3e6cf",
        (
            "AccountBaseline", "AuditTrail", "AuditQueries", "ConfigurationRecorder", "ConformanceRules",
            "DetectiveControls",
        ),
    ),
}  # fmt: skip
COLOURS = {component: colour for colour, components in SUBJECTS.values() for component in components}
LEGEND = tuple((subject, colour) for subject, (colour, _) in SUBJECTS.items())


@dataclass(slots=True)
class Box:
    """One component (or the resources outside of any), with its place in pixels."""

    urn: str
    title: str
    name: str
    lines: list[str]
    colour: str
    count: int
    layer: int = 0
    x: float = 0
    y: float = 0
    width: float = 0
    height: float = 0
    right: float = 0
    resources: list[dict[str, Any]] = field(default_factory=list)


def picture(graph: ResourceGraph, *, html: bool = False) -> str:
    """Return the picture as SVG, or as a page that also lists every resource with its inputs when `html`."""
    from jinja2 import Environment, FileSystemLoader, select_autoescape

    boxes = _boxes(graph)
    links = _links(graph, boxes)
    width, height = _place(boxes, links)
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES), autoescape=select_autoescape(default=True, default_for_string=True),
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    values = {
        "graph": graph,
        "counts": summary(graph),
        "boxes": list(boxes.values()),
        "paths": [_path(boxes[source], boxes[target]) for source, target in sorted(links.edges)],
        "width": round(width),
        "height": round(height),
        "legend": LEGEND,
    }
    svg = environment.get_template("picture.svg.j2").render(values)
    if not html:
        return svg
    from markupsafe import Markup

    return environment.get_template("picture.html.j2").render(values, svg=Markup(svg))  # noqa: S704 -- rendered above, escaped


def _top(graph: ResourceGraph, urn: str) -> str:
    """Return the outermost component a resource is in, or "" for one outside of any."""
    found = ""
    node = graph.nodes.get(urn)
    while node is not None and node.type != STACK_TYPE:
        if not node.custom:
            found = node.urn
        node = graph.nodes.get(node.parent or "")
    return found


def _boxes(graph: ResourceGraph) -> dict[str, Box]:
    from mlops_estate.graph_file import as_dict

    masked = {node["urn"]: node["inputs"] for node in as_dict(graph)["nodes"]}
    held: dict[str, list[Any]] = {}
    # By URN: the order of registration varies with how outputs resolve, and a picture should not.
    for node in sorted(graph.custom_nodes(), key=lambda node: node.urn):
        if not node.is_provider:
            held.setdefault(_top(graph, node.urn), []).append(node)
    boxes = {}
    for urn, nodes in held.items():
        component = graph.nodes.get(urn)
        title = short(component.type) if component else "Resources"
        counted = Counter(short(node.type) for node in nodes)
        lines = [f"{kind} × {count}" if count > 1 else kind for kind, count in counted.items()]
        box = Box(urn, title, component.name if component else "", lines, COLOURS.get(title, "#eceff1"), len(nodes))
        box.width = max(max(map(len, [*lines, title + "  000", box.name])) * CHARACTER + 2 * PADDING, 150)
        box.height = HEAD + len(lines) * LINE + PADDING
        box.resources = [
            {"name": node.name, "type": node.type, "source": node.source, "inputs": masked[node.urn],
             "protect": node.protect}
            for node in nodes
        ]  # fmt: skip
        boxes[urn] = box
    return boxes


def _links(graph: ResourceGraph, boxes: dict[str, Box]) -> networkx.DiGraph[str]:
    """Return which component builds on which, without what follows from the rest."""
    import networkx

    links: networkx.DiGraph[str] = networkx.DiGraph()
    links.add_nodes_from(boxes)
    for node in graph.custom_nodes():
        here = _top(graph, node.urn)
        for urn in graph.depends_on(node):
            there = _top(graph, urn)
            if graph.nodes[urn].custom and not graph.nodes[urn].is_provider and there != here and there in boxes:
                links.add_edge(there, here)
    while not networkx.is_directed_acyclic_graph(links):
        source, target = networkx.find_cycle(links)[-1][:2]
        links.remove_edge(source, target)
    return networkx.transitive_reduction(links)


def _place(boxes: dict[str, Box], links: networkx.DiGraph[str]) -> tuple[float, float]:
    """Put boxes into columns by layer, each near what it builds on; return the picture's size."""
    import networkx

    for layer, urns in enumerate(networkx.topological_generations(links)):
        for urn in sorted(urns):
            boxes[urn].layer = layer
    for urn in reversed(list(networkx.topological_sort(links))):
        # What only later columns build on moves next to them, so that its arrows cross nothing.
        after = [boxes[later].layer for later in links.successors(urn)]
        if after and links.in_degree(urn) == 0:
            boxes[urn].layer = min(after) - 1
    columns: dict[int, list[Box]] = {}
    for box in boxes.values():
        columns.setdefault(box.layer, []).append(box)
    x, bottom = float(MARGIN), 0.0
    for layer in sorted(columns):
        column = sorted(columns[layer], key=lambda box: _middle(box, boxes, links))
        y = float(TITLE + MARGIN)
        for box in column:
            box.x, box.y = x, y
            y += box.height + ROW_GAP
        bottom = max(bottom, y)
        right = x + max(box.width for box in column)
        for box in column:
            box.right = right
        x = right + COLUMN_GAP
    for column in columns.values():
        used = max(box.y + box.height for box in column) - TITLE - MARGIN
        shift = (bottom - ROW_GAP - TITLE - MARGIN - used) / 2
        for box in column:
            box.y += shift
    return max(x - COLUMN_GAP + MARGIN, 640), bottom + MARGIN


def _middle(box: Box, boxes: dict[str, Box], links: networkx.DiGraph[str]) -> tuple[float, str]:
    before = [boxes[urn].y + boxes[urn].height / 2 for urn in links.predecessors(box.urn)]
    return (sum(before) / len(before) if before else 0.0, box.urn)


def _path(source: Box, target: Box) -> str:
    """Return the curve from the right side of what is built on to the left side of what builds on it."""
    x1, y1 = source.x + source.width, source.y + source.height / 2
    edge = max(x1, source.right)
    x2, y2 = target.x, target.y + target.height / 2
    bend = max(40.0, (x2 - edge) / 2)
    return f"M{x1:.0f},{y1:.0f} H{edge:.0f} C{edge + bend:.0f},{y1:.0f} {x2 - bend:.0f},{y2:.0f} {x2 - 7:.0f},{y2:.0f}"
