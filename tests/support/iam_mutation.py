"""Mutants of the personas' policies: each drops one condition key, or widens one resource, in one document."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from mlops_estate.embedded.iam import Statement
from mlops_estate.embedded.iam.estate import Estate, Role, Statements


@dataclass(frozen=True)
class Mutant:
    """A changed estate: what was changed, and in the policies of which roles."""

    label: str
    roles: frozenset[str]
    estate: Estate


def mutants(estate: Estate, personas: set[str]) -> Iterator[Mutant]:
    """Yield every mutant of the documents of these roles; one that several roles share is changed in all of them."""
    documents = {str(document): document for name in sorted(personas) for document in _documents(estate.roles[name])}
    for document in documents.values():
        for label, changed in _changed(document):
            roles = {name: _with(estate.roles[name], document, changed) for name in personas}
            touched = frozenset(name for name in personas if roles[name] != estate.roles[name])
            yield Mutant(f"{sorted(touched)} {label}", touched, replace(estate, roles={**estate.roles, **roles}))


def _documents(role: Role) -> list[Statements]:
    return [*role.identity, role.trust, *([role.boundary] if role.boundary else [])]


def _with(role: Role, document: Statements, changed: Statements) -> Role:
    def swapped(found: Statements | None) -> Statements | None:
        return changed if found == document else found

    identity = tuple(changed if found == document else found for found in role.identity)
    trust = changed if role.trust == document else role.trust
    return replace(role, identity=identity, trust=trust, boundary=swapped(role.boundary))


def _changed(document: Statements) -> Iterator[tuple[str, Statements]]:
    for index, statement in enumerate(document):
        for label, mutant in _statement_mutants(statement):
            yield f"{statement.sid}: {label}", (*document[:index], mutant, *document[index + 1 :])


def _statement_mutants(statement: Statement) -> Iterator[tuple[str, Statement]]:
    for operator, tests in statement.condition.items():
        for key in tests:
            fewer = {name: {k: v for k, v in found.items() if (name, k) != (operator, key)}
                     for name, found in statement.condition.items()}  # fmt: skip
            yield f"without {operator} {key}", replace(statement, condition={k: v for k, v in fewer.items() if v})
    for index, pattern in enumerate(statement.resource or ()):
        for wider in sorted({"*", re.sub(r"mlops[a-z_-]*", "*", pattern, count=1)} - {pattern}):
            resource = (*statement.resource[:index], wider, *statement.resource[index + 1 :])
            yield f"{pattern} widened to {wider}", replace(statement, resource=resource)
