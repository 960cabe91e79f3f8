"""Who asks, and whether a resource policy's Principal or NotPrincipal names them.

Source: IAM user guide, "AWS JSON policy elements: Principal".
"""

from __future__ import annotations

import enum
import re
from collections.abc import Mapping
from dataclasses import dataclass

_ARN = re.compile(r"arn:[a-z-]+:(iam|sts)::(\d{12}):(.+)")


class Naming(enum.IntEnum):
    """How directly a resource policy names who asks; a later one bears more."""

    NOT_AT_ALL = 0
    BY_ACCOUNT = 1
    """The account: it may hand the permission on by an identity policy."""
    BY_ROLE = 2
    """The role: boundary and session policy still limit it."""
    ITSELF = 3
    """The session, the user, the service, or everyone: an implicit deny elsewhere doesn't limit it."""


@dataclass(frozen=True, slots=True)
class Principal:
    """A user, a role, a role's session, an account's root, a service, or a federated provider."""

    name: str
    kind: str
    """AWS, Service or Federated."""
    account: str = ""
    role_arn: str = ""
    """The role, for a role and its sessions."""

    @classmethod
    def of(cls, text: str, role_arn: str = "") -> Principal:
        """Return the principal that a text names: an ARN, or a service such as sagemaker.amazonaws.com.

        `role_arn` is what aws:PrincipalArn says of a session whose role has a path.
        """
        found = _ARN.fullmatch(text)
        if found is None:
            return cls(text, "Service" if ".amazonaws.com" in text else "Federated")
        service, account, rest = found.groups()
        if rest.startswith(("oidc-provider/", "saml-provider/")):
            return cls(text, "Federated", account)
        if rest.startswith("role/"):
            return cls(text, "AWS", account, text)
        if service == "sts" and rest.startswith("assumed-role/"):
            partition, name = text.split(":")[1], rest.split("/")[1]
            return cls(text, "AWS", account, role_arn or f"arn:{partition}:iam::{account}:role/{name}")
        return cls(text, "AWS", account)

    def named_by(self, principals: Mapping[str, tuple[str, ...]]) -> Naming:
        """Return how directly a Principal element names this one."""
        if "*" in principals.get("AWS", ()):  # everyone, services too
            return Naming.ITSELF
        return max((self._by(text) for text in principals.get(self.kind, ())), default=Naming.NOT_AT_ALL)

    def _by(self, text: str) -> Naming:
        if text == self.name:
            return Naming.BY_ROLE if text == self.role_arn else Naming.ITSELF
        if self.kind != "AWS":
            return Naming.NOT_AT_ALL
        if text == self.account or re.fullmatch(rf"arn:[a-z-]+:iam::{self.account}:root", text):
            return Naming.BY_ACCOUNT
        return Naming.BY_ROLE if text == self.role_arn else Naming.NOT_AT_ALL
