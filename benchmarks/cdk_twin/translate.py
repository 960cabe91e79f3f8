"""From the collected graph to declarations in CloudFormation's names, with references where the program has them.

Reads the graph as a file (docs/reference/graph.md), so that it needs nothing of the project's environment.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from graphlib import TopologicalSorter
from typing import Any

from cdk_twin.rows import REF, Part, Properties, Row, pascal
from cdk_twin.rows_account import finish_group
from cdk_twin.table import row_of, why_left_out

Node = Mapping[str, Any]
STAND_IN = re.compile(r"(?:arn:aws:[\w-]+:[\w-]*:\d*:\w+/)?standin-(\d+)-(\w+)")
SHARED, FOLLOWING = "shared", "following"
"""The stacks of what belongs to no model: of what models build on, and of what builds on models."""
NAME = "ref"
"""The output that stands for the name which `Ref` answers, where the program passes on a name that it knows."""

BY_DEFAULT = {"id": REF, NAME: REF, "name": REF, "arn": "Arn"}
"""What answers an output for which a row names nothing."""


@dataclass(slots=True)
class Declaration:
    """One resource of the template."""

    logical_id: str
    type: str
    properties: Properties
    depends_on: list[str] = field(default_factory=list)
    retain: bool = False
    stack: str = SHARED
    parts: int = 1
    """How many of the program's resources it declares."""


@dataclass(slots=True)
class Twin:
    """What is declared, and how many resources of which types are not, with the reason."""

    declarations: dict[str, Declaration]
    left_out: Counter[tuple[str, str]]


def converted(value: Any, row: Row, *, top: bool = True) -> Any:
    """Return a value with CloudFormation's names at every depth but where keys are the user's own."""
    if isinstance(value, list):
        return [converted(item, row, top=top) for item in value]
    if not isinstance(value, Mapping):
        return value
    return {
        row.name_of(key, top=top): item if key in row.verbatim else converted(item, row, top=False)
        for key, item in value.items()
    }


class Translator:
    """Translates one graph."""

    def __init__(self, graph: Mapping[str, Any]) -> None:
        self._nodes: dict[str, Node] = {node["urn"]: node for node in graph["nodes"] if node["custom"]}
        self._by_id: dict[str, Node] = {node["id"]: node for node in self._nodes.values()}
        self._logical: dict[str, str] = {}
        self._providers = {urn: node for urn, node in self._nodes.items() if node["type"].startswith("pulumi:")}
        # The longest name first: `loans-uk` is not a part of `loans`.
        self._models = sorted(graph["stack_outputs"].get("models", {}), key=len, reverse=True)
        self._twin = Twin({}, Counter())

    def translate(self) -> Twin:
        """Return the twin of the graph."""
        resources = [node for urn, node in self._nodes.items() if urn not in self._providers]
        parts: list[tuple[Node, Part]] = []
        for node in resources:
            row = row_of(node["type"])
            if isinstance(row, Row):
                self._declare(node, row)
            elif row is not None:
                parts.append((node, row))
            else:
                self._twin.left_out[node["type"], why_left_out(node["type"])] += 1
        for node, part in parts:
            self._add(node, part)
        for declaration in self._twin.declarations.values():
            if declaration.type == "AWS::EC2::SecurityGroup":
                declaration.properties = finish_group(declaration.properties)
            declaration.properties = self._resolved(declaration.properties)
        self._order(resources)
        self._place_what_follows_models()
        return self._twin

    def _place_what_follows_models(self) -> None:
        """Put what is no model's, and still refers to models, in a stack of its own: else stacks refer in a circle."""
        made = self._twin.declarations
        before = {name: {*one.depends_on, *referenced(one.properties)} for name, one in made.items()}
        for name in TopologicalSorter(before).static_order():
            if made[name].stack == SHARED and any(made[other].stack != SHARED for other in before[name]):
                made[name].stack = FOLLOWING

    def _declare(self, node: Node, row: Row) -> None:
        properties = self._properties(node, row)
        if row.named:
            properties[row.named] = node["name"]
        if row.tags:
            properties |= self._tags(node, row)
        name = node["name"]
        stack = next((model for model in self._models if name == model or name.startswith(f"{model}-")), SHARED)
        made = Declaration(self._new_id(node), row.type, row.adapt(properties), retain=node["protect"], stack=stack)
        self._logical[node["urn"]] = made.logical_id
        self._twin.declarations[made.logical_id] = made

    def _add(self, node: Node, part: Part) -> None:
        """Add a part to the resource that CloudFormation declares it with."""
        owners = [self._logical.get(urn) for urn in node["property_dependencies"].get(part.of, ())]
        owner = next((self._twin.declarations[found] for found in owners if found), None)
        if owner is None:
            self._twin.left_out[node["type"], f"its {part.of} is none of the stack's"] += 1
            return
        for key, value in part.row.adapt(self._properties(node, part.row)).items():
            before = owner.properties.get(key)
            owner.properties[key] = before + value if isinstance(before, list) else value
        self._logical[node["urn"]] = owner.logical_id
        owner.parts += 1

    def _properties(self, node: Node, row: Row) -> Properties:
        inputs = {key: value for key, value in node["inputs"].items() if key not in row.drop and key != "tags"}
        for key, urns in node["property_dependencies"].items():
            if key in inputs and (names := self._names(urns)):
                inputs[key] = _with_names(inputs[key], names)
        for key in row.documents & inputs.keys():
            inputs[key] = json.loads(inputs[key])
        documents = {row.name_of(key): inputs.pop(key) for key in row.documents & inputs.keys()}
        result: Properties = converted(inputs, row)
        return result | documents

    def _names(self, urns: list[str]) -> dict[str, str]:
        """Return the stand-ins of dependencies by the names that the program knows them by."""
        found = {}
        for urn in urns:
            node = self._nodes.get(urn)
            row = row_of(node["type"]) if node else None
            if node and isinstance(row, Row) and row.ref:
                found[node["inputs"][row.ref]] = node["id"].removesuffix("id") + NAME
        return found

    def _tags(self, node: Node, row: Row) -> Properties:
        """Return the resource's tags over its provider's."""
        own = node["inputs"].get("tags") or {}
        if isinstance(own, list):
            own = {tag["key"]: tag["value"] for tag in own}
        tags = {**self._default_tags(node), **own}
        if not tags:
            return {}
        return {row.tags: tags if row.tag_map else [{"Key": key, "Value": tags[key]} for key in sorted(tags)]}

    def _default_tags(self, node: Node) -> dict[str, str]:
        provider = self._providers.get((node["provider"] or "").rpartition("::")[0])
        tags = json.loads(provider["inputs"].get("defaultTags", "{}")) if provider else {}
        return dict(tags.get("tags", {}))

    def _new_id(self, node: Node) -> str:
        """Return a name for the template: letters and digits only, and one type's apart from another's."""
        words = re.split(r"[^A-Za-z0-9]+", f"{node['name']}-{node['type'].rpartition(':')[2]}")
        name = "".join(pascal(word) for word in words)
        taken = self._twin.declarations
        return name if name not in taken else next(f"{name}{n}" for n in range(2, 999) if f"{name}{n}" not in taken)

    def _resolved(self, value: Any) -> Any:
        if isinstance(value, Mapping):
            return {key: self._resolved(item) for key, item in value.items()}
        if isinstance(value, list):
            return [self._resolved(item) for item in value]
        return self._text(value) if isinstance(value, str) and "standin-" in value else value

    def _text(self, text: str) -> Any:
        """Return text with its stand-ins as references: alone, or joined with what is around them."""
        pieces: list[Any] = []
        at = 0
        for found in STAND_IN.finditer(text):
            pieces += [text[at : found.start()], self._reference(found)]
            at = found.end()
        pieces.append(text[at:])
        joined = [piece for piece in _joined(pieces) if piece != ""]
        return joined[0] if len(joined) == 1 else {"Fn::Join": ["", joined]}

    def _reference(self, found: re.Match[str]) -> Any:
        node = self._by_id[f"standin-{found[1]}-id"]
        row, logical_id, output = row_of(node["type"]), self._logical.get(node["urn"]), found[2]
        if not isinstance(row, Row) or logical_id is None:
            return found[0]
        attribute = row.attributes.get(output, BY_DEFAULT.get(output))
        if attribute is None:
            raise LookupError(f"{node['type']}: the mapping doesn't say how CloudFormation answers {output}")
        if attribute == REF:
            return {"Ref": logical_id}
        if "{" in attribute:
            return attribute.format(**self._place(node), **self._twin.declarations[logical_id].properties)
        return {"Fn::GetAtt": [logical_id, attribute]}

    def _place(self, node: Node) -> dict[str, str]:
        provider = self._providers[(node["provider"] or "").rpartition("::")[0]]["inputs"]
        return {"region": provider["region"], "account": json.loads(provider["allowedAccountIds"])[0]}

    def _order(self, resources: list[Node]) -> None:
        """Say what comes before what, where no reference says it."""
        for node in resources:
            own = self._logical.get(node["urn"])
            if own is None:
                continue
            declaration = self._twin.declarations[own]
            wanted = {self._logical[urn] for urn in node["dependencies"] if urn in self._logical}
            wanted -= {own, *referenced(declaration.properties)}
            declaration.depends_on = sorted({*declaration.depends_on, *wanted})


def _with_names(value: Any, names: Mapping[str, str]) -> Any:
    """Return a value in which each known name is the stand-in of the resource that has it."""
    if isinstance(value, Mapping):
        return {key: _with_names(item, names) for key, item in value.items()}
    if isinstance(value, list):
        return [_with_names(item, names) for item in value]
    return names.get(value, value) if isinstance(value, str) else value


def _joined(pieces: list[Any]) -> Iterator[Any]:
    """Yield pieces with neighbouring texts made one."""
    text = ""
    for piece in pieces:
        if isinstance(piece, str):
            text += piece
        else:
            yield text
            yield piece
            text = ""
    yield text


def referenced(value: Any) -> Iterator[str]:
    """Yield the logical ids that a value refers to."""
    if isinstance(value, list):
        for item in value:
            yield from referenced(item)
    elif isinstance(value, Mapping):
        for key, item in value.items():
            if key == "Ref":
                yield item
            elif key == "Fn::GetAtt":
                yield item[0]
            else:
                yield from referenced(item)
