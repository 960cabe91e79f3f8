"""A resource as rules read it: properties under the names of the `aws` provider, with three answers to a question.

A rule yields verdicts. `requires`, `equals`, `one_of`, `holds` make one from a property and never raise; `get`,
`items`, `document` hand out values for a rule's own logic, and raise `UnknownValue`, which ends the rule as *not
evaluated*.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from mlops_policies import values
from mlops_policies.values import UnknownValue, has_unknown, is_absent, is_unknown, look_up
from mlops_policies.verdicts import PASS, Status, Verdict, not_evaluated

_SHOWN = 80


class View:
    """A resource, or one object within its properties, with the path where it stands."""

    __slots__ = ("at", "resource", "value")
    resource: Resource

    def __init__(self, resource: Resource, value: Any, at: str) -> None:
        self.resource = resource
        self.value = value
        self.at = at

    def path(self, path: str = "") -> str:
        """Return the whole path of a property, as it is written in the program."""
        whole = path if not self.at else f"{self.at}.{path}".rstrip(".")
        return self.resource.written(whole)

    def raw(self, path: str) -> Any:
        """Return what stands at a path, a sentinel where it is unknown, None where nothing stands."""
        return look_up(self.value, path, self.at)

    def get(self, path: str, default: Any = None) -> Any:
        """Return a value, or `default` where the program says nothing. Raises `UnknownValue`."""
        value = self.raw(path)
        if is_unknown(value):
            raise UnknownValue(self.path(path))
        return default if is_absent(value) else value

    def whole(self, path: str) -> Any:
        """Return a value of which nothing is unknown, at any depth. Raises `UnknownValue`."""
        value = self.raw(path)
        if has_unknown(value):
            raise UnknownValue(self.path(path))
        return value

    def present(self, path: str) -> bool:
        """Whether something is given; what is given but unknown counts. Raises `UnknownValue` for a hidden holder."""
        return not is_absent(self.raw(path))

    def items(self, path: str) -> list[View]:
        """Return the objects of a list, each as a view; one object counts as a list of it. Raises `UnknownValue`."""
        found = self.get(path)
        whole = f"{self.at}.{path}".strip(".")
        if isinstance(found, Mapping):
            return [View(self.resource, found, whole)]
        return [View(self.resource, item, f"{whole}[{index}]") for index, item in enumerate(found or [])]

    def part(self, path: str) -> View | None:
        """Return an object within this one as a view, or None. Raises `UnknownValue`."""
        found = self.get(path)
        return None if found is None else View(self.resource, values.listed(found)[0], f"{self.at}.{path}".strip("."))

    def document(self, path: str) -> Any:
        """Return the JSON document at a path as data, None where there is none.

        Raises `UnknownValue`, and `Malformed` for a text that is no JSON, which fails the rule.
        """
        found = self.raw(path)
        return None if is_absent(found) else values.document(found, self.path(path))

    def fails(self, path: str, message: str, key: str = "") -> Verdict:
        """Say what is wrong at a path."""
        whole = self.path(path) if path else self.at and self.path()
        return Verdict(Status.FAIL, f"{whole} {message}".strip(), whole, key)

    def requires(self, path: str, why: str = "must be given") -> Verdict:
        """Ask that a property is given; an unknown value is given."""
        try:
            return PASS if self.present(path) else self.fails(path, why)
        except UnknownValue as unknown:
            return not_evaluated(unknown.path)

    def requires_some(self, path: str) -> Verdict:
        """Ask that a list names at least one thing; an unknown list does."""
        try:
            given = self.raw(path)
        except UnknownValue as unknown:
            return not_evaluated(unknown.path)
        return self.fails(path, "must name at least one") if is_absent(given) or given == [] else PASS

    def equals(self, path: str, wanted: Any, *, default: Any = None) -> Verdict:
        """Ask for one value; `default` is what AWS or the provider makes of an absent property."""
        return self.one_of(path, (wanted,), default=default)

    def one_of(self, path: str, wanted: Collection[Any], *, default: Any = None) -> Verdict:
        """Ask for one of several values; `default` is what AWS or the provider makes of an absent property."""
        options = " or ".join(_shown(option) for option in wanted)
        return self.holds(path, lambda value: value in wanted, f"must be {options}", default=default)

    def holds(self, path: str, test: Callable[[Any], bool], must: str, *, default: Any = None) -> Verdict:
        """Ask that a value passes a test; `must` words it, as in "must be at least 2"."""
        try:
            value = self.get(path)
        except UnknownValue as unknown:
            return not_evaluated(unknown.path)
        if value is None:
            if default is not None and test(default):
                return PASS
            made = f"absent, which AWS takes as {_shown(default)}" if default is not None else "absent"
            return self.fails(path, f"is {made}; it {must}")
        return PASS if test(value) else self.fails(path, f"is {_shown(value)}; it {must}")


@dataclass(frozen=True, slots=True)
class Provider:
    """The provider of a resource: the region it works in and the tags it puts on everything."""

    region: str = ""
    default_tags: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, props: Mapping[str, Any]) -> Provider:
        """Read a provider's inputs, in which the engine writes nested values as JSON texts."""
        given = props.get("defaultTags")
        if isinstance(given, str) and not is_unknown(given):
            given = json.loads(given)
        tags = given.get("tags") if isinstance(given, Mapping) else None
        region = props.get("region")
        return cls(region if isinstance(region, str) else "", tags if isinstance(tags, Mapping) else {})


class Resource(View):
    """One resource. `type` and the properties are canonical (see `tokens`); `token` is what the program declares."""

    __slots__ = ("dependencies", "id", "name", "parent", "property_dependencies", "protect", "provider", "renamed",
                 "secrets", "token", "type", "urn")  # fmt: skip

    def __init__(
        self,
        token: str,
        props: Mapping[str, Any],
        *,
        urn: str = "",
        name: str = "",
        id: str = "",
        protect: bool = False,
        provider: Provider | None = None,
        secrets: Collection[str] | None = None,
    ) -> None:
        from mlops_policies.tokens import canonical

        self.type, canonical_props, self.renamed = canonical(token, props)
        super().__init__(self, canonical_props, "")
        self.token, self.urn, self.name, self.id = token, urn, name or urn.rpartition("::")[2], id
        self.protect = protect
        self.provider = provider or Provider()
        self.secrets = secrets
        """Paths of secret properties, as written; None where it can't be known."""
        self.parent = ""
        self.dependencies: tuple[str, ...] = ()
        self.property_dependencies: Mapping[str, tuple[str, ...]] = {}

    def written(self, path: str) -> str:
        """Return a path as the program writes it: an alias may have renamed the first step."""
        first, dot, rest = path.partition(".")
        name, bracket, index = first.partition("[")
        return f"{self.renamed.get(name, name)}{bracket}{index}{dot}{rest}"

    def declares(self, path: str) -> bool:
        """Whether the program gives a property: the engine lists those. What it lists nothing for, may be given.

        At preview what the provider works out is unknown too, though the program says nothing of it.
        """
        listed = self.property_dependencies
        # Of Cloud Control's resources the engine sees one property, the desired state.
        return not listed or "desiredState" in listed or re.split(r"[.[]", self.written(path))[0] in listed

    def tags(self) -> dict[str, Any]:
        """Return the tags, those of the provider included; a value may be unknown. Raises `UnknownValue`."""
        found: dict[str, Any] = dict(self.provider.default_tags)
        own = self.get("tags")
        if isinstance(own, Mapping):
            return found | dict(own)
        for item in own or []:
            if is_unknown(item) or is_unknown(item.get("key")):
                raise UnknownValue(self.path("tags"))
            found[item["key"]] = item.get("value", "")
        return found

    def region(self) -> str:
        """Return the region that the resource is in, its own or its provider's; "" where neither says."""
        # The provider works the region out where the program gives none.
        own = self.get("region") if self.declares("region") or not is_unknown(self.raw("region")) else None
        return str(own) if own else self.provider.region

    def identifiers(self) -> Iterator[str]:
        """Yield what other resources may name this one by: its id, ARN, name."""
        if self.id:
            yield self.id
        for name in ("id", "arn", "name", "bucket", "keyId", "jobDefinitionName", self.name_property()):
            value = self.value.get(name)
            if isinstance(value, str) and value and not is_unknown(value):
                yield value
        # What Kubernetes resources are named by stands among their metadata.
        metadata = self.value.get("metadata") if self.type.startswith("kubernetes:") else None
        named = metadata.get("name") if isinstance(metadata, Mapping) else None
        if named and isinstance(named, str) and not is_unknown(named):
            yield named

    def name_property(self) -> str:
        """Return the property that names a resource of this type, such as ``modelPackageGroupName``."""
        kind = self.type.rpartition(":")[2]
        return f"{kind[:1].lower()}{kind[1:]}Name"


def _shown(value: Any) -> str:
    text = json.dumps(value) if isinstance(value, (str, bool, int, float, type(None))) else f"a {type(value).__name__}"
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…"
