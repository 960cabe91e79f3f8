"""IAM policy documents in properties: as text, map or the SDK's proxies, with unknown parts told from known ones.

`mlops_policies.iam` reads whole documents and decides requests; here a rule asks what a document says. An `Action` may
be one text or a list, `NotAction` exists, and any part may be unknown until the update. Source: IAM user guide,
"Grammar of the IAM JSON policy language".
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from mlops_policies.iam.patterns import action_matches
from mlops_policies.resource import View
from mlops_policies.values import Malformed, UnknownValue, has_unknown, is_unknown, listed
from mlops_policies.verdicts import Verdict, each

LIMITING_KEYS = frozenset(
    {
        "aws:principalaccount", "aws:principalarn", "aws:principalorgid", "aws:principalorgpaths", "aws:sourceaccount",
        "aws:sourcearn", "aws:sourceorgid", "aws:sourceorgpaths", "aws:sourceowner", "aws:sourcevpc", "aws:sourcevpce",
        "aws:vpcsourceip", "aws:sourceip", "aws:userid", "kms:calleraccount", "s3:dataaccesspointaccount",
        "lambda:functionurlauthtype", "sns:endpoint",
    }
)  # fmt: skip
"""Condition keys by which a statement for everybody is still for few.

Source: S3 user guide, "The meaning of public"."""

_POSITIVE = (
    "stringequals",
    "stringlike",
    "arnequals",
    "arnlike",
    "ipaddress",
    "stringequalsignorecase",
    "numericequals",
)


TRUSTED_ACCOUNTS: Mapping[str, Mapping[str, Any]] = {
    "trusted_accounts": {
        "type": "array",
        "items": {"type": "string", "pattern": "^[0-9]{12}$"},
        "default": [],
        "description": "Ids of the accounts that may be named in a policy; none listed allows every account.",
    }
}
"""The setting of rules about who else a policy lets in."""


@dataclass(frozen=True, slots=True)
class Saying:
    """One statement of a document, with the path where it stands. Lists may hold unknown values."""

    path: str
    sid: str
    allows: bool
    actions: tuple[Any, ...]
    not_actions: tuple[Any, ...]
    resources: tuple[Any, ...]
    not_resources: tuple[Any, ...]
    principals: tuple[tuple[str, Any], ...]
    """(kind, name): ``("AWS", "*")``, ``("Service", "sagemaker.amazonaws.com")``."""
    not_principals: tuple[tuple[str, Any], ...]
    conditions: tuple[tuple[str, str, tuple[Any, ...]], ...]
    """(operator, key, values); operator and key in lower case."""

    @property
    def named(self) -> str:
        """The statement as a message names it."""
        return f"statement {self.sid}" if self.sid else self.path

    def names_action(self, action: str) -> bool:
        """Whether the statement is about an action. Raises `UnknownValue` where only an unknown pattern could say."""
        named = _named(self.not_actions or self.actions, action)
        if named is None:
            raise UnknownValue(self.path)
        return named is not bool(self.not_actions)

    def every_action(self) -> bool:
        """Whether the statement is about all actions there are: ``*``, or NotAction, which is all but a few."""
        return bool(self.not_actions) or "*" in self.actions or "*:*" in self.actions

    def every_resource(self) -> bool:
        """Whether the statement is about all resources there are; NotResource is all but a few."""
        return bool(self.not_resources) or "*" in self.resources

    def has_condition(self, *keys: str) -> bool:
        """Whether any condition is about one of these keys (in lower case); an unknown value is one."""
        return any(key in keys for _, key, _ in self.conditions)

    def limits_everybody(self) -> bool:
        """Whether conditions make a statement for everybody one for few: a limiting key equal to more than ``*``."""
        return any(
            key in LIMITING_KEYS
            and operator.partition(":")[2].removesuffix("ifexists") in _POSITIVE
            and not operator.endswith("ifexists")
            and values
            and not any(value in ("*", "0.0.0.0/0", "::/0") for value in values if isinstance(value, str))
            for operator, key, values in ((_qualified(op), key, values) for op, key, values in self.conditions)
        )

    def is_public(self) -> bool:
        """Whether it allows everybody: any principal, by ``*`` or by NotPrincipal, with no limiting condition.

        Raises `UnknownValue` where only a principal that is unknown could be everybody.
        """
        if not self.allows or self.limits_everybody():
            return False
        if self.not_principals or any(
            name == "*" and kind in ("AWS", "Federated", "CanonicalUser", "*") for kind, name in self.principals
        ):
            return True
        if any(is_unknown(name) for _, name in self.principals):
            raise UnknownValue(f"{self.path}.Principal")
        return False

    def refuses_plain_transport(self, action: str = "") -> bool:
        """Whether it denies everybody what does not come over TLS: ``aws:SecureTransport`` is false.

        Everything that the service does, or at least one action, where a policy can't name all of them. A further
        condition narrows the statement; only what AWS services do themselves may be left out.
        """
        everybody = any(name == "*" for _, name in self.principals)
        plain = any(
            key == "aws:securetransport" and operator.removesuffix("ifexists").endswith("bool")
            and [str(value).lower() for value in values] == ["false"] for operator, key, values in self.conditions
        )  # fmt: skip
        whole = all(key in ("aws:securetransport", "aws:principalisawsservice") for _, key, _ in self.conditions)
        about = self.every_action_of_service() or (bool(action) and self.names_action(action))
        return not self.allows and everybody and plain and whole and about

    def every_action_of_service(self) -> bool:
        """Whether the actions are ``*`` or ``service:*``."""
        return any(isinstance(item, str) and (item == "*" or item.endswith(":*")) for item in self.actions)


def sayings(it: View, path: str) -> list[Saying]:
    """Return the statements of the policy document at a path; none where there is no document.

    Raises `UnknownValue` where the document, or all of its statements, are unknown, and `Malformed` for what is none.
    """
    return [_known(raw, place) for raw, place in _statements(it, path)]


def by_statement(it: View, path: str, check: Callable[[Saying], Iterable[Verdict]]) -> Iterator[Verdict]:
    """Yield a check's answers for each statement of the document at a path: an unknown one hides no fault in the next.

    Raises as `sayings` does for the document as a whole.
    """
    return each(_statements(it, path), lambda told: check(_known(*told)))


def _statements(it: View, path: str) -> list[tuple[Any, str]]:
    document = it.document(path)
    if document is None:
        return []
    whole = it.path(path)
    if isinstance(document, list) and len(document) == 1:
        document = document[0]
    if not isinstance(document, Mapping):
        raise Malformed(whole, "is no policy document")
    statements = document.get("Statement")
    if is_unknown(statements):
        raise UnknownValue(f"{whole}.Statement")
    return [(raw, f"{whole}.Statement[{index}]") for index, raw in enumerate(listed(statements))]


def allowed(statements: Iterable[Saying]) -> Iterator[Saying]:
    """Yield the statements that allow."""
    return (statement for statement in statements if statement.allows)


def _known(raw: Any, path: str) -> Saying:
    if is_unknown(raw):
        raise UnknownValue(path)
    if not isinstance(raw, Mapping):
        raise Malformed(path, "is no statement")
    if is_unknown(raw.get("Effect")):
        raise UnknownValue(path)
    return _saying(raw, path)


def _saying(raw: Mapping[str, Any], path: str) -> Saying:
    return Saying(
        path=path,
        sid=raw["Sid"] if isinstance(raw.get("Sid"), str) and not has_unknown(raw["Sid"]) else "",
        allows=raw.get("Effect") == "Allow",
        actions=tuple(listed(raw.get("Action"))),
        not_actions=tuple(listed(raw.get("NotAction"))),
        resources=tuple(listed(raw.get("Resource"))),
        not_resources=tuple(listed(raw.get("NotResource"))),
        principals=tuple(_principals(raw.get("Principal"))),
        not_principals=tuple(_principals(raw.get("NotPrincipal"))),
        conditions=tuple(_conditions(raw.get("Condition"), path)),
    )


def _principals(raw: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(raw, Mapping):
        for kind, names in raw.items():
            yield from ((kind, name) for name in listed(names))
    else:
        yield from (("*", name) for name in listed(raw))


def _conditions(raw: Any, path: str) -> Iterator[tuple[str, str, tuple[Any, ...]]]:
    if is_unknown(raw):
        raise UnknownValue(f"{path}.Condition")
    for operator, tests in (raw or {}).items():
        if is_unknown(tests):
            raise UnknownValue(f"{path}.Condition.{operator}")
        for key, values in tests.items():
            yield operator.lower(), key.lower(), tuple(listed(values))


def _qualified(operator: str) -> str:
    """Return an operator with its set qualifier, empty where it has none."""
    return operator if ":" in operator else f":{operator}"


@functools.lru_cache(maxsize=1 << 17)
def _named(patterns: tuple[Any, ...], action: str) -> bool | None:
    """Whether one of the patterns names an action; None where only an unknown one could. Statements repeat by model."""
    if any(action_matches(str(pattern), action) for pattern in patterns if not is_unknown(pattern)):
        return True
    return None if any(is_unknown(pattern) for pattern in patterns) else False
