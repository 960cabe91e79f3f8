"""The few lines at the top of a change report: what a reviewer has to know, called what it is.

`docs/reference/change_report.md` says how each is derived.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from mlops_estate.comparison.headline_kinds import Facts, Headline, ordered
from mlops_estate.comparison.headlines_access import access
from mlops_estate.comparison.headlines_models import models
from mlops_estate.comparison.headlines_pipelines import pipelines
from mlops_estate.comparison.headlines_release import releases
from mlops_estate.comparison.headlines_resources import resources
from mlops_estate.comparison.model import Comparison
from mlops_estate.comparison.permissions_places import account_and_region

_SOURCES: tuple[Callable[[Facts], Iterator[Headline]], ...] = (models, resources, releases, pipelines, access)
NOTABLE_USD = 1.0
"""A change of the expected monthly cost below this is no headline, in US dollars."""
NOTABLE_SHARE = 0.10
"""A rise of the expected monthly cost by this share of it, or more, is a warning."""


def headlines(
    comparison: Comparison,
    *,
    permissions: Mapping[str, Any],
    release: list[dict[str, Any]],
    policy: Mapping[str, Any],
    cost: Mapping[str, Any] | None,
) -> list[dict[str, Any]]:
    """Return the headlines of a change, the gravest first, as JSON data; nothing where nothing changes.

    `permissions`, `release`, `policy` and `cost` are the parts of the change report of these names. At most 12; where
    there are more, those of one kind are put together, and the last one names what is left out.
    """
    facts = Facts(comparison, permissions, list(release), policy, cost)
    if not any(True for _ in comparison.before.custom_nodes()) and comparison.changes:
        return ordered([*_first_deployment(facts), *_policy(policy), *_cost(cost)])
    found = [headline for source in _SOURCES for headline in source(facts)]
    found += [*_account(comparison), *_policy(policy)]
    if comparison.changes or permissions.get("granted") or permissions.get("revoked"):
        found += _cost(cost)
    return ordered(found)


def _first_deployment(facts: Facts) -> Iterator[Headline]:
    """Yield what stands afterwards where nothing stood before: everything is new, so nothing by itself is news."""
    added = _count(sum(change.action == "add" for change in facts.comparison.changes), "resource")
    names = ", ".join(sorted(facts.added)) or "no model"
    yield Headline("notice", "model-added", f"first deployment: {added}", detail=names)
    outside = [entry for entry in facts.permissions.get("granted", ()) if entry["severity"] == "danger"]
    if outside:
        names_of = list(dict.fromkeys(str(entry["urn"]).rpartition("::")[2] for entry in outside))
        more = f" and {len(names_of) - 3} more" if len(names_of) > 3 else ""
        yield Headline("warning", "permission-widened", f"{_count(len(outside), 'grant')} to look at",
                       detail=f"for others, or of much: {', '.join(names_of[:3])}{more}",
                       urns=tuple(sorted({str(entry["urn"]) for entry in outside})))  # fmt: skip


def _account(comparison: Comparison) -> Iterator[Headline]:
    """Yield what changes of where the estate stands."""
    pairs = zip(account_and_region(comparison.before), account_and_region(comparison.after), strict=True)
    for what, (old, new) in zip(("account", "region"), pairs, strict=True):
        if old and new and old != new:
            detail = f"every resource is made anew in the other {what}; what stands in {old} is left or removed"
            yield Headline("danger", "account", f"{what} {old} -> {new}", detail=detail)


def _policy(policy: Mapping[str, Any]) -> Iterator[Headline]:
    new, fixed = list(policy.get("new", ())), list(policy.get("fixed", ()))
    count = int(policy.get("new_mandatory", 0))
    blocking = [finding for finding in new if _blocks(finding)]
    if count:
        yield _findings("danger", "policy", f"{_count(count, 'new mandatory policy finding')}", blocking)
    advisory = [finding for finding in new if not _blocks(finding)]
    if advisory:
        yield _findings("notice", "policy", f"{_count(len(advisory), 'new advisory policy finding')}", advisory)
    if fixed:
        yield _findings("notice", "policy-fixed", f"{_count(len(fixed), 'policy finding')} fixed", fixed)


def _blocks(finding: Mapping[str, Any]) -> bool:
    status = finding.get("status")
    return status == "error" or (status == "fail" and finding.get("level") in ("mandatory", "remediate"))


def _findings(level: Any, kind: str, what: str, findings: list[Mapping[str, Any]]) -> Headline:
    named = list(dict.fromkeys(f"{finding['rule']} ({finding['name']})" for finding in findings))
    more = f" and {len(named) - 3} more" if len(named) > 3 else ""
    urns = tuple(sorted({str(finding["urn"]) for finding in findings if finding.get("urn")}))
    return Headline(level, kind, what, detail=", ".join(named[:3]) + more, urns=urns)


def _cost(cost: Mapping[str, Any] | None) -> Iterator[Headline]:
    """Yield what the change costs, and the budget where it is near or exceeded."""
    if not cost:
        return
    delta, before = float(cost["delta"]["expected"]), float(cost["before"]["expected"])
    if abs(delta) >= NOTABLE_USD:
        share = delta / before if before else None
        told = f" ({share:+.1%})" if share is not None else ""
        sign = "-" if delta < 0 else "+"
        grave = delta > 0 and (share is None or share >= NOTABLE_SHARE)
        largest = [f"{each['name']} {each['item']} {float(each['delta']):+,.2f}" for each in cost.get("largest", ())]
        yield Headline("warning" if grave else "notice", "cost", f"cost {sign}${abs(delta):,.2f} a month{told}",
                       detail="; ".join(largest[:3]))  # fmt: skip
    budget = cost.get("budget")
    if budget and budget.get("state") in ("near", "exceeded"):
        exceeded = budget["state"] == "exceeded"
        what = f"the estimate is {float(budget['after_percent']):.0f} % of the monthly budget"
        detail = f"budget ${float(budget['monthly_usd']):,.2f}, estimate ${float(cost['after']['expected']):,.2f}"
        yield Headline("danger" if exceeded else "warning", "budget", what, detail=detail)


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
