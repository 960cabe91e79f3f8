"""What an account has once, or has to be asked to do by a person: what is known without looking into it."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.metadata import version
from typing import TYPE_CHECKING

from mlops_estate.graph import ResourceGraph
from mlops_estate.preflight.finding import Finding, named
from mlops_estate.up.singletons import SINGLETONS

if TYPE_CHECKING:
    from pathlib import Path

    from mlops_estate.config import EnvironmentConfig

EMAIL = "https://docs.aws.amazon.com/sns/latest/dg/sns-email-notifications.html"
PROVIDERS = ("pulumi-aws", "pulumi-aws-native")


def account_findings(graph: ResourceGraph, config: EnvironmentConfig, project_dir: Path) -> Iterator[Finding]:
    """Yield what the plan takes of the account itself: its number, what it has once, and what people confirm."""
    yield from _number(graph, config)
    yield from _once(config)
    yield from _confirmations(graph)
    yield from _versions(project_dir)
    if not config.estate.permissions_boundary_arn:
        title = "roles of the plan carry no permissions boundary, which the bootstrap's delivery role asks of them"
        fix = "run bootstrap/ once and set what it prints: estate.permissions_boundary_arn, estate.delivery_role_arns"
        yield Finding("warns", "account", title, "estate.permissions_boundary_arn", "a boundary", "none", fix)


def _number(graph: ResourceGraph, config: EnvironmentConfig) -> Iterator[Finding]:
    account = config.estate.account
    allowed = [
        node.inputs.get("allowedAccountIds") for node in graph.nodes.values()
        if node.is_provider and node.inputs.get("allowedAccountIds")
    ]  # fmt: skip
    pinned = bool(allowed) and all(account in str(given) for given in allowed)
    title = "the providers refuse any other account" if pinned else "the providers would deploy to any account"
    fix = "" if pinned else "pin allowed_account_ids of both providers"
    yield Finding(
        "ok" if pinned else "warns", "account", title, "estate.account", account, named(map(str, allowed)), fix
    )


def _once(config: EnvironmentConfig) -> Iterator[Finding]:
    """Yield what is made though an account can have one only: whether it has one already is for the account to say."""
    made = [single.key for single in SINGLETONS if config.estate.account_baseline.mode(single.key) == "create"]
    if made:
        title = f"{len(made)} things of which an account has one are made here: one that stands already stops `up`"
        fix = "look: estate preflight ENV --account URL or --online; say `existing` for those that stand"
        where = "estate.account_baseline"
        yield Finding("unknown", "account", title, where, named(made, 20), "not looked up", fix)


def _confirmations(graph: ResourceGraph) -> Iterator[Finding]:
    subscriptions = graph.by_type().get("aws:sns/topicSubscription:TopicSubscription", [])
    email = [node for node in subscriptions if node.inputs.get("protocol") in ("email", "email-json")]
    if email:
        addresses = sorted({str(node.inputs.get("endpoint")) for node in email})
        title = f"{len(email)} e-mail subscriptions wait until their addresses confirm them: alarms reach nobody before"
        fix = "tell the people behind them to follow the link within two days"
        yield Finding("warns", "account", title, email[0].urn, named(addresses, 5), "unconfirmed", fix, EMAIL)


def _versions(project_dir: Path) -> Iterator[Finding]:
    """Yield whether the providers' versions are pinned: another version may replace resources."""
    lock = project_dir / "requirements.lock"
    text = lock.read_text(encoding="utf-8") if lock.is_file() else ""
    for provider in PROVIDERS:
        here = version(provider)
        pinned = f"{provider}=={here}" in text
        state, title = ("ok", "is pinned") if pinned else ("warns", "is not the version that requirements.lock pins")
        fix = "" if pinned else "pip install -r requirements.lock"
        where = "requirements.lock"
        found = Finding("ok" if state == "ok" else "warns", "account", f"{provider} {title}", where, here, here, fix)
        yield found
