"""Whether the bootstrap's delivery role may make the plan's calls, decided by IAM's own rules.

The documents are those that `bootstrap/` declares (`mlops_components.delivery_policy`, `delivery_areas`), with its
boundary, for this environment; each call is decided by the evaluator (`embedded.iam`), with the key's own policy where
the call is about a key.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mlops_components.delivery_areas import area_policies
from mlops_components.delivery_audit import OPERATORS
from mlops_components.delivery_policy import Reach, boundary_policy, delivery_policy
from mlops_components.delivery_role import boundary_name, role_arn
from mlops_components.documents import partition
from mlops_estate.bootstrap import PREFIX
from mlops_estate.embedded.iam.evaluation import Policies, Request, decide
from mlops_estate.preflight import actions
from mlops_estate.preflight.calls import Call
from mlops_estate.preflight.finding import Finding, State, named
from mlops_policies.iam.statements import Statement, parse

if TYPE_CHECKING:
    from mlops_estate.config import EnvironmentConfig

Statements = tuple[Statement, ...]
UP = frozenset({"create", "read", "update", "tag", "hand over", "use a key"})
"""Phases that a first `up` takes; a teardown takes `delete`, a removed tag `untag`, the provider its own reads."""


@dataclass(frozen=True)
class Identity:
    """Who deploys: the ARN, its policies and its boundary, and whether the configuration names it."""

    arn: str
    policies: tuple[Statements, ...]
    boundary: Statements | None
    region: str
    configured: bool

    @property
    def account(self) -> str:
        """The account that it works in."""
        return self.arn.split(":")[4]

    @functools.cached_property
    def _by_action(self) -> dict[str, tuple[Statements, Statements | None]]:
        return {}

    def about(self, action: str) -> tuple[Statements, Statements | None]:
        """Return the statements of the policies and of the boundary that name an action: no others have a say."""
        if action not in self._by_action:
            own = tuple(one for document in self.policies for one in document if _names(one, action))
            capped = None if self.boundary is None else tuple(one for one in self.boundary if _names(one, action))
            self._by_action[action] = (own, capped)
        return self._by_action[action]

    def may(self, call: Call, key_policies: Mapping[str, Statements]) -> tuple[bool, str]:
        """Return whether a call is allowed, and why."""
        context = {"aws:RequestedRegion": _region(call, self.region), "aws:PrincipalArn": self.arn, **call.context}
        request = Request(self.arn, call.action, call.resource, context, self.account)
        resource = _key_policy(call, key_policies, self.account, self.arn.split(":")[1])
        own, boundary = self.about(call.action)
        decision = decide(request, Policies((own,), boundary, None, resource))
        return decision.allowed, decision.why


def _names(statement: Statement, action: str) -> bool:
    """Whether a statement is about an action; those of another service are told apart by their first word."""
    service = f"{action.partition(':')[0].lower()}:"
    if statement.action is not None and not any(
        pattern.lower().startswith(service) or {"*", "?"} & set(pattern.partition(":")[0])
        for pattern in statement.action
    ):
        return False
    return statement.names(action)


GLOBAL = frozenset({"iam", "budgets", "ce"})


def _region(call: Call, region: str) -> str:
    """Return the region that a request tells: services without regions are in us-east-1 (IAM user guide)."""
    return "us-east-1" if call.action.split(":")[0] in GLOBAL else region


def _key_policy(call: Call, key_policies: Mapping[str, Statements], account: str, part: str) -> Statements | None:
    """Return the policy of the key that a call is about: its own, else the default that hands on to IAM."""
    if not call.action.startswith("kms:") or call.resource == "*":
        return None
    return key_policies.get(call.resource) or _handed_on(account, part)


@functools.cache
def _handed_on(account: str, part: str) -> Statements:
    root = {"AWS": f"arn:{part}:iam::{account}:root"}
    return parse({"Statement": [{"Effect": "Allow", "Principal": root, "Action": "kms:*", "Resource": "*"}]})


def delivery_identity(config: EnvironmentConfig) -> Identity:
    """Return the bootstrap's delivery role for an environment, as `bootstrap/` declares it."""
    estate = config.estate
    part = partition(estate.region)
    boundary = estate.permissions_boundary_arn or f"arn:{part}:iam::{estate.account}:policy/{boundary_name(PREFIX)}"
    adopted = [name for name in estate.adopt.buckets.model_dump().values() if name]
    reach = Reach(estate.account, estate.region, config.prefix, boundary, tuple(adopted))
    state, secrets = (f"arn:{part}:kms:{estate.region}:{estate.account}:key/{name}" for name in ("state", "secrets"))
    place = (f"{PREFIX}-state-{estate.account}-{estate.region}", state, secrets)
    own = [delivery_policy(reach, *place), *area_policies(reach).values()]
    arn = next(iter(estate.delivery_role_arns), role_arn(PREFIX, estate.account, estate.region))
    return Identity(
        arn, tuple(parse(document) for document in own), parse(boundary_policy(reach, *place)), estate.region,
        bool(estate.delivery_role_arns),
    )  # fmt: skip


def permission_findings(
    calls: Iterable[Call], identity: Identity, key_policies: Mapping[str, Statements]
) -> list[Finding]:
    """Return what the identity may not do, by action; one finding where it may do all."""
    denied: dict[tuple[str, str], list[Call]] = {}
    decided: dict[tuple[str, str, str], tuple[bool, str]] = {}
    number = 0
    for call in calls:
        if not actions.is_known(call.action):
            continue
        number += 1
        same = (call.action, call.resource, repr(sorted(call.context.items())))
        if same not in decided:
            decided[same] = identity.may(call, key_policies)
        allowed, why = decided[same]
        if not allowed:
            denied.setdefault((call.action, why), []).append(call)
    found = list(_missing(denied, identity))
    if not found:
        title = "the bootstrap's delivery role may make every call of the plan"
        found = [Finding("ok", "permission", title, identity.arn, f"{number} calls", "all allowed")]
    return found


def _missing(denied: Mapping[tuple[str, str], Sequence[Call]], identity: Identity) -> Iterator[Finding]:
    """Yield what is denied, the actions of one service for one reason together."""
    together: dict[tuple[str, str, bool, bool], list[tuple[str, Sequence[Call]]]] = {}
    for (action, why), asked in sorted(denied.items()):
        needed = any(call.phase in UP for call in asked)
        kept = action in OPERATORS and not needed
        service = "" if {call.phase for call in asked} == {"untag"} or kept else action.split(":")[0]
        together.setdefault((service, why, needed, kept), []).append((action, asked))
    for (service, why, needed, kept), parts in together.items():
        names = [action.removeprefix(f"{service}:") for action, _ in parts]
        calls = [call for _, asked in parts for call in asked]
        if kept:
            title = f"silencing the record is left to an operator: {', '.join(names)}"
            yield Finding("ok", "permission", title, calls[0].urn, "to delete", why)
            continue
        state: State = "blocks" if identity.configured and needed else "warns"
        title = f"the bootstrap's delivery role may not {service + ': ' if service else ''}{', '.join(names)}"
        need = (
            f"to {', '.join(sorted({call.phase for call in calls}))} {named(_shown(call.resource) for call in calls)}"
        )
        yield Finding(state, "permission", title, calls[0].urn, need, why, _fix(service, why, names), actions.source())


def _shown(arn: str) -> str:
    """Return what an ARN names, without partition, region and account: those are the plan's own."""
    parts = arn.split(":", 5)
    return f"{parts[2]} {parts[5]}" if len(parts) == 6 else "anything (no resource type)"


def _fix(service: str, why: str, names: Sequence[str]) -> str:
    if "resource policy" in why:
        return "let the key's policy say so: estate.delivery_role_arns names who deploys"
    if service == "iam" and {"CreateRole", "PutRolePolicy"} & set(names):
        return "delivery makes roles under the bootstrap's boundary alone: set estate.permissions_boundary_arn"
    return "give it (components/mlops_components/delivery_*.py), or attach the minimal policy: --policy FILE.json"


def unknown_findings(calls: Iterable[Call]) -> list[Finding]:
    """Return the actions whose resource types aren't in the data: the policy names them with `*`."""
    from mlops_estate.preflight.policy import unknown_actions

    return [
        Finding(
            "unknown", "permission", f"{call.action} is not in the data on actions", call.urn, call.operation,
            "its resource types are not known, so that the policy names *", "add it to preflight/data/iam_actions.json",
            actions.source(),
        )
        for call in unknown_actions(calls)
    ]  # fmt: skip
