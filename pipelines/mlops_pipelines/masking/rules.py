"""What masking rules may say of each column, and every fault of them at once."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any, NamedTuple

from mlops_pipelines.features.schema import Column, Schema

SMALLEST_GROUP = 5
"""A value of the copy stands for at least that many records, as in k-anonymity with k = 5; configurable."""
_PARAMETERS: Mapping[str, frozenset[str]] = {
    "drop": frozenset(),
    "keep": frozenset({"scan"}),
    "hash": frozenset({"domain", "length"}),
    "generalise": frozenset({"step", "bands", "prefix", "year", "groups", "other"}),
    "synthesise": frozenset(),
}
METHODS = tuple(_PARAMETERS)
SCANS = ("refuse", "report")
SHORTEST_HASH, LONGEST_HASH, HASH_LENGTH = 16, 64, 32
"""Hexadecimal digits of a pseudonym: 32 are 128 bits, so that no two values of a column get the same one by chance."""


class RuleFault(NamedTuple):
    """A fault of the rules: where in them (`columns.income.step`), the value, the rule it breaks, and the fix."""

    where: tuple[str, ...]
    value: Any
    rule: str
    fix: str

    def __str__(self) -> str:
        return f"masking.{'.'.join(self.where)} = {self.value!r}: {self.rule}; {self.fix}"


class MaskingFaults(ValueError):  # noqa: N818 -- a report of several faults, named for what it carries
    """Masking rules that cannot be followed; `faults` has every one."""

    def __init__(self, faults: Sequence[RuleFault]) -> None:
        self.faults = tuple(faults)
        super().__init__("\n  ".join([f"the masking rules have {len(faults)} faults:", *map(str, faults)]))


@dataclass(frozen=True)
class ColumnRule:
    """How one column is masked: the method and its parameters; `default` where no rule was written for it."""

    method: str
    parameters: Mapping[str, Any] = field(default_factory=dict)
    default: bool = False


@dataclass(frozen=True)
class MaskingRules:
    """A rule for every column of a schema, and how many records a value of the copy stands for at least."""

    columns: Mapping[str, ColumnRule]
    minimum_group: int = SMALLEST_GROUP


def is_personal(column: Column) -> bool:
    """Whether a column is taken for personal data where no rule says otherwise: an identifier, free text, or a column
    that is not used, of which nobody has said what it holds."""
    return column.role in ("identifier", "ignored") or column.type == "text"


def read_rules(document: Mapping[str, Any], schema: Schema) -> MaskingRules:
    """Return a rule for every column of the schema; personal ones without a rule are dropped, others are kept.

    Raises `MaskingFaults` with every fault: unknown keys, columns, methods and parameters, values out of range, and
    methods that don't fit a column's type or role.
    """
    if faults := rule_faults(document, schema):
        raise MaskingFaults(faults)
    given = document.get("columns") or {}
    rules: dict[str, ColumnRule] = {}
    for column in schema.columns:
        if column.name in given:
            own = {key: value for key, value in given[column.name].items() if value is not None}
            rules[column.name] = ColumnRule(own.pop("method"), own)
        else:
            rules[column.name] = ColumnRule("drop" if is_personal(column) else "keep", {}, default=True)
    minimum = document.get("minimum_group")
    return MaskingRules(rules, SMALLEST_GROUP if minimum is None else minimum)


def rule_faults(document: Any, schema: Schema) -> list[RuleFault]:
    """Return every fault of a `masking` block; a value of None counts as not given."""
    if not isinstance(document, Mapping):
        return [RuleFault((), document, "must be a block of keys", "write `columns:` with a rule for each column")]
    return list(_faults(document, schema))


def _faults(document: Mapping[str, Any], schema: Schema) -> Iterator[RuleFault]:
    for key in document.keys() - {"columns", "minimum_group"}:
        yield RuleFault((str(key),), document[key], "unknown key", "known: columns, minimum_group")
    minimum = document.get("minimum_group")
    if minimum is not None and not (_whole(minimum) and 2 <= minimum <= 1000):
        yield RuleFault(("minimum_group",), minimum, "must be a whole number from 2 to 1000", "leave it out for 5")
    columns = document.get("columns")
    if columns is None:
        return
    if not isinstance(columns, Mapping):
        yield RuleFault(
            ("columns",), columns, "must be a block with a key for each column", "see docs/reference/masking.md"
        )
        return
    known = {column.name: column for column in schema.columns}
    for name, rule in columns.items():
        where = ("columns", str(name))
        if name not in known:
            yield RuleFault(where, None, "the schema has no column of that name", _nearest(str(name), known))
        elif not isinstance(rule, Mapping):
            yield RuleFault(where, rule, "must be a block with `method`", f"write {{method: {METHODS[0]}}}")
        else:
            yield from _rule_faults(where, known[name], {key: rule[key] for key in rule if rule[key] is not None})
    dropped = {name for name, rule in columns.items() if isinstance(rule, Mapping) and rule.get("method") == "drop"}
    if dropped and set(schema.names("feature")) <= dropped:
        yield RuleFault(("columns",), None, "every feature is dropped: nothing is left to train on", "keep some")


def _rule_faults(where: tuple[str, ...], column: Column, rule: Mapping[str, Any]) -> Iterator[RuleFault]:
    method = rule.get("method")
    if method is None:
        yield RuleFault((*where, "method"), None, "is required", f"use one of {', '.join(METHODS)}")
        return
    if method not in _PARAMETERS:
        yield RuleFault((*where, "method"), method, "is no method of masking", _nearest(str(method), METHODS))
        return
    known = _PARAMETERS[method]
    for key in rule.keys() - {"method"} - known:
        fix = f"known: {', '.join(sorted(known))}" if known else "remove it"
        yield RuleFault((*where, str(key)), rule[key], f"is no parameter of {method}", fix)
    yield from _CHECKS[method](where, column, rule)


def _drop_faults(where: tuple[str, ...], column: Column, _rule: Mapping[str, Any]) -> Iterator[RuleFault]:
    if column.role == "label":
        yield RuleFault((*where, "method"), "drop", "the label is what the copy trains for", "use keep, or generalise")


def _keep_faults(where: tuple[str, ...], _column: Column, rule: Mapping[str, Any]) -> Iterator[RuleFault]:
    if rule.get("scan", "refuse") not in SCANS:
        yield RuleFault((*where, "scan"), rule["scan"], f"must be one of {', '.join(SCANS)}", "leave it out for refuse")


def _hash_faults(where: tuple[str, ...], column: Column, rule: Mapping[str, Any]) -> Iterator[RuleFault]:
    if column.role == "label" and column.type == "category":
        rule_ = "which class is the positive one would be lost"
        yield RuleFault((*where, "method"), "hash", rule_, "use keep, or generalise")
    if column.type in ("integer", "number") and column.role not in ("identifier", "ignored"):
        fix = "use generalise or synthesise, or drop"
        yield RuleFault(
            (*where, "method"), "hash", f"a pseudonym is no {column.type}: nothing can be learnt of it", fix
        )
    length = rule.get("length", HASH_LENGTH)
    if not (_whole(length) and SHORTEST_HASH <= length <= LONGEST_HASH):
        limits = f"must be a whole number from {SHORTEST_HASH} to {LONGEST_HASH} (hexadecimal digits)"
        yield RuleFault((*where, "length"), length, limits, f"leave it out for {HASH_LENGTH}")
    domain = rule.get("domain", column.name)
    if not (isinstance(domain, str) and domain):
        yield RuleFault((*where, "domain"), domain, "must be a name", "name what the values are of, such as customer")


def _generalise_faults(where: tuple[str, ...], column: Column, rule: Mapping[str, Any]) -> Iterator[RuleFault]:
    wanted = {"integer": ("step", "bands"), "number": ("step", "bands"), "category": ("groups",)}.get(
        column.type, ("prefix", "year")
    )
    if column.role == "identifier":
        wanted = ("prefix",)
    given = [key for key in ("step", "bands", "prefix", "year", "groups") if key in rule]
    for key in given:
        if key not in wanted:
            rule_ = f"is not for a column of type {column.type}"
            yield RuleFault((*where, key), rule[key], rule_, f"use {' or '.join(wanted)}")
    fitting = [key for key in given if key in wanted]
    if len(fitting) != 1:
        yield RuleFault(where, fitting or None, f"generalise takes one of {', '.join(wanted)}", "give exactly one")
        return
    if "other" in rule and fitting != ["groups"]:
        yield RuleFault((*where, "other"), rule["other"], "belongs to `groups`", "remove it")
    yield from _GENERALISATIONS[fitting[0]](where, column, rule)


def _step_faults(where: tuple[str, ...], column: Column, rule: Mapping[str, Any]) -> Iterator[RuleFault]:
    step = rule["step"]
    if not (_number(step) and step > 0):
        yield RuleFault((*where, "step"), step, "must be a number above 0", "use the width of a band, such as 5000")
    elif column.type == "integer" and step != int(step):
        yield RuleFault((*where, "step"), step, "must be whole, as the column is", f"use {math.ceil(step)}")


def _bands_faults(where: tuple[str, ...], column: Column, rule: Mapping[str, Any]) -> Iterator[RuleFault]:
    bands, here = rule["bands"], (*where, "bands")
    if not (
        isinstance(bands, Sequence) and not isinstance(bands, str) and len(bands) >= 2 and all(map(_number, bands))
    ):
        yield RuleFault(here, bands, "must be a list of at least two numbers", "list the lower edge of each band")
        return
    if sorted(set(bands)) != list(bands):
        yield RuleFault(here, bands, "edges must rise", f"write {sorted(set(bands))}")
    elif column.minimum is not None and bands[0] > column.minimum:
        rule_ = f"the first edge must not lie above the column's minimum, {column.minimum:g}"
        yield RuleFault(here, bands[0], rule_, f"begin with {column.minimum:g}")
    if column.type == "integer" and any(edge != int(edge) for edge in bands):
        yield RuleFault(here, bands, "edges must be whole, as the column is", "round them")


def _prefix_faults(where: tuple[str, ...], _column: Column, rule: Mapping[str, Any]) -> Iterator[RuleFault]:
    prefix = rule["prefix"]
    if not (_whole(prefix) and 1 <= prefix <= 32):
        fix = "use how many characters stay, such as 2"
        yield RuleFault((*where, "prefix"), prefix, "must be a whole number from 1 to 32", fix)


def _year_faults(where: tuple[str, ...], _column: Column, rule: Mapping[str, Any]) -> Iterator[RuleFault]:
    if rule["year"] is not True:
        yield RuleFault((*where, "year"), rule["year"], "must be true", "remove it, or use prefix")


def _groups_faults(where: tuple[str, ...], column: Column, rule: Mapping[str, Any]) -> Iterator[RuleFault]:
    groups, here = rule["groups"], (*where, "groups")
    if not (isinstance(groups, Mapping) and groups and all(isinstance(name, str) and name for name in groups)):
        yield RuleFault(here, groups, "must be a block of named lists", "write {name: [value, ...], ...}")
        return
    listed: list[Any] = []
    for name, values in groups.items():
        if not isinstance(values, Sequence) or isinstance(values, str) or not values:
            yield RuleFault((*here, name), values, "must be a list of values", f"write {name}: [value, ...]")
            continue
        listed += values
        for value in values:
            if value not in column.values:
                yield RuleFault((*here, name), value, "is no value of the column", _nearest(str(value), column.values))
    for value in dict.fromkeys(value for value in listed if listed.count(value) > 1):
        yield RuleFault(here, value, "is in two groups", "leave it in one")
    other = rule.get("other")
    if other is not None and not (isinstance(other, str) and other):
        yield RuleFault((*where, "other"), other, "must be a name", "name the group of all other values")
    missing = [value for value in column.values if value not in listed]
    if missing and other is None:
        yield RuleFault(here, missing, "these values are in no group", "add them, or `other: NAME` for them all")
    names = [*groups, *([other] if missing and isinstance(other, str) and other not in groups else [])]
    if len(names) < 2:
        yield RuleFault(here, names, "one group says nothing", "make at least two, or drop the column")
    for name in names:
        if name in column.values:
            yield RuleFault((*here, name), name, "is a value of the column itself", "give the group another name")


def _synthesise_faults(where: tuple[str, ...], column: Column, _rule: Mapping[str, Any]) -> Iterator[RuleFault]:
    if column.role == "identifier" or column.type == "text":
        rule = "identifiers and texts have no distribution to draw from"
        yield RuleFault((*where, "method"), "synthesise", rule, "use hash, generalise or drop")
    elif column.role == "label":
        rule = "a label that is drawn has nothing to do with the record"
        yield RuleFault((*where, "method"), "synthesise", rule, "use keep, or generalise")


_Check = Callable[[tuple[str, ...], Column, Mapping[str, Any]], Iterator[RuleFault]]
_CHECKS: Mapping[str, _Check] = {
    "drop": _drop_faults, "keep": _keep_faults, "hash": _hash_faults, "generalise": _generalise_faults,
    "synthesise": _synthesise_faults,
}  # fmt: skip
_GENERALISATIONS: Mapping[str, _Check] = {
    "step": _step_faults, "bands": _bands_faults, "prefix": _prefix_faults, "year": _year_faults,
    "groups": _groups_faults,
}  # fmt: skip


def _nearest(name: str, known: Sequence[str] | Mapping[str, Any]) -> str:
    close = get_close_matches(name, list(known), 1)
    return f"did you mean `{close[0]}`?" if close else f"known: {', '.join(known)}"


def _whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)
