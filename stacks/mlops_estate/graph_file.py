"""The graph as a file: versioned JSON, secrets masked, written atomically. `docs/reference/graph.md` documents it."""

from __future__ import annotations

import json
import os
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Any

from mlops_estate.faults import Fault, FaultsFound
from mlops_estate.graph import ResourceGraph, ResourceNode

FORMAT, VERSION = "mlops-estate/graph", 1
MASK = "[secret]"


def as_dict(graph: ResourceGraph) -> dict[str, Any]:
    """Return the graph as JSON data; every secret is replaced by `MASK`, wherever its value is repeated."""
    secrets = _secret_values(graph)
    head = {key: value for key, value in asdict(graph).items() if key not in {"nodes"}}
    nodes = [_without(asdict(node), secrets) for node in graph.nodes.values()]
    return {"format": FORMAT, "version": VERSION, **_without(head, secrets), "nodes": nodes}


def save(graph: ResourceGraph, path: Path) -> None:
    """Write the graph, whole or not at all; folders are made as needed, the file is readable by its owner only."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=path.name)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump(as_dict(graph), file, indent=1, sort_keys=True, default=str)
            file.write("\n")
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise


def load(path: Path) -> ResourceGraph:
    """Read a graph; `FaultsFound` where it is not one, or of a version this code does not know."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise FaultsFound(
            [Fault(str(path), None, "there is no such graph file", "write one: estate graph ENV -o FILE.json")]
        ) from None
    except (UnicodeDecodeError, json.JSONDecodeError) as error:
        raise FaultsFound(
            [Fault(str(path), None, f"not JSON: {error}", "write it anew: estate graph ENV -o FILE.json")]
        ) from None
    if not isinstance(data, dict) or data.get("format") != FORMAT or data.get("version") != VERSION:
        found = {key: data.get(key) for key in ("format", "version")} if isinstance(data, dict) else type(data).__name__
        fault = Fault(
            str(path), found, f"the format must be {FORMAT}, version {VERSION}", "write it anew with this version"
        )
        raise FaultsFound([fault])
    nodes = {entry["urn"]: ResourceNode(**entry) for entry in data.pop("nodes")}
    del data["format"], data["version"]
    nodes = dict(sorted(nodes.items(), key=lambda item: item[1].order))
    return ResourceGraph(nodes=nodes, **data)


def _secret_values(graph: ResourceGraph) -> set[str]:
    """Collect every secret string (8 characters or more, so that masking does not eat ordinary words)."""
    found: set[str] = set()
    for node in graph.nodes.values():
        for path in node.secret_inputs:
            _strings(_at(node.inputs, path), found)
        for path in node.secret_outputs:
            _strings(_at(node.outputs, path), found)
    for key in graph.secret_stack_outputs:
        _strings(graph.stack_outputs.get(key), found)
    return found


def _at(value: Any, path: str) -> Any:
    for part in path.replace("]", "").replace("[", ".").split("."):
        if isinstance(value, dict):
            value = value.get(part)
        elif isinstance(value, list) and part.isdigit() and int(part) < len(value):
            value = value[int(part)]
        else:
            return None
    return value


def _strings(value: Any, into: set[str]) -> None:
    if isinstance(value, dict):
        for item in value.values():
            _strings(item, into)
    elif isinstance(value, list):
        for item in value:
            _strings(item, into)
    elif value is not None and not isinstance(value, bool):
        into.add(str(value))


def _without(value: Any, secrets: set[str]) -> Any:
    """Return `value` with each secret replaced, also inside longer strings."""
    if not secrets:
        return value
    if isinstance(value, dict):
        return {key: _without(item, secrets) for key, item in value.items()}
    if isinstance(value, list):
        return [_without(item, secrets) for item in value]
    if isinstance(value, str):
        if value in secrets:
            return MASK
        for secret in secrets:
            if len(secret) >= 8 and secret in value:
                value = value.replace(secret, MASK)
    return value
