"""The parts of an evidence pack: facts with their source, and gaps where nothing records what was asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlops_estate.graph import UNKNOWN, ResourceGraph

if TYPE_CHECKING:
    from mlops_estate.checks import CheckReport
    from mlops_estate.config import LoadedEnvironment
    from mlops_estate.evidence.run import RunRecord

FORMAT, VERSION = "mlops-estate/evidence", 1
DOCUMENTS = "documents"
"""Folder of a pack in which the copies of the source documents lie."""


@dataclass(frozen=True, slots=True)
class Fact:
    """Something recorded. `source` is a file of the pack, with a JSON pointer (RFC 6901): documents/gate.json#/a."""

    id: str
    title: str
    value: Any
    source: str

    def as_dict(self) -> dict[str, Any]:
        """Return the fact as JSON data."""
        return {"id": self.id, "title": self.title, "value": self.value, "source": self.source}


@dataclass(frozen=True, slots=True)
class Gap:
    """Something that was asked for and that nothing records: why, and what would fill it."""

    id: str
    title: str
    why: str
    fix: str

    def as_dict(self) -> dict[str, Any]:
        """Return the gap as JSON data."""
        return {"id": self.id, "title": self.title, "why": self.why, "fix": self.fix}


@dataclass(frozen=True, slots=True)
class Table:
    """Facts of one kind, as rows; every cell is text, a number, a truth value or null."""

    title: str
    columns: tuple[str, ...]
    rows: list[list[Any]]
    source: str

    def as_dict(self) -> dict[str, Any]:
        """Return the table as JSON data."""
        return {"title": self.title, "columns": list(self.columns), "rows": self.rows, "source": self.source}


@dataclass(slots=True)
class Section:
    """A subject of the pack. Every entry that is asked for becomes a fact or a gap, so that none is left out."""

    id: str
    title: str
    facts: list[Fact] = field(default_factory=list)
    tables: list[Table] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)

    def tell(self, key: str, title: str, value: Any, source: str, *, why: str, fix: str) -> None:
        """Add a fact, or the gap with its reason where the value is nothing or not known yet."""
        name = f"{self.id}.{key}"
        if is_told(value):
            self.facts.append(Fact(name, title, value, source))
        else:
            self.gaps.append(Gap(name, title, why, fix))

    def lack(self, key: str, title: str, *, why: str, fix: str) -> None:
        """Add a gap."""
        self.gaps.append(Gap(f"{self.id}.{key}", title, why, fix))

    def table(self, title: str, columns: Sequence[str], rows: list[list[Any]], source: str) -> None:
        """Add a table, where there are rows."""
        if rows:
            self.tables.append(Table(title, tuple(columns), rows, source))

    def as_dict(self) -> dict[str, Any]:
        """Return the section as JSON data."""
        return {
            "id": self.id,
            "title": self.title,
            "facts": [fact.as_dict() for fact in self.facts],
            "tables": [table.as_dict() for table in self.tables],
            "gaps": [gap.as_dict() for gap in self.gaps],
        }


@dataclass(frozen=True, slots=True)
class Signer:
    """Who signs: the KMS client and the key's ARN, its public half, and what kind of account holds it."""

    kms: Any
    key_arn: str
    public_key: str
    account: str

    @property
    def fingerprint(self) -> str:
        """The SHA-256 of the public key (DER, SubjectPublicKeyInfo), in hexadecimal."""
        from mlops_estate.evidence.seal import fingerprint

        return fingerprint(self.public_key)


@dataclass(frozen=True, slots=True)
class Material:
    """Everything that a pack is made of. `package` is DescribeModelPackage of the run's version, None where no registry
    was asked or it has none; `standing` says whether the graph is of resources that stand, or only declared.
    """

    environment: LoadedEnvironment
    model: str
    date: date
    run: RunRecord
    graph: ResourceGraph
    check: CheckReport
    standing: bool
    history: Mapping[str, Any]
    package: Mapping[str, Any] | None = None
    package_missing: str = ""
    drill: Mapping[str, Any] | None = None
    provenance: Path | None = None

    @property
    def configuration(self) -> Any:
        """The model's block, with every default."""
        return self.environment.config.models[self.model]

    @property
    def outputs(self) -> Mapping[str, Any]:
        """What the stack exports of the model."""
        found: Mapping[str, Any] = (self.graph.stack_outputs.get("models") or {}).get(self.model) or {}
        return found


def is_told(value: Any) -> bool:
    """Whether a value says something: 0 and False do; nothing, an empty text or list, and what is unknown do not."""
    if value is None or value in ("", [], {}, ()):
        return False
    return not (isinstance(value, str) and UNKNOWN in value)


def pointer(*path: str | int) -> str:
    """Return a JSON pointer (RFC 6901) of keys and places."""
    return "".join("/" + str(key).replace("~", "~0").replace("/", "~1") for key in path)


def source(name: str, *path: str | int) -> str:
    """Return where in the pack a fact comes from: a file below documents/, and the place in it."""
    return f"{DOCUMENTS}/{name}" + (f"#{pointer(*path)}" if path else "")


def resource(urn: str, *path: str | int) -> str:
    """Return the place of a resource in the pack's copy of the graph."""
    return source("resources.json", urn, *path)


def rounded(value: Any) -> Any:
    """Return a number with six significant digits, as people compare it; anything else as it is."""
    if isinstance(value, float) and value == value and abs(value) != float("inf"):
        return float(f"{value:.6g}")
    return value
