"""A search for ways from a role to what it may not have: by itself, or through roles that it can come to work as.

Each method is decided by the evaluator, with boundaries, conditions, trust and key policies. Who asks is taken to
satisfy every condition of a statement that can be satisfied by choice, so nothing is missed for want of the right
request.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from mlops_estate.embedded.iam.estate import Estate, Role
from mlops_estate.embedded.iam.evaluation import decide
from mlops_policies.iam.conditions import listed
from mlops_policies.iam.escalation_methods import CHANGES_ACCESS, CHANGES_IDENTITY, REUSES_A_ROLE, TAKES_A_ROLE
from mlops_policies.iam.statements import Statement, parse

ANY = "anything"
"""Stands for whatever an identity can be made to have."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step: a role comes to work as another by a method."""

    source: str
    target: str
    method: str


@dataclass(frozen=True, slots=True)
class Prize:
    """What a role may not have."""

    name: str
    action: str
    resource: str
    context: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Path:
    """How a role comes to a prize: no steps where its own policies allow it."""

    prize: str
    steps: tuple[Step, ...]

    def __str__(self) -> str:
        way = "; ".join(f"{step.source} -> {step.target} by {step.method}" for step in self.steps)
        return f"{self.prize}: {way or 'by its own policies'}"


def paths(
    estate: Estate, start: str, prizes: Sequence[Prize], code: Mapping[str, Sequence[str]] | None = None
) -> list[Path]:
    """Return how a role comes to each prize, by the fewest steps; nothing where it can't.

    `code` names, by the ARN of an object that is run, the roles that run it.
    """
    ways: dict[str, tuple[Step, ...]] = {start: ()}
    waiting = [start]
    while waiting:
        source = waiting.pop(0)
        for step in steps(estate, source, code or {}):
            if step.target not in ways:
                ways[step.target] = (*ways[source], step)
                if step.target != ANY:
                    waiting.append(step.target)
    found = []
    for prize in prizes:
        for role, way in ways.items():
            if role == ANY or estate.decide(role, prize.action, prize.resource, prize.context).allowed:
                found.append(Path(prize.name, way))
                break
    return found


def steps(estate: Estate, source: str, code: Mapping[str, Sequence[str]]) -> Iterator[Step]:
    """Yield every step that a role can make by itself."""
    for action in (*CHANGES_IDENTITY, *CHANGES_ACCESS):
        if may(estate, source, action):
            yield Step(source, ANY, action)
    for target in estate.roles.values():
        if target.name != source:
            yield from (Step(source, target.name, method) for method in _methods(estate, source, target))
    for arn, names in code.items():
        if may(estate, source, "s3:PutObject", arn):
            yield from (Step(source, name, f"s3:PutObject of the code {arn}") for name in names)


def _methods(estate: Estate, source: str, target: Role) -> Iterator[str]:
    if may(estate, source, "sts:AssumeRole", target.arn):
        yield "sts:AssumeRole"
    for service in sorted(TAKES_A_ROLE.keys() | REUSES_A_ROLE.keys()):
        if not _trusts(target, service):
            continue
        if _passes(estate, source, target, service):
            for actions in TAKES_A_ROLE.get(service, ()):
                if all(may(estate, source, action) for action in actions):
                    yield f"iam:PassRole with {' and '.join(actions)}"
        for actions in REUSES_A_ROLE.get(service, ()):
            if all(may(estate, source, action) for action in actions):
                yield " and ".join(actions)


def _passes(estate: Estate, source: str, target: Role, service: str) -> bool:
    wanted = {"iam:PassedToService": service}
    return any(
        estate.decide(source, "iam:PassRole", target.arn, {**context, **wanted}).allowed
        for context in _contexts(estate.roles[source], "iam:PassRole")
    )


def _trusts(role: Role, service: str) -> bool:
    """Whether a service can work as a role."""
    return any(
        statement.allows and service in (statement.principal or {}).get("Service", ()) for statement in role.trust
    )  # fmt: skip


def may(estate: Estate, role: str, action: str, resource: str = "") -> bool:
    """Whether a role may do something to a resource, or to any resource that its own policies name."""
    holder = estate.roles[role]
    for context in _contexts(holder, action):
        for candidate in [resource] if resource else _resources(estate, holder, action):
            request, policies = estate.case(role, action, candidate, _harmful(action, context))
            if not resource and policies.resource is None:
                # A pattern stands for some resource of the account, whose own policy may hand everything on.
                policies = replace(policies, resource=_handed_on(estate.account))
            if decide(request, policies).allowed:
                return True
    return False


def _harmful(action: str, context: Mapping[str, str]) -> Mapping[str, str]:
    # A grant that only an AWS service can use, for what it serves, gives nobody more (KMS, GrantIsForAWSResource).
    return {**context, "kms:GrantIsForAWSResource": "false"} if action == "kms:CreateGrant" else context


def _handed_on(account: str) -> tuple[Statement, ...]:
    root = {"AWS": f"arn:aws:iam::{account}:root"}
    return parse({"Statement": [{"Effect": "Allow", "Principal": root, "Action": "*", "Resource": "*"}]})


def _naming(role: Role, action: str) -> Iterator[Statement]:
    for document in role.identity:
        yield from (statement for statement in document if statement.allows and statement.names(action))


def _resources(estate: Estate, role: Role, action: str) -> list[str]:
    """Return a resource of the account for each pattern of the statements that allow an action."""
    patterns = {pattern for statement in _naming(role, action) for pattern in statement.resource or ("*",)}
    made = set()
    for pattern in patterns:
        parts = pattern.split(":", 5)
        if len(parts) == 6:
            parts[3] = estate.region if "*" in parts[3] else parts[3]
            parts[4] = estate.account if "*" in parts[4] else parts[4]
        made.add(pattern if pattern == "*" else _filled(":".join(parts), role))
    return sorted(made)


def _contexts(role: Role, action: str) -> list[dict[str, str]]:
    """Return what one would have to tell for each statement that allows an action, and nothing."""
    made: list[dict[str, str]] = [{}]
    for statement in _naming(role, action):
        context: dict[str, str] = {}
        for operator, tests in statement.condition.items():
            for key, wanted in tests.items():
                if operator == "Null":
                    context[key] = "" if listed(wanted)[0] == "true" else "x"
                elif "Not" not in operator:
                    context[key] = _filled(listed(wanted)[0], role)
        made.append(context)
    return made


def _filled(pattern: str, role: Role) -> str:
    """Return a text that a pattern matches: the role's tags for variables, `x` for wildcards."""
    tags = {f"aws:principaltag/{key.lower()}": value for key, value in role.tags.items()}
    known = re.sub(r"\$\{([^}]*)\}", lambda found: tags.get(found[1].lower(), "x"), pattern)
    return known.replace("*", "x").replace("?", "x")
