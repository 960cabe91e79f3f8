"""Reading one `Pulumi.<environment>.yaml` with the position of every node, so that each fault names a line."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import yaml

from mlops_estate.faults import Fault, FaultsFound

Path_ = tuple[str | int, ...]
"""Where something is in a document: keys and list positions from the top."""


@dataclass(frozen=True, slots=True)
class ConfigFault(Fault):
    """A fault in a configuration file. `line` counts from 1; 0 where there is none (values not from a file)."""

    file: str = ""
    line: int = 0

    def as_dict(self) -> dict[str, Any]:
        """Return the fault as plain JSON data."""
        return asdict(self)

    def as_text(self) -> str:
        """Return the fault as one readable paragraph that begins with `file:line`."""
        text = Fault.as_text(self)
        if not self.file:
            return text
        return f"{self.file}:{self.line}: {text}" if self.line else f"{self.file}: {text}"


@dataclass(slots=True)
class Document:
    """What a file holds: plain data, the line of every key or item, and what is wrong with it as YAML."""

    file: str
    data: Any = None
    lines: dict[Path_, int] = field(default_factory=dict)
    texts: dict[Path_, str] = field(default_factory=dict)
    faults: list[ConfigFault] = field(default_factory=list)

    def line(self, path: Path_) -> int:
        """Return the line of `path`, or of its nearest ancestor that is written in the file."""
        for length in range(len(path), -1, -1):
            if path[:length] in self.lines:
                return self.lines[path[:length]]
        return 0

    def text(self, path: Path_) -> str | None:
        """Return a scalar as it is written in the file, before YAML gave it a type."""
        return self.texts.get(path)


class _CoreLoader(yaml.SafeLoader):
    """YAML 1.2's core schema, as Pulumi's own reader has it: `yes` and `2024-01-01` are strings."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012 -- PyYAML's own protocol


_RESOLVERS: tuple[tuple[str, str, str], ...] = (
    ("tag:yaml.org,2002:bool", r"^(?:true|True|TRUE|false|False|FALSE)$", "tTfF"),
    ("tag:yaml.org,2002:null", r"^(?:~|null|Null|NULL|)$", "~nN\0"),
    ("tag:yaml.org,2002:int", r"^[-+]?[0-9]+$", "-+0123456789"),
    (
        "tag:yaml.org,2002:float",
        r"^[-+]?(?:\.[0-9]+|[0-9]+\.[0-9]*|[0-9]+(?=[eE]))(?:[eE][-+]?[0-9]+)?$",
        "-+.0123456789",
    ),
)
for _tag, _pattern, _first in _RESOLVERS:
    for _character in _first:
        _CoreLoader.yaml_implicit_resolvers.setdefault("" if _character == "\0" else _character, []).append(
            (_tag, re.compile(_pattern))
        )

_CONSTRUCT: dict[str, Callable[[str], Any]] = {
    "tag:yaml.org,2002:bool": lambda text: text.lower() == "true",
    "tag:yaml.org,2002:null": lambda _text: None,
    "tag:yaml.org,2002:int": int,
    "tag:yaml.org,2002:float": float,
    "tag:yaml.org,2002:str": str,
}


def read_document(path: Path) -> Document:
    """Read a YAML file into plain data with positions.

    Raises `FaultsFound` when the file can't be read as YAML at all: missing, not UTF-8, empty, malformed, or more than
    one document. Faults that leave the rest readable (duplicate keys, keys that are no strings) are kept in `faults`.
    """
    document = Document(file=path.name)
    try:
        text = path.read_bytes().decode("utf-8")
    except UnicodeDecodeError as error:
        line = path.read_bytes()[: error.start].count(b"\n") + 1
        raise FaultsFound(
            [_file_fault(path, line, "must be UTF-8 text", f"save it as UTF-8 ({error.reason})")]
        ) from error
    except OSError as error:
        raise FaultsFound([_file_fault(path, 0, f"must be readable: {error.strerror}", "check the path")]) from error
    try:
        nodes = list(yaml.compose_all(text, Loader=_CoreLoader))
    except yaml.YAMLError as error:
        raise FaultsFound([_syntax_fault(path, error)]) from error
    if not nodes or nodes[0] is None:
        raise FaultsFound(
            [_file_fault(path, 0, "must not be empty", "write a `config:` block; see docs/reference/configuration.md")]
        )
    if len(nodes) > 1:
        line = nodes[1].start_mark.line + 1
        raise FaultsFound([_file_fault(path, line, "must hold one YAML document", "remove `---` and what follows it")])
    document.data = _convert(document, nodes[0], (), ())
    return document


def _file_fault(path: Path, line: int, rule: str, fix: str) -> ConfigFault:
    return ConfigFault(where="file", value=None, rule=rule, fix=fix, file=path.name, line=line)


def _syntax_fault(path: Path, error: yaml.YAMLError) -> ConfigFault:
    mark = getattr(error, "problem_mark", None)
    problem = getattr(error, "problem", None) or str(error).splitlines()[0]
    context = getattr(error, "context", None)
    where = f"at column {mark.column + 1}" if mark else "here"
    rule = f"must be well-formed YAML: {problem}" + (f" ({context})" if context else "")
    return _file_fault(
        path, mark.line + 1 if mark else 0, rule, f"mend the syntax {where} (indentation, quotes, colons)"
    )


def _convert(document: Document, node: yaml.Node, path: Path_, above: tuple[int, ...]) -> Any:
    document.lines.setdefault(path, node.start_mark.line + 1)
    if id(node) in above:
        document.faults.append(
            _node_fault(document, path, node, "an alias must not contain itself", "write the value out")
        )
        return None
    inside = (*above, id(node))
    if isinstance(node, yaml.MappingNode):
        return _mapping(document, node, path, inside)
    if isinstance(node, yaml.SequenceNode):
        return [_convert(document, item, (*path, index), inside) for index, item in enumerate(node.value)]
    document.texts[path] = str(node.value)
    construct = _CONSTRUCT.get(node.tag)
    if construct is None:
        document.faults.append(
            _node_fault(document, path, node, f"the tag {node.tag} is not known here", "remove the tag")
        )
        return str(node.value)
    return construct(node.value)


def _mapping(document: Document, node: yaml.MappingNode, path: Path_, above: tuple[int, ...]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key_node, value_node in node.value:
        is_text = isinstance(key_node, yaml.ScalarNode) and key_node.tag == "tag:yaml.org,2002:str"
        key = str(key_node.value) if isinstance(key_node, yaml.ScalarNode) else "?"
        here = (*path, key)
        if not is_text:
            fix = f'quote it: "{key}"' if isinstance(key_node, yaml.ScalarNode) else "use a plain word as the key"
            document.faults.append(_node_fault(document, here, key_node, "a key must be a string", fix))
            continue
        if key == "<<":
            fix = "write the keys out, or alias a whole block"
            document.faults.append(_node_fault(document, here, key_node, "merge keys are not supported", fix))
            continue
        if key in found:
            first = document.lines[here]
            rule = f"{_noun(path)} must be written once; it is also on line {first}"
            fix = "rename or remove one of the two"
            document.faults.append(_node_fault(document, here, key_node, rule, fix))
            continue
        document.lines[here] = key_node.start_mark.line + 1
        found[key] = _convert(document, value_node, here, above)
    return found


def _noun(path: Path_) -> str:
    return "a model name" if path and str(path[-1]).endswith("models") else "a key"


def _node_fault(document: Document, path: Path_, node: yaml.Node, rule: str, fix: str) -> ConfigFault:
    value = node.value if isinstance(node, yaml.ScalarNode) else None
    return ConfigFault(
        where=dotted(path), value=value, rule=rule, fix=fix, file=document.file, line=node.start_mark.line + 1
    )


def dotted(path: Iterable[str | int]) -> str:
    """Write a path as a reader would: ``config.mlops-estate:models.x.zones[0]`` without what every path begins with."""
    parts = list(path)
    if parts[:1] == ["config"] and len(parts) > 1 and str(parts[1]).startswith("mlops-estate:"):
        parts = [str(parts[1]).removeprefix("mlops-estate:"), *parts[2:]]
    text = ""
    for part in parts:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text or "file"


def nearest(word: str, known: Iterable[str]) -> str:
    """Return the known word that `word` most likely stands for, or an empty string."""
    by_shape = {name.lower().replace("-", "_"): name for name in known}
    found = difflib.get_close_matches(word.lower().replace("-", "_"), by_shape, n=1, cutoff=0.6)
    if found:
        return by_shape[found[0]]
    begun = [name for shape, name in by_shape.items() if len(shape) > 2 and word.lower().startswith(shape)]
    return begun[0] if begun else ""
