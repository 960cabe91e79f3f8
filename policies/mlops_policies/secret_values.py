"""Properties that stand in a stack's state in clear although they are credentials."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from mlops_policies import credentials
from mlops_policies.values import is_unknown

_SKIPPED = frozenset(
    {
        "policy", "policies", "policyDocument", "assumeRolePolicy", "assumeRolePolicyDocument", "keyPolicy",
        "inlinePolicy", "resourcePolicy", "repositoryPolicyText", "code", "zipFile", "contentBase64", "userDataBase64",
        "publicKey", "certificateBody", "certificateChain", "tags", "tagsAll", "__defaults",
    }
)  # fmt: skip
"""Properties without credentials in them: policies, code and certificates, which look like noise."""
_HARMLESS = re.compile(r"[A-Za-z0-9._/ -]{0,19}|arn:[\w:/*.+@-]+")
"""Texts in which no format of a credential fits: short words, and names of resources."""
_TELLING = re.compile(r"(?i)(?:pass\w*|pwd|secret|token|key|credentials?)$")
"""Names that make any text a credential, short as it may be."""
_WHOLE = {
    "kubernetes:core/v1:Secret": ("data", "stringData"),
    "aws:secretsmanager/secret:Secret": ("secretString",),  # of aws-native only
    "aws:secretsmanager/secretVersion:SecretVersion": ("secretString", "secretBinary"),
}
"""Properties that are secret whatever they look like."""


def plain_credentials(kind: str, props: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield (path, kind of credential) of each text of a resource that is one or holds one, marked as secret or not."""
    whole = _WHOLE.get(kind, ())
    if kind == "aws:ssm/parameter:Parameter" and props.get("type") == "SecureString":
        whole = ("value",)
    for path, text in _texts(props, ""):
        if path.partition(".")[0] in whole:
            yield path, "a secret"
        elif found := _kinds(path, text):
            yield path, found[0]


def is_secret(path: str, secrets: Collection[str]) -> bool:
    """Whether a path is marked as secret itself, or stands within what is."""
    return path in secrets or any(path.startswith((f"{whole}.", f"{whole}[")) for whole in secrets)


def _texts(value: Any, path: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        if value and not is_unknown(value):
            yield path, value
    elif isinstance(value, Mapping):
        if "Statement" not in value and "$asset" not in value:
            for name, item in value.items():
                if name not in _SKIPPED:
                    yield from _texts(item, f"{path}.{name}" if path else name)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _texts(item, f"{path}[{index}]")


def _kinds(path: str, text: str) -> list[str]:
    name = path.rpartition(".")[2].partition("[")[0]
    if _HARMLESS.fullmatch(text) and not _TELLING.search(name):
        return []
    return credentials.named(name, text)
