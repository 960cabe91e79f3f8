"""Quotas: what the plan needs of each beside AWS's default, or beside the account's own value.

Defaults are data (`data/quotas.csv`, `data/instance_quotas.csv`) with the day they were read and their source. AWS sets
many of SageMaker's instance quotas to 0, in new accounts above all, and another value in each account: a default
that is lower than the need is a warning, the account's own value decides. What has no known default is unknown.
"""

from __future__ import annotations

import csv
import functools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from mlops_estate.preflight.finding import Finding, State, text_of

_DATA = Path(__file__).parent / "data"
SERVICE_QUOTAS = (
    "ListAWSDefaultServiceQuotas in us-east-1, as "
    "https://github.com/gruntwork-io/terraform-aws-utilities/blob/04f5883/docs/quotas.md has it"
)
INSTANCES = "https://docs.aws.amazon.com/general/latest/gr/sagemaker.html"
FEW_RULES = frozenset({"af-south-1", "eu-south-1"})
"""Regions with 100 EventBridge rules for each bus instead of 300 (EventBridge user guide, quotas)."""
AT_ONCE = {"sagemaker-feature-group-creations": "make fewer at a time: pulumi up --parallel {limit}"}
"""Quotas on what is being made at one time, with what keeps within them."""
USES = {
    "endpoint": "endpoint usage", "training": "training job usage", "spot": "spot training job usage",
    "processing": "processing job usage", "transform": "transform job usage",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Quota:
    """One quota. `default` is None where none is known; `code` "" where Service Quotas doesn't list it."""

    id: str
    service: str
    code: str
    name: str
    default: float | None
    adjustable: bool
    per: str
    as_of: str
    source: str


@dataclass(frozen=True, slots=True)
class Need:
    """What the plan takes of one quota: `amount`, by what (`why`), and where it comes from."""

    quota: Quota
    amount: float
    where: str
    why: str = ""
    model: str = ""


Applied = Mapping[tuple[str, str], float]
"""An account's own values, by service and quota code."""


@functools.cache
def quotas() -> Mapping[str, Quota]:
    """Return the quotas of services, by id."""
    with (_DATA / "quotas.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return {
        row["id"]: Quota(
            row["id"], row["service"], row["quota_code"], row["name"],
            float(row["default"]) if row["default"] else None, row["adjustable"] == "yes", row["per"], row["as_of"],
            SERVICE_QUOTAS if row["source"] == "service-quotas" else row["source"],
        )
        for row in rows
    }  # fmt: skip


@functools.cache
def _instances() -> Mapping[tuple[str, str], Mapping[str, str]]:
    with (_DATA / "instance_quotas.csv").open(encoding="utf-8", newline="") as file:
        return {(row["usage"], row["instance_type"]): row for row in csv.DictReader(file)}


def instance_quota(usage: str, instance_type: str) -> Quota:
    """Return the quota of an instance type in a use; without a code and default where it isn't in the data."""
    row = _instances().get((usage, instance_type), {})
    return Quota(
        f"{usage}-{instance_type}", "sagemaker", row.get("quota_code", ""), f"{instance_type} for {USES[usage]}",
        float(row["default"]) if row else None, True, "region", row.get("as_of", ""),
        SERVICE_QUOTAS if row else INSTANCES,
    )  # fmt: skip


def judged(needs: Iterable[Need], region: str, applied: Applied | None = None) -> list[Finding]:
    """Return a finding for each need: beside the account's own value where `applied` has it, else the default."""
    return [_finding(need, region, applied) for need in needs]


def _finding(need: Need, region: str, applied: Applied | None) -> Finding:
    quota = need.quota
    own = (applied or {}).get((quota.service, quota.code))
    limit = own if own is not None else _default(quota, region)
    state = _state(need, limit, own=own is not None)
    whose = "of the account" if own is not None else f"the default{f', as of {quota.as_of}' if quota.as_of else ''}"
    have = f"unknown{'' if applied is None else ': Service Quotas does not list it'}"
    have = have if limit is None else f"{text_of(limit)} ({whose})"
    if limit == 0 and own is None:
        have += "; new accounts have 0 of many instance types"
    needed = text_of(need.amount) + (f" ({need.why})" if need.why else "")
    return Finding(
        state, "quota", f"{quota.name}, per {quota.per}", need.where, needed, have, _fix(need, state), quota.source,
        need.model,
    )  # fmt: skip


def _default(quota: Quota, region: str) -> float | None:
    return 100.0 if quota.id == "events-rules" and region in FEW_RULES else quota.default


def _state(need: Need, limit: float | None, *, own: bool) -> State:
    if limit is None:
        return "unknown"
    if need.amount <= limit:
        return "ok"
    if need.quota.id in AT_ONCE:
        return "warns"
    return "blocks" if own or not need.quota.adjustable else "warns"


def _fix(need: Need, state: State) -> str:
    quota = need.quota
    if state == "ok":
        return ""
    if state == "unknown":
        return "read the account's own value: estate preflight ENV --online" if quota.code else "see the console"
    if quota.id in AT_ONCE:
        return AT_ONCE[quota.id].format(limit=f"{quota.default:.0f}")
    if not quota.adjustable:
        return f"it can't be raised: stay within it for each {quota.per}"
    if not quota.code:
        return f"ask AWS Support for {text_of(need.amount)}"
    return (
        f"aws service-quotas request-service-quota-increase --service-code {quota.service} --quota-code {quota.code} "
        f"--desired-value {need.amount:.0f}"
    )
