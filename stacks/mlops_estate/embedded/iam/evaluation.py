"""The decision about one request from every policy that has a say.

Source: IAM user guide, "How AWS enforcement code logic evaluates requests to allow or deny access", with its sections
on one account and across accounts; KMS developer guide, "Key policies"; IAM user guide, "Role trust policies".
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from mlops_estate.embedded.iam.principals import Naming, Principal
from mlops_policies.iam.patterns import Context, Value, lowered
from mlops_policies.iam.statements import Document, Statement, parse


@dataclass(frozen=True, slots=True)
class Request:
    """Who asks to do what on which resource, and everything else that the request tells.

    `principal` is an ARN (role, role session, user), a service or a federated provider; `resource` an ARN, or `*` for
    an action without resource type; `account` owns the resource (default: that of its ARN, else the principal's).
    """

    principal: str
    action: str
    resource: str
    context: Mapping[str, Value] = field(default_factory=dict)
    account: str = ""

    @property
    def owner_account(self) -> str:
        """The account that owns the resource."""
        parts = self.resource.split(":")
        return self.account or (parts[4] if len(parts) > 5 else "") or Principal.of(self.principal).account


@dataclass(frozen=True, slots=True)
class Policies:
    """The policies that have a say: documents as JSON text or mappings, read once by `parsed`."""

    identity: Sequence[Document | tuple[Statement, ...]] = ()
    boundary: Document | tuple[Statement, ...] | None = None
    session: Document | tuple[Statement, ...] | None = None
    resource: Document | tuple[Statement, ...] | None = None
    """Bucket, key, package group or topic policy; for sts:AssumeRole the role's trust policy."""


@dataclass(frozen=True, slots=True)
class Decision:
    """Allow or deny; `why` says which policy decided, `sids` which of its statements."""

    allowed: bool
    why: str
    sids: tuple[str, ...] = ()


_CEILINGS = (("boundary", "the boundary allows it not"), ("session", "the session policy allows it not"))


def parsed(document: Document | tuple[Statement, ...] | None) -> tuple[Statement, ...]:
    """Return a document's statements; those of a document that was read already, as they are."""
    if document is None:
        return ()
    return document if isinstance(document, tuple) else parse(document)


def decide(request: Request, policies: Policies) -> Decision:
    """Return IAM's decision about a request. Raises `InvalidPolicy` for a document that IAM would refuse."""
    context = lowered(request.context)
    role = context.get("aws:principalarn")
    asking = Principal.of(request.principal, role if isinstance(role, str) else "")
    identity = [statement for document in policies.identity for statement in parsed(document)]
    own = {
        "identity policy": identity,
        "boundary": parsed(policies.boundary),
        "session policy": parsed(policies.session),
    }
    for name, statements in own.items():
        if found := _applying(statements, request, context, allows=False):
            return Decision(False, f"an explicit deny of the {name}", found)
    resource = parsed(policies.resource)
    if found := tuple(s.sid for s in resource if not s.allows and _concerns(s, asking, request, context)):
        return Decision(False, "an explicit deny of the resource policy", found)
    naming, sids = _granted(resource, asking, request, context)
    if asking.kind != "AWS":
        why = "the resource policy" if naming else "no resource policy names it"
        return Decision(bool(naming), why, sids)
    allowing = _applying(identity, request, context, allows=True)
    within = _within(policies, request, context)
    if request.owner_account != asking.account:
        return _across_accounts(naming, allowing, within, sids)
    return _in_one_account(request, naming, allowing, within, sids)


def _in_one_account(
    request: Request, naming: Naming, allowing: tuple[str, ...], within: str, sids: tuple[str, ...]
) -> Decision:
    if naming is Naming.ITSELF:
        return Decision(True, "the resource policy", sids)
    # A key and a role answer to their own policy: without its permission, or its handing on, nothing else counts.
    if naming is Naming.NOT_AT_ALL and _strict(request):
        return Decision(False, "the resource policy names it not")
    if within:
        return Decision(False, within)
    if naming is Naming.BY_ROLE:
        return Decision(True, "the resource policy", sids)
    return Decision(True, "the identity policy", allowing) if allowing else Decision(False, "no policy allows it")


def _across_accounts(naming: Naming, allowing: tuple[str, ...], within: str, sids: tuple[str, ...]) -> Decision:
    if naming is Naming.NOT_AT_ALL:
        return Decision(False, "the other account's resource policy names it not")
    if not allowing:
        return Decision(False, "no identity policy allows it")
    return Decision(False, within) if within else Decision(True, "both accounts' policies", (*allowing, *sids))


def _strict(request: Request) -> bool:
    """Whether a request is about one key, or about becoming a role: `*` is what has no resource type."""
    return request.resource != "*" and request.action.lower().startswith(("kms:", "sts:"))


def _within(policies: Policies, request: Request, context: Context) -> str:
    """Return why the boundary or the session policy is in the way; nothing where neither is."""
    for name, why in _CEILINGS:
        ceiling = getattr(policies, name)
        if ceiling is not None and not _applying(parsed(ceiling), request, context, allows=True):
            return why
    return ""


def _applying(statements: Iterable[Statement], request: Request, context: Context, *, allows: bool) -> tuple[str, ...]:
    return tuple(
        statement.sid
        for statement in statements
        if statement.allows is allows and statement.applies(request.action, request.resource, context)
    )


def _granted(
    statements: Iterable[Statement], asking: Principal, request: Request, context: Context
) -> tuple[Naming, tuple[str, ...]]:
    """Return the most direct naming by a statement that allows the request, and the Sids of all that do."""
    found = [
        (_naming(statement, asking), statement.sid)
        for statement in statements
        if statement.allows and _concerns(statement, asking, request, context)
    ]
    return max((naming for naming, _ in found), default=Naming.NOT_AT_ALL), tuple(sid for _, sid in found)


def _concerns(statement: Statement, asking: Principal, request: Request, context: Context) -> bool:
    return bool(_naming(statement, asking)) and statement.applies(request.action, request.resource, context)


def _naming(statement: Statement, asking: Principal) -> Naming:
    if statement.not_principal is not None:
        return Naming.NOT_AT_ALL if asking.named_by(statement.not_principal) else Naming.ITSELF
    return asking.named_by(statement.principal or {})
