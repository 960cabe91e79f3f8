"""A definition as a picture: its steps, what each waits for, and the branches of its conditions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mlops_estate.pipeline_checks.references import Document, needs


def as_data(definition: Mapping[str, Any]) -> dict[str, Any]:
    """Return steps as nodes, and edges from each step to those that wait for it; a branch's edge has its name."""
    document = Document(definition)
    edges = [
        {"from": before, "to": step.name, "branch": ""}
        for step in document.steps
        for before in sorted(needs(step))
        if before in document.by_name
    ]
    inside = {step.name: step.branch[-1] for step in document.steps if step.branch}
    edges += [{"from": gate, "to": name, "branch": branch} for name, (gate, branch) in inside.items()]
    nodes = [{"name": step.name, "type": str(step.step.get("Type"))} for step in document.steps]
    return {"nodes": nodes, "edges": edges}


def as_mermaid(definition: Mapping[str, Any]) -> str:
    """Return the picture as a Mermaid flowchart."""
    data = as_data(definition)
    lines = ["flowchart LR"]
    for node in data["nodes"]:
        opening, closing = ("{", "}") if node["type"] == "Condition" else ("[", "]")
        lines.append(f'    {node["name"]}{opening}"{node["name"]}: {node["type"]}"{closing}')
    words = {"IfSteps": "|yes|", "ElseSteps": "|no|", "": ""}
    lines += [f"    {edge['from']} -->{words[edge['branch']]} {edge['to']}" for edge in data["edges"]]
    return "\n".join(lines)
