"""What a row of the operations table says: which AWS operations stand behind a resource type, and its exceptions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

Inputs = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a resource is made: what an exception may need to know. `name` is the physical name it would be given."""

    account: str
    region: str
    name: str
    partition: str = "aws"


@dataclass(frozen=True, slots=True)
class Call:
    """One AWS call, ready to be validated and sent; values moved from an input may be `At`."""

    operation: str
    params: Mapping[str, Any]
    service: str = ""


@dataclass(frozen=True, slots=True)
class Extra:
    """Calls beside the main operation, made when one of `inputs` is given (and `on_create`), or when one changes."""

    inputs: tuple[str, ...]
    calls: Callable[[Inputs, Mapping[str, Any]], list[Call]]
    on_create: bool = True


@dataclass(frozen=True, slots=True)
class Adoption:
    """How a resource that stands already is taken over.

    `key` is the key that the import id fills. `shows` reads, from clients by service and the keys, the inputs that the
    main read operation does not show, as the provider's import would have them; `tags` among them as a mapping.
    """

    key: str
    shows: Callable[[Callable[[str], Any], Mapping[str, str]], dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Operations:
    """A reviewed row. Everything but the operations is derived, unless an exception says otherwise.

    `keys` names what identifies the resource in later calls, each a JMESPath over ``{params, response}``; parameters of
    read, update and delete are taken from it by name. `id` and `outputs` are templates over the keys, ``{account}``,
    ``{region}`` and the outputs. `root` is the JMESPath of the resource in the read operation's answer. A type whose
    service has no read operation has none, and counts as validated. `drop` are inputs that steer the provider only.
    `after` gives outputs that the provider looks up elsewhere, from clients by service and the inputs.
    `same` maps what was sent to where it is read, both JMESPath, where the names differ; `unread` are parameters that
    no read operation shows, and `why_unread` says so. A type without `adoption` cannot be imported.
    no read operation shows, and `why_unread` says so. `refused` is the JMESPath of what an answer refuses although the
    call succeeds: pairs of code and message.
    """

    service: str
    create: str
    read: str = ""
    delete: str = ""
    update: str = ""
    root: str = "@"
    keys: Mapping[str, str] = field(default_factory=dict)
    id: str = ""
    noun: str = ""
    auto_name: str = ""
    auto_name_limit: int = 255
    drop: tuple[str, ...] = ()
    rename: Mapping[str, str] = field(default_factory=dict)
    const: Mapping[str, Any] = field(default_factory=dict)
    before: Callable[[dict[str, Any], Place], dict[str, Any]] | None = None
    extras: tuple[Extra, ...] = ()
    outputs: Mapping[str, str] = field(default_factory=dict)
    after: Callable[[Callable[[str], Any], Inputs], dict[str, Any]] | None = None
    ec2_resource: str = ""
    update_drop: tuple[str, ...] = ()
    update_before: Callable[[dict[str, Any], Place], dict[str, Any]] | None = None
    read_before: Callable[[Mapping[str, Any]], dict[str, Any]] | None = None
    delete_before: Callable[[Inputs, Mapping[str, Any]], dict[str, Any]] | None = None
    before_delete: str = ""
    leaves: str = ""
    same: Mapping[str, str] = field(default_factory=dict)
    unread: tuple[str, ...] = ()
    why_unread: str = ""
    adoption: Adoption | None = None
    refused: str = ""

    @property
    def what(self) -> str:
        """What the resource is called in names of parameters, such as ``EndpointConfig``."""
        return self.noun or _without_verb(self.create)

    def generated_name(self, logical: str, digits: str) -> str:
        """Return the name that the provider generates: the logical one, cut to the limit, and seven digits."""
        name = f"{logical[: self.auto_name_limit - 8]}-{digits}"
        return name.lower() if self.service == "s3" else name


def _without_verb(operation: str) -> str:
    for index, character in enumerate(operation):
        if index and character.isupper():
            return operation[index:]
    return operation
