"""How alike two names are, when one is the provider's (`subnetIds`) and one the service's (`SubnetIdList`)."""

from __future__ import annotations

import functools
import re

# The provider spells some words out that services shorten, or the other way round.
_SAME = {
    "configuration": "config",
    "configurations": "config",
    "configs": "config",
    "parameters": "parameter",
    "environments": "environment",
}
_WORD = re.compile(r"[A-Z]+(?=[A-Z][a-z]|\d|$)|[A-Z]?[a-z]+\d*|\d+|[A-Z]+")


@functools.cache
def words(name: str) -> tuple[str, ...]:
    """Return the words of a camel-case name, lower case, spelled one way."""
    return tuple(_SAME.get(word.lower(), word.lower()) for word in _WORD.findall(name))


@functools.cache
def plain(name: str) -> str:
    """Return a name without case and plurals."""
    return "".join(_singular(word) for word in words(name))


def _singular(word: str) -> str:
    if word in {"ids", "arns"} or (word.endswith("s") and len(word) > 3 and not word.endswith("ss")):
        return word[:-1]
    return word


@functools.cache
def likeness(one: str, other: str) -> float:
    """Return the share of words two names have in common, 0 to 1."""
    first, second = ({_singular(word) for word in words(name)} for name in (one, other))
    return len(first & second) / max(1, len(first | second))


@functools.cache
def best(key: str, members: tuple[str, ...], noun: str) -> str | None:
    """Return the member that `key` means, or None.

    `noun` is what the enclosing thing is called: a provider's `name` on a `Bucket` is the service's `BucketName`.
    """
    for member in members:
        if member.lower() == key.lower():
            return member
    known = {plain(member): member for member in members}
    if key in {"tags", "tagsAll"}:
        spellings = ["tag", "taglist", "resourcetag", plain(noun) + "tag"]
        return next((known[name] for name in spellings if name in known), None)
    for candidate in _spellings(plain(key), plain(noun)):
        if candidate in known:
            return known[candidate]
    if key == "name":
        # `name` of an EndpointConfiguration is `EndpointConfigName`: a member whose stem the noun holds.
        named = [name for name in known if name.endswith("name") and name[:-4] and name[:-4] in plain(noun)]
        if named:
            return known[max(named, key=len)]
    ranked = sorted(((likeness(key, member), member) for member in members), reverse=True)
    return ranked[0][1] if ranked and ranked[0][0] >= 0.6 else None


def _spellings(key: str, noun: str) -> list[str]:
    """Return the ways services spell a provider's key, the likeliest first."""
    return [
        key,
        noun + key,
        key + "name",
        key + "arn",
        key + "id",
        key.removeprefix(noun),
        key.removesuffix("arn"),
        key.removesuffix("id"),
        key.removesuffix("id") + "arn",
        key.removesuffix("arn") + "id",
        key.removesuffix("name"),
        key + "config",
        key.removesuffix("config"),
        *(key + ending for ending in ("type", "list", "set", "json", "string", "document", "text", "body")),
    ]
