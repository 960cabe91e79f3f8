"""Names: of the right form and length, no two alike, and none that another environment takes too."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mlops_estate.embedded.driver.table import table
from mlops_estate.faults import Fault
from mlops_estate.graph import ResourceGraph, ResourceNode
from mlops_estate.preflight.finding import Finding, named

if TYPE_CHECKING:
    from mlops_estate.config import EnvironmentConfig

WORLDWIDE = frozenset({"aws:s3/bucket:Bucket"})
"""Types whose names are unique among all accounts (S3 user guide, bucket naming rules)."""
GLOBAL = frozenset({"aws:iam/role:Role", "aws:iam/policy:Policy", "aws:budgets/budget:Budget"})
"""Types whose names are unique in an account, whatever the region."""
FOLDS_CASE: Mapping[str, str] = {
    "aws:iam/role:Role": "https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateRole.html",
    "aws:iam/policy:Policy": "https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreatePolicy.html",
    "aws:glue/catalogDatabase:CatalogDatabase": (
        "https://docs.aws.amazon.com/athena/latest/ug/tables-databases-columns-names.html"
    ),
}
"""Types whose names may not differ by case alone, with the source."""
NAMELESS = ("Policy", "Attachment", "Configuration", "Block", "Controls", "Versioning", "Logging", "Channel", "Status")
HELD_BY: Mapping[str, str] = {
    "aws:glue/catalogTable:CatalogTable": "databaseName", "aws:scheduler/schedule:Schedule": "groupName",
    "aws:iam/rolePolicy:RolePolicy": "role", "aws:cloudwatch/logMetricFilter:LogMetricFilter": "logGroupName",
    "aws:backup/selection:Selection": "planId", "aws:appautoscaling/policy:Policy": "resourceId",
    "aws:athena/namedQuery:NamedQuery": "workgroup", "aws:cloudwatch/eventTarget:EventTarget": "rule",
    "aws:backup/restoreTestingSelection:RestoreTestingSelection": "restoreTestingPlanName",
    "aws:ec2/securityGroup:SecurityGroup": "vpcId", "aws:guardduty/detectorFeature:DetectorFeature": "detectorId",
    "aws:lambda/permission:Permission": "function",
}  # fmt: skip
"""Types whose names are unique within another resource only, and the input that names it."""


@dataclass(frozen=True, slots=True)
class Name:
    """A physical name: what it names, where it has to be unique, and the resource."""

    type: str
    name: str
    within: str
    urn: str
    generated: bool


def names_of(graph: ResourceGraph) -> list[Name]:
    """Return the physical names of a planned graph, those that the provider ends itself among them."""
    found = []
    for node in graph.custom_nodes():
        row = table().get(node.type)
        if row is None or not row.auto_name or not node.aws or node.import_id:
            continue
        name = str(node.aws["name"])
        found.append(Name(node.type, name, _within(node), node.urn, row.auto_name not in node.inputs))
    return found


def _within(node: ResourceNode) -> str:
    held = HELD_BY.get(node.type)
    return str(node.inputs.get(held)) if held else ""


def fault_findings(faults: Sequence[Fault]) -> list[Finding]:
    """Return what AWS's service models and documented limits find wrong in what is asked: it blocks."""
    return [
        Finding(
            "blocks", "name", f"{fault.where or 'the request'}: {fault.rule}", fault.urn, str(fault.value or ""),
            fault.rule, fault.fix, fault.source,
        )
        for fault in faults
    ]  # fmt: skip


def clash_findings(graph: ResourceGraph) -> list[Finding]:
    """Return names that two resources of the graph have, or that differ by case alone where AWS tells no difference."""
    found: list[Finding] = []
    exact: dict[tuple[str, str, str], list[str]] = {}
    folded: dict[tuple[str, str, str], set[str]] = {}
    urns: dict[str, str] = {}
    names = names_of(graph)
    for name in names:
        exact.setdefault((name.type, name.within, name.name), []).append(name.urn)
        urns[name.name] = name.urn
        if name.type in FOLDS_CASE:
            folded.setdefault((name.type, name.within, name.name.lower()), set()).add(name.name)
    for (kind, _, shared), same in exact.items():
        if len(same) > 1:
            title = f"{len(same)} resources have the name {shared}"
            found.append(Finding("blocks", "name", title, same[0], _noun(kind), named(same[1:]), "rename all but one"))
    for (kind, _, _), spelled in folded.items():
        if len(spelled) > 1:
            title = f"names differ by case alone: {named(spelled)}"
            fix = "rename one: to AWS they are one name"
            found.append(
                Finding("blocks", "name", title, urns[min(spelled)], _noun(kind), "one", fix, FOLDS_CASE[kind])
            )
    if not found:
        title = "names are of the form and length that AWS takes, and no two alike"
        found.append(Finding("ok", "name", title, graph.stack, f"{len(names)} names", "no clash"))
    return found


def _noun(kind: str) -> str:
    return kind.rsplit(":", 1)[-1]


def neighbour_findings(config: EnvironmentConfig, others: Sequence[EnvironmentConfig]) -> Iterator[Finding]:
    """Yield names that two environments would both take: those that share an account and region, or would by chance.

    Names begin with the prefix, so that two environments clash where one's prefix is the other's: with a hyphen after
    it, as roles and policies by pattern reach both.
    """
    for other in others:
        same_account = other.estate.account == config.estate.account
        same_prefix = other.prefix == config.prefix
        inside = f"{other.prefix}-".startswith(f"{config.prefix}-") or f"{config.prefix}-".startswith(
            f"{other.prefix}-"
        )
        if same_account and same_prefix:
            title = f"{other.name} has the same prefix in the same account"
            fix = "give one another `prefix`"
            yield Finding("blocks", "name", title, "estate.prefix", config.prefix, f"{other.name}: {other.prefix}", fix)
        elif same_account and inside:
            title = f"names of {other.name} begin like this environment's, in the same account"
            fix = "take prefixes of which none begins with the other: patterns in policies reach both"
            yield Finding("warns", "name", title, "estate.prefix", config.prefix, f"{other.name}: {other.prefix}", fix)
        if same_account:
            yield from _shared_account(config, other)
    if not any(other.estate.account == config.estate.account for other in others):
        title = "no other environment shares the account, so that none takes the same names"
        known = named(f"{other.name} {other.estate.account}" for other in others) or "none was compared"
        yield Finding("ok", "name", title, "estate.account", config.estate.account, known)


def _shared_account(config: EnvironmentConfig, other: EnvironmentConfig) -> Iterator[Finding]:
    """Yield what an account has once, and both environments would make."""
    for key in sorted(type(config.estate.account_baseline).model_fields.keys() - {"default"}):
        if all(each.estate.account_baseline.mode(key) == "create" for each in (config, other)):
            title = f"{other.name} makes the account's {key.replace('_', ' ')} too, in the same account"
            fix = f"say `existing` in one of them: estate.account_baseline.{key}"
            yield Finding("blocks", "account", title, f"estate.account_baseline.{key}", "one", "two", fix)
    if config.owns_registry and other.owns_registry:
        shared = sorted(set(config.models) & set(other.models))
        title = f"{other.name} makes the same package groups and repositories, in the same account"
        fix = "let one environment own the registry: estate.registry.account"
        if config.estate.registry.prefix == other.estate.registry.prefix and shared:
            yield Finding("blocks", "name", title, "estate.registry.prefix", named(shared), other.name, fix)
