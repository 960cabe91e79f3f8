"""The resources of a stack, and which of them belong together.

At preview ids are unknown, so a bucket's versioning can't be found by the bucket's name. The engine tells for each
property which resources its value comes from; a known value is compared with names, ids and ARNs. Where it names
nothing in the stack, what it comes from counts too: under the engine ids are not told, unless a provider repeats them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cached_property

from mlops_policies.resource import Resource, View
from mlops_policies.values import UNKNOWN, UnknownValue, has_unknown, is_absent, look_up, texts


class Stack:
    """Every resource of a stack, with indexes that are made when they are first asked for: all joins are linear."""

    def __init__(self, resources: Sequence[Resource]) -> None:
        self.resources = resources
        self._referring: dict[tuple[str, str], _Index] = {}

    @cached_property
    def _by_type(self) -> dict[str, list[Resource]]:
        found: dict[str, list[Resource]] = {}
        for resource in self.resources:
            found.setdefault(resource.type, []).append(resource)
        return found

    @cached_property
    def by_urn(self) -> dict[str, Resource]:
        """Every resource by its URN."""
        return {resource.urn: resource for resource in self.resources}

    @cached_property
    def _by_identifier(self) -> dict[str, list[Resource]]:
        found: dict[str, list[Resource]] = {}
        for resource in self.resources:
            for identifier in set(resource.identifiers()):
                found.setdefault(identifier, []).append(resource)
        return found

    def of(self, *types: str) -> list[Resource]:
        """Return the resources of these canonical types."""
        return [resource for kind in types for resource in self._by_type.get(kind, ())]

    def referring(self, to: Resource, kind: str, by: str) -> list[Resource]:
        """Return the resources of a type whose property `by` names a resource: a bucket's versioning, a key's policy.

        Raises `UnknownValue` where none is found but one of that type may: its property is unknown, and the engine
        does not say what it comes from.
        """
        index = self._referring.get((kind, by))
        if index is None:
            index = self._referring[kind, by] = _Index(self, self.of(kind), by)
        return index.of(to)

    def referred(self, it: View, path: str, *types: str) -> list[Resource]:
        """Return the resources of these types that a property names, in this stack.

        Nothing where its known values name none here; raises `UnknownValue` where an unknown value may.
        """
        value = look_up(it.value, path, it.at)
        if is_absent(value):
            return []
        found: dict[str, Resource] = {}
        for _, text in texts(value):
            for candidate in (text, *_tails(text)):
                for resource in self._by_identifier.get(candidate, ()):
                    if resource.type in types and resource.urn != it.resource.urn:
                        found[resource.urn] = resource
        whole = it.at or path
        hidden = has_unknown(value) and it.resource.declares(whole)
        if hidden or not (found or has_unknown(value) or self.names_any(it.resource, value)):
            sources = [self.by_urn[urn] for urn in _sources(it.resource, whole) if urn in self.by_urn]
            named = {source.urn: source for source in sources if source.type in types}
            if hidden and not named and not found:
                raise UnknownValue(it.path(path))
            found |= named
        return list(found.values())

    def names_any(self, it: Resource, value: object) -> bool:
        """Whether a text in a value is the name, id or ARN of another resource of the stack."""
        return any(
            resource.urn != it.urn
            for _, text in texts(value)
            for candidate in (text, *_tails(text))
            for resource in self._by_identifier.get(candidate, ())
        )


class _Index:
    """The resources of one type by what one of their properties names."""

    def __init__(self, stack: Stack, resources: Iterable[Resource], by: str) -> None:
        self._stack = stack
        self._by_urn: dict[str, list[Resource]] = {}
        self._by_text: dict[str, list[Resource]] = {}
        self._loose = ""
        for resource in resources:
            self._add(resource, by)

    def _add(self, resource: Resource, by: str) -> None:
        try:
            value = look_up(resource.value, by)
        except UnknownValue:
            value = UNKNOWN  # what holds it is unknown
        if is_absent(value):
            return
        for _, text in texts(value):
            for candidate in {text, *_tails(text)}:
                self._by_text.setdefault(candidate, []).append(resource)
        if not has_unknown(value):
            if not self._stack.names_any(resource, value):
                for urn in _sources(resource, by):
                    self._by_urn.setdefault(urn, []).append(resource)
        # What the provider works out names nothing.
        elif resource.declares(by):
            sources = _sources(resource, by)
            for urn in sources:
                self._by_urn.setdefault(urn, []).append(resource)
            if not sources:
                self._loose = resource.path(by)

    def of(self, to: Resource) -> list[Resource]:
        found = {resource.urn: resource for resource in self._by_urn.get(to.urn, ())}
        for identifier in set(to.identifiers()):
            found |= {resource.urn: resource for resource in self._by_text.get(identifier, ()) if resource is not to}
        if not found and self._loose:
            raise UnknownValue(self._loose)
        return list(found.values())


def _sources(resource: Resource, path: str) -> Sequence[str]:
    """Return the URNs that a property's value comes from; the engine tells by top-level property."""
    top = resource.written(path).partition(".")[0].partition("[")[0]
    return resource.property_dependencies.get(top, ())


def _tails(text: str) -> tuple[str, ...]:
    """Return the names within an ARN or an S3 URI, by which the resource may be known."""
    if text.startswith("arn:") and text.count(":") >= 5:
        rest = text.split(":", 5)[5]
        return (rest, rest.rpartition("/")[2], rest.rpartition(":")[2])
    if text.startswith(("s3://", "https://s3.")):
        return (text.partition("://")[2].partition("/")[0],)
    return ()
