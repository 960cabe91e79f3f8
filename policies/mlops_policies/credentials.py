"""Credentials written out in a text: scripts, environment variables, job arguments, definitions.

`find` tells the kinds of what it finds, never the values. References to where a secret is kept (``${NAME}``,
``{{resolve:secretsmanager:...}}``, ARNs, paths, code that reads one) and placeholders are no credentials.

detect-secrets 1.5.0 (Apache-2.0) was tried first. It takes 0.4 s to import, brings an HTTP client that its plugins use
to verify what they find, keeps its settings in globals, last had a release in May 2024; on single lines it misses
unquoted shell assignments and calls parts of ordinary commands high-entropy strings. So the formats are written out
here. Every expression is anchored or bounded, so that a search is linear in the text.

Sources: IAM user guide, "IAM identifiers" (access key prefixes); GitHub, "About authentication to GitHub" (token
formats); GitLab, "Token overview"; Slack, "Token types"; Stripe, "API keys"; RFC 7519 (JWT); RFC 3986 (user
information in URIs); RFC 7468 (private key labels).
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator

from mlops_policies.values import has_unknown

_FORMATS: dict[str, re.Pattern[str]] = {
    kind: re.compile(pattern)
    for kind, pattern in {
        # The documentation's example keys, which end in EXAMPLE, are nobody's.
        "an AWS access key id": r"(?<![A-Za-z0-9])A[KS]IA(?![A-Z2-7]{9}EXAMPLE)[A-Z2-7]{16}(?![A-Za-z0-9])",
        "a private key": r"-----BEGIN (?:RSA |EC |DSA |OPENSSH |ENCRYPTED |PGP )?PRIVATE KEY(?: BLOCK)?-----",
        "a GitHub token": r"(?<![A-Za-z0-9_])(?:gh[pousr]_[A-Za-z0-9]{36}|github_pat_[A-Za-z0-9]{22}_[A-Za-z0-9]{59})",
        "a GitLab token": r"(?<![A-Za-z0-9_-])gl(?:pat|dt|rt|ptt|cbt|agent|soat)-[A-Za-z0-9_-]{20}",
        "a Slack token": r"(?<![A-Za-z0-9-])(?:xox[abeoprs]|xapp)-[0-9]{1,13}-[0-9A-Za-z-]{10}",
        "a Slack webhook": r"hooks\.slack\.com/(?:services|workflows)/T\w{6,12}/[A-Z]\w{6,12}/[0-9A-Za-z]{16}",
        "a Stripe key": r"(?<![A-Za-z0-9_])[sr]k_(?:live|test)_[A-Za-z0-9]{16}",
        "a JSON web token": r"(?<![A-Za-z0-9_-])eyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{16}",
        "a Google API key": r"(?<![A-Za-z0-9_-])AIza[0-9A-Za-z_-]{35}(?![0-9A-Za-z_-])",
        "a Hugging Face token": r"(?<![A-Za-z0-9_])hf_[A-Za-z0-9]{34}(?![A-Za-z0-9])",
        "an OpenAI key": r"(?<![A-Za-z0-9_-])sk-(?:proj-|svcacct-|admin-)?[A-Za-z0-9_-]{20,80}T3BlbkFJ",
        "an Anthropic key": r"(?<![A-Za-z0-9_-])sk-ant-[a-z]{3,5}[0-9]{2}-[A-Za-z0-9_-]{60}",
        "a Databricks token": r"(?<![A-Za-z0-9_])dapi[0-9a-f]{32}(?![0-9a-f])",
        "a package registry token": r"(?<![\w-])(?:npm_[A-Za-z0-9]{36}(?![A-Za-z0-9])|pypi-AgE[\w-]{50})",
        "a Docker Hub token": r"(?<![A-Za-z0-9_])dckr_pat_[A-Za-z0-9_-]{27}",
        "a SendGrid key": r"(?<![A-Za-z0-9_])SG\.[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]{43}",
        "an Azure storage key": r"AccountKey=[A-Za-z0-9+/]{86}==",
    }.items()
}  # fmt: skip
"""Formats that say what they are, whatever stands around them."""

_LITERALS: dict[str, tuple[str, ...]] = {
    "an AWS access key id": ("AKIA", "ASIA"),
    "a private key": ("-----BEGIN",),
    "a GitHub token": ("ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_"),
    "a GitLab token": ("glpat-", "gldt-", "glrt-", "glptt-", "glcbt-", "glagent-", "glsoat-"),
    "a Slack token": ("xox", "xapp-"),
    "a Slack webhook": ("hooks.slack.com",),
    "a Stripe key": ("_live_", "_test_"),
    "a JSON web token": ("eyJ",),
    "a Google API key": ("AIza",),
    "a Hugging Face token": ("hf_",),
    "an OpenAI key": ("T3BlbkFJ",),
    "an Anthropic key": ("sk-ant-",),
    "a Databricks token": ("dapi",),
    "a package registry token": ("npm_", "pypi-AgE"),
    "a Docker Hub token": ("dckr_pat_",),
    "a SendGrid key": ("SG.",),
    "an Azure storage key": ("AccountKey=",),
}
"""What a text of a format has in it: looked for first, since it takes a hundredth of the time."""
_COMMANDS = ("curl", "sshpass", "docker login", "mysql")
_WORDS = (
    "pass", "pwd", "secret", "token", "credential",
    *(f"{kind}{dash}key" for kind in ("api", "access", "auth", "private", "signing", "encryption", "account", "master",
                                      "shared") for dash in ("", "_", "-")),
)  # fmt: skip
"""One of these is in every name of a secret, in lower case."""

_AWS_SECRET = re.compile(
    r"(?i:secret[_-]?(?:access[_-]?)?key)\\{0,3}[\"']?(?:\s{0,4}(?:=>|[:=])\s{0,4}|\s{1,4})\\{0,3}[\"']?"
    r"([A-Za-z0-9/+]{40})(?![A-Za-z0-9/+=])"
)
_URL = re.compile(
    r"(?<![A-Za-z0-9+.-])[A-Za-z][A-Za-z0-9+.-]{1,20}://[^\s:/@\"'<>]{0,100}:([^\s/@\"'<>]{1,200})@[\w\[]"
)
_HEADER = re.compile(
    r"(?i)authorization\\{0,3}[\"']?\s{0,4}[:=]\s{0,4}\\{0,3}[\"']?(?:bearer|basic|token)\s{1,4}([A-Za-z0-9._~+/=$-]{8,500})"
)
_OPTION = re.compile(
    r"\b(?:curl\b[^\n|;]{0,200}?\s(?:-u|--user)[\s=]{1,4}[\"']?[^\s:\"']{1,100}:|"
    r"(?:sshpass|docker login|mysql|mysqldump)\b[^\n|;]{0,200}?\s-p[ ]?)[\"']?([^\s\"'|;]{1,200})"
)
_PASSWORD_NAMES = r"pass[_-]?(?:word|wd|phrase)|(?<![A-Za-z])pwd"  # noqa: S105 -- names, no password
_KEY_NAMES = (
    r"secret|(?:access|auth|bearer|api|bot|personal|refresh|id|hf|hub|github|gitlab|git|npm|pypi|vault)?[_-]?token|"
    r"(?:api|access|auth|private|secret|signing|encryption|account|master|shared)[_-]?key|credentials?"
)
_ASSIGNED = re.compile(
    rf"(?i)(?:(?P<password>{_PASSWORD_NAMES})|(?<!:)(?P<key>{_KEY_NAMES}))\\{{0,3}}[\"']?\]?"
    r"(?:\s{0,4}:\s{0,4}\w{1,20}\s{0,4}=(?!=)|\s{0,4}(?:=>|:=|=(?!=)|:(?!:)))\s{0,4}"
    r"[frbu]?\\{0,3}(?:\"(?P<double>[^\"\n]{1,500})\"|'(?P<single>[^'\n]{1,500})'|(?P<bare>[^\s\"'`;,&|)}\]]{4,500}))"
)
_FLAG = re.compile(
    rf"(?i)(?<=--)(?:[a-z]{{1,12}}-){{0,3}}(?:(?P<password>{_PASSWORD_NAMES})|(?P<key>{_KEY_NAMES}))\s{{1,4}}"
    r"(?:\"(?P<double>[^\"\n]{1,500})\"|'(?P<single>[^'\n]{1,500})'|(?P<bare>[^\s\"'`;,&|)}\]\-][^\s\"'`;,&|)}\]]{3,500}))"
)
_HARMLESS_NAME = re.compile(
    r"(?i)(?:next|continuation|client|request|idempotency|page|pagination|task|pad|eos|bos|unk|sep|cls|mask|stop|special|"
    r"max|min|num|image|start|end)[_-]?token$|public[_-]?access[_-]?key$"
)
"""Names that end like a secret's and are none: AWS's paging and idempotency tokens, tokens of language models."""

_REFERENCE = re.compile(
    r"\$\{|\$\(|\{\{|\{%|`|^\$|^%\w+%$|^[{<\[(]|^arn:|^(?:secretsmanager|ssm|ssm-secure|vault|op|env|file|s3|https?):|"
    r"^[.~]?/[\w./-]+$|/aws4_request|^@|^!(?:Ref|Sub|GetAtt|ImportValue)\b|^(?:os|process|self|args|config|settings|secrets|var|local)\."
)
_PLACEHOLDER = re.compile(
    r"(?i)^(?:(.)\1{2,}|your[\W_].*|.*[\W_]here|my[\W_]?(?:password|secret|token|(?:api)?[\W_]?key)|change[\W_]?(?:me|it|this).*|"
    r"placeholder|examples?|dummy|fake|redacted|todo|tbd|none|null|nil|true|false|undefined|unset|empty|password|"
    r"passwd|secret|token|string|str|text|required|optional|hidden|n/?a|(?:insert|replace|enter|set)[\W_].*|.*example(?:key)?)$"
)
_SLUG = re.compile(r"^(?:[a-z]+\d{0,4}|\d{1,4})(?:[-_./:](?:[a-z]+\d{0,4}|\d{1,4})){0,20}$", re.IGNORECASE)
"""Words with separators: the name of something, not a key."""
_SECRET_WORD = re.compile(r"(?i)password|passwd|secret|token|key|credential")
_EXPRESSION = re.compile(r"[(\[{]|^[A-Za-z_]\w*(?:\.[A-Za-z_]\w*){1,9}$|^[A-Za-z_]+$")
"""What an unquoted value is in code: a call, an element, an attribute, a variable."""


def find(text: str) -> list[str]:
    """Return the kinds of credential that a text holds in plain sight, such as "a private key"; never their values."""
    return list(dict.fromkeys(_found(text)))


def named(name: str, value: str) -> list[str]:
    """Return the kinds of credential that a value is or holds when it stands under a name, as in an environment."""
    found = list(_found(value))
    if not _any_in(_WORDS, name.lower()):
        return list(dict.fromkeys(found))
    # The name's last words decide; as text it would end at the first quotation mark.
    match = re.search(rf"(?i)(?:(?P<password>{_PASSWORD_NAMES})|(?P<key>{_KEY_NAMES}))$", name)
    aws = _AWS_SECRET.search(f"{name}={value}")
    if aws and _is_given(aws[1]):
        found.append("an AWS secret access key")
    elif match and _is_secret(match, name[: match.start()], value):
        found.append(_kind(match))
    return list(dict.fromkeys(found))


def _found(text: str) -> Iterator[str]:
    for kind, pattern in _FORMATS.items():
        if _any_in(_LITERALS[kind], text) and pattern.search(text):
            yield kind
    if "://" in text and "@" in text and any(_is_given(match[1]) for match in _URL.finditer(text)):
        yield "a password in a URL"
    if _any_in(_COMMANDS, text) and any(_is_given(match[1]) for match in _OPTION.finditer(text)):
        yield "a password in plain text"
    lowered = text.lower()
    if "authorization" in lowered and any(_is_given(match[1]) for match in _HEADER.finditer(text)):
        yield "an authorization header"
    if not _any_in(_WORDS, lowered):
        return
    if any(_is_given(match[1]) for match in _AWS_SECRET.finditer(text)):
        yield "an AWS secret access key"
    for pattern in (_ASSIGNED, _FLAG):
        yield from _assigned(pattern, text)


def _any_in(literals: tuple[str, ...], text: str) -> bool:
    return any(literal in text for literal in literals)


def _assigned(pattern: re.Pattern[str], text: str) -> Iterator[str]:
    for match in pattern.finditer(text):
        bare = match["bare"]
        value = (match["double"] or match["single"] or bare).rstrip("\\")
        before = text[max(0, match.start() - 16) : match.start()]
        if not (bare and _EXPRESSION.search(value)) and _is_secret(match, before, value):
            yield _kind(match)


def _kind(match: re.Match[str]) -> str:
    return "a password in plain text" if match["password"] else "a secret key or token in plain text"


def _is_secret(match: re.Match[str], before: str, value: str) -> bool:
    """Whether a value under a secret's name is one: any literal for a password; for a key or token, one like a key."""
    if not _is_given(value):
        return False
    named_thing = bool(_SLUG.match(value))
    if match["password"]:
        return len(value) >= 4 and not (named_thing and _SECRET_WORD.search(value) and not value.isalnum())
    if _HARMLESS_NAME.search(before + match["key"]) or " " in value or (named_thing and not value.isalnum()):
        return False
    mixed = any(char.isdigit() for char in value) and any(char.isalpha() for char in value)
    return mixed and len(value) >= 12 and _entropy(value) >= 3.0


def _is_given(value: str) -> bool:
    """Whether a value is itself what is secret: no reference to it, no placeholder, nothing unknown."""
    return not (has_unknown(value) or _REFERENCE.search(value) or _PLACEHOLDER.match(value))


def _entropy(value: str) -> float:
    """Return the Shannon entropy in bits per character."""
    return -sum(count / len(value) * math.log2(count / len(value)) for count in Counter(value).values())
