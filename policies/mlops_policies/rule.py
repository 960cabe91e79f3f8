"""A rule: what it asks, of which resources, how grave a fault is, and how to mend it.

A rule is a function with the decorator `resource_rule` (one resource at a time) or `stack_rule` (with the whole stack
at hand); it yields verdicts. Its docstring tells what was corrected against other tools, and why.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from mlops_policies.resource import Resource
from mlops_policies.stack import Stack
from mlops_policies.verdicts import Verdict

Severity = Literal["low", "medium", "high", "critical"]
Level = Literal["disabled", "advisory", "mandatory", "remediate"]
EnvironmentClass = Literal["dev", "staging", "prod"]
CLASSES: tuple[EnvironmentClass, ...] = ("dev", "staging", "prod")
LEVELS: tuple[Level, ...] = ("disabled", "advisory", "mandatory", "remediate")
SEVERITIES: tuple[Severity, ...] = ("critical", "high", "medium", "low")

CATEGORIES = ("security", "reliability", "ml-governance", "compliance", "cost", "sustainability")


class Use:
    """What a rule runs with: the environment's class, and the rule's settings with their defaults."""

    __slots__ = ("environment", "memory", "settings")

    def __init__(self, environment: EnvironmentClass, settings: Mapping[str, Any]) -> None:
        self.environment = environment
        self.settings = settings
        self.memory: dict[str, Any] = {}
        """What a rule keeps between resources of one stack, such as an index; empty for each stack."""

    def __getitem__(self, name: str) -> Any:
        return self.settings[name]

    @property
    def is_prod(self) -> bool:
        """Whether this is production."""
        return self.environment == "prod"


ResourceCheck = Callable[[Resource, Use], Iterable[Verdict]]
StackCheck = Callable[[Resource, Stack, Use], Iterable[Verdict]]
WholeStackCheck = Callable[[Stack, Use], Iterable[Verdict]]
Remedy = Callable[[dict[str, Any], str, Use], "dict[str, Any] | None"]
"""Takes properties as written (unknown values as sentinels), the token and the use; returns all of them changed, or
None."""


@dataclass(frozen=True)
class Rule:
    """One rule.

    `on` lists canonical types; one that ends in ``*`` is a prefix. `levels` is by environment class. `settings` is a
    JSON schema by name, each with a default. `only` names the classes where the rule applies. `why` and `fix` are for
    people; `sources` are public documents that its facts come from.
    """

    id: str
    title: str
    severity: Severity
    category: str
    on: tuple[str, ...]
    scope: Literal["resource", "stack", "whole_stack"]
    levels: Mapping[EnvironmentClass, Level]
    why: str
    fix: str
    sources: tuple[str, ...]
    check: Any
    only: tuple[EnvironmentClass, ...] = CLASSES
    settings: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    remedy: Remedy | None = None

    @property
    def notes(self) -> str:
        """What the rule's author says of it: its docstring."""
        return (self.check.__doc__ or "").strip()

    def applies_to(self, kind: str) -> bool:
        """Whether the rule speaks of a canonical type."""
        return any(kind == wanted or (wanted.endswith("*") and kind.startswith(wanted[:-1])) for wanted in self.on)


_registered: dict[str, Rule] = {}


def registered() -> Mapping[str, Rule]:
    """Return every rule that an imported module declares, by id."""
    return _registered


def resource_rule(id: str, *, on: Sequence[str], **about: Any) -> Callable[[ResourceCheck], ResourceCheck]:
    """Declare a rule that judges one resource: ``check(it, use)`` yields verdicts. See `_declare` for the rest."""
    return _declare(id, "resource", on, **about)


def stack_rule(id: str, *, on: Sequence[str], **about: Any) -> Callable[[StackCheck], StackCheck]:
    """Declare a rule that judges each resource of a type beside the rest of its stack: ``check(it, stack, use)``."""
    return _declare(id, "stack", on, **about)


def whole_stack_rule(id: str, **about: Any) -> Callable[[WholeStackCheck], WholeStackCheck]:
    """Declare a rule that judges a stack as one, such as "a detector is on": ``check(stack, use)``."""
    return _declare(id, "whole_stack", (), **about)


def _declare(
    id: str,
    scope: Literal["resource", "stack", "whole_stack"],
    on: Sequence[str],
    *,
    title: str,
    severity: Severity,
    level: Level | Mapping[EnvironmentClass, Level],
    why: str,
    fix: str,
    source: str | Sequence[str],
    category: str = "security",
    only: Sequence[EnvironmentClass] = CLASSES,
    settings: Mapping[str, Mapping[str, Any]] | None = None,
    remedy: Remedy | None = None,
) -> Callable[[Any], Any]:
    levels: dict[EnvironmentClass, Level] = dict.fromkeys(CLASSES, level) if isinstance(level, str) else dict(level)

    def decorate(check: Any) -> Any:
        rule = Rule(
            id, title, severity, category, tuple(on), scope, levels, why, fix,
            (source,) if isinstance(source, str) else tuple(source), check, tuple(only), settings or {}, remedy,
        )  # fmt: skip
        _complain(rule)
        _registered[id] = rule
        return check

    return decorate


def _complain(rule: Rule) -> None:
    """Raise `ValueError` for a rule that is not whole: a mistake of its author."""
    faults = []
    if rule.id in _registered and _registered[rule.id].check.__module__ != rule.check.__module__:
        faults.append("its id is taken")
    if rule.severity not in SEVERITIES or rule.category not in CATEGORIES:
        faults.append("severity or category is unknown")
    if set(rule.levels) != set(CLASSES) or not set(rule.levels.values()) <= set(LEVELS):
        faults.append("it needs a level for each class")
    if not all((rule.title, rule.why, rule.fix, rule.sources)) or not rule.title.endswith("."):
        faults.append("it needs a title that ends in a full stop, why, fix and source")
    if rule.scope != "whole_stack" and not rule.on:
        faults.append("it needs types")
    if any("default" not in schema for schema in rule.settings.values()):
        faults.append("every setting needs a default")
    if faults:
        raise ValueError(f"rule {rule.id}: {'; '.join(faults)}")
