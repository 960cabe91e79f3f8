"""The graph as a file: versioned JSON, secrets masked, written atomically. `docs/reference/graph.md` documents it."""

from __future__ import annotations

import json
import os
import re
import tempfile
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from mlops_estate.faults import Fault, FaultsFound
from mlops_estate.graph import UNKNOWN, ResourceGraph, ResourceNode

FORMAT, VERSION = "mlops-estate/graph", 1
MASK = "[secret]"
_INDEX = re.compile(r"\[(\d+)\]")


def as_dict(graph: ResourceGraph) -> dict[str, Any]:
    """Return the graph as JSON data; every secret is replaced by `MASK`, wherever its value is repeated."""
    secrets = _secret_values(graph)
    head = {key: value for key, value in asdict(graph).items() if key not in {"nodes"}}
    _cover(head["stack_outputs"], head["secret_stack_outputs"])
    nodes = []
    for node in graph.nodes.values():
        data = asdict(node)
        _cover(data["inputs"], node.secret_inputs)
        _cover(data["outputs"], node.secret_outputs)
        nodes.append(_without(data, secrets))
    return {"format": FORMAT, "version": VERSION, **_without(head, secrets), "nodes": nodes}


def masked(graph: ResourceGraph, value: Any) -> Any:
    """Return JSON data without the graph's secrets, for what is said of it elsewhere."""
    return _without(value, _secret_values(graph))


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
    try:
        nodes = {entry["urn"]: ResourceNode(**entry) for entry in data.pop("nodes")}
        del data["format"], data["version"]
        nodes = dict(sorted(nodes.items(), key=lambda item: item[1].order))
        return ResourceGraph(nodes=nodes, **data)
    except (KeyError, TypeError) as error:
        rule = f"parts are missing or unknown: {error}"
        fault = Fault(str(path), None, rule, "write it anew: estate graph ENV -o FILE.json")
        raise FaultsFound([fault]) from None


def _secret_values(graph: ResourceGraph) -> tuple[str, ...]:
    """Collect every secret string, the longest first: one may be part of another."""
    found: set[str] = set()
    marked: list[tuple[dict[str, Any], list[str]]] = [(graph.stack_outputs, graph.secret_stack_outputs)]
    for node in graph.nodes.values():
        marked += [(node.inputs, node.secret_inputs), (node.outputs, node.secret_outputs)]
    for data, paths in marked:
        for path in paths:
            for holder, key in _places(data, path):
                _strings(holder[key], found)
    return tuple(sorted(found - {"", UNKNOWN}, key=lambda secret: (-len(secret), secret)))


def _places(value: Any, path: str) -> Iterator[tuple[Any, Any]]:
    """Yield (holder, key) of what stands at a path; a key may hold dots itself, so every reading of the path counts."""
    if isinstance(value, dict):
        for key, item in value.items():
            if path == key:
                yield value, key
            elif path.startswith((f"{key}.", f"{key}[")):
                yield from _places(item, path[len(key) :].removeprefix("."))
    elif isinstance(value, list) and (found := _INDEX.match(path)) and int(found[1]) < len(value):
        rest = path[found.end() :].removeprefix(".")
        if rest:
            yield from _places(value[int(found[1])], rest)
        else:
            yield value, int(found[1])


def _cover(data: dict[str, Any], paths: list[str]) -> None:
    """Mask what stands at `paths`, whatever its type; unknown values stay to be seen as such."""
    for path in paths:
        for holder, key in _places(data, path):
            holder[key] = _covered(holder[key])


def _covered(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _covered(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_covered(item) for item in value]
    return value if value is None or value == UNKNOWN else MASK


def _strings(value: Any, into: set[str]) -> None:
    if isinstance(value, dict):
        for item in value.values():
            _strings(item, into)
    elif isinstance(value, list):
        for item in value:
            _strings(item, into)
    elif value is not None and not isinstance(value, bool):
        into.add(str(value))


def _without(value: Any, secrets: tuple[str, ...]) -> Any:
    """Return `value` with each secret replaced; inside longer strings those of 8 characters or more, so that masking
    does not eat ordinary words."""
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
