"""What a row of the mapping says: how one of the program's resource types is declared as CloudFormation.

Names follow one rule, `kmsKeyId` is `KmsKeyId`; rows hold the exceptions. Sources: the CloudFormation template
reference (https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/) and the providers' own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

Properties = dict[str, Any]
Adapt = Callable[[Properties], Properties]

REF = ""
"""Stands for `Ref` where a row names the attribute of a reference."""


def pascal(name: str) -> str:
    """Return a name as CloudFormation writes it."""
    return name[:1].upper() + name[1:]


def unchanged(properties: Properties) -> Properties:
    """Leave the properties as the names' rule makes them."""
    return properties


@dataclass(frozen=True, slots=True)
class Row:
    """One type with a counterpart.

    `renames` are input names, at any depth, whose CloudFormation name is another, but `name` is the resource's own and
    so renamed at the top only; `drop` are inputs without one.
    Under `verbatim` keys are the user's own. `documents` are JSON texts that CloudFormation takes as objects. `adapt`
    reshapes what has been renamed. `tags` is the property of tags, empty where there is none; `tag_map` where it is a
    map. `attributes` are outputs with the attribute, or `REF`, that answers them; with braces it is text that holds
    properties, `{region}` and `{account}`, for what CloudFormation doesn't answer. `ref` is the input whose value `Ref`
    answers. `named` is the property of a name that Pulumi generates and CloudFormation doesn't answer.
    """

    type: str
    renames: Mapping[str, str] = field(default_factory=dict)
    drop: frozenset[str] = frozenset()
    verbatim: frozenset[str] = frozenset()
    documents: frozenset[str] = frozenset({"policy"})
    adapt: Adapt = unchanged
    tags: str = "Tags"
    tag_map: bool = False
    attributes: Mapping[str, str] = field(default_factory=dict)
    ref: str = ""
    named: str = ""

    def name_of(self, key: str, *, top: bool = True) -> str:
        """Return what an input is called in CloudFormation."""
        return pascal(key) if key == "name" and not top else self.renames.get(key, pascal(key))


@dataclass(frozen=True, slots=True)
class Part:
    """A type that CloudFormation declares as properties of another resource, the one that the input `of` names.

    `row` says how its inputs become these properties; lists of several parts add up.
    """

    of: str
    row: Row


def part(of: str, adapt: Adapt, *, documents: tuple[str, ...] = ("policy",), **renames: str) -> Part:
    """Return a part; the input that names its owner is not declared again."""
    return Part(of, Row("", renames, frozenset({of}), documents=frozenset(documents), adapt=adapt, tags=""))


def under(name: str, *kept: str) -> Adapt:
    """Return what moves all properties but `kept` into one of this name."""

    def adapt(properties: Properties) -> Properties:
        inner = {key: value for key, value in properties.items() if key not in kept}
        return {**{key: properties[key] for key in kept if key in properties}, name: inner}

    return adapt


def listed(name: str) -> Adapt:
    """Return what makes all properties the one item of a list."""
    return lambda properties: {name: [properties]}


def renamed(properties: Properties, **names: str) -> Properties:
    """Return properties with some of their names replaced; those that are absent stay absent."""
    return {names.get(key, key): value for key, value in properties.items()}
