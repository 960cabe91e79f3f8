"""One preflight: the program planned, every check made, the findings in one list."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlops_components.documents import partition
from mlops_estate.engine.events import OnEvent
from mlops_estate.engine.runner import quiet, run_program
from mlops_estate.graph import ResourceGraph
from mlops_estate.graph_models import models_of, tags_of
from mlops_estate.preflight import policy
from mlops_estate.preflight.account import account_findings
from mlops_estate.preflight.calls import Call, calls_of
from mlops_estate.preflight.finding import Finding, PreflightReport, ordered
from mlops_estate.preflight.identity import Statements, delivery_identity, permission_findings, unknown_findings
from mlops_estate.preflight.keys import grant_needs, key_findings
from mlops_estate.preflight.naming import clash_findings, fault_findings, neighbour_findings
from mlops_estate.preflight.needs import needs_of
from mlops_estate.preflight.places import image_findings, instance_findings, region_findings
from mlops_estate.preflight.planning import PlanningDriver
from mlops_estate.preflight.quotas import judged
from mlops_estate.preflight.standing import applied_quotas, standing_findings

if TYPE_CHECKING:
    from mlops_estate.config import EnvironmentConfig, LoadedEnvironment
    from mlops_estate.faults import Fault


@dataclass(frozen=True, slots=True)
class Account:
    """An account that is looked into: how to get a client of a service, what to call it, what this estate made there.

    `quotas` says whether it knows Service Quotas: an embedded account has none.
    """

    client: Callable[[str], Any]
    label: str
    quotas: bool
    ours: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Planned:
    """The program as it would stand: its graph, and the faults that AWS's own rules find in what it asks."""

    graph: ResourceGraph
    faults: tuple[Fault, ...]


def collect_planned(environment: LoadedEnvironment, *, as_shipped: bool = False, on_event: OnEvent = quiet) -> Planned:
    """Run the program against a driver that creates nothing and fills in what can be told before.

    Raises `FaultsFound` where the program refuses its configuration.
    """
    from mlops_estate.up.session import offline_versions, program_config

    estate = environment.config.estate
    driver = PlanningDriver(estate.account, estate.region)
    versions = offline_versions(environment, as_shipped=as_shipped)
    graph = run_program(
        environment.project_dir / "stacks" / "__main__.py", stack=environment.name,
        config=program_config(environment, "", versions), driver=driver,
        on_event=lambda event: on_event(dataclasses.replace(event, action="planned")),
    )  # fmt: skip
    graph.preview = True
    for node in graph.custom_nodes():
        node.status = "planned"
    graph.notes += [f"{model} has no pinned version: version 1 is assumed" for model in versions]
    return Planned(graph, tuple(driver.faults))


def in_account(environment: LoadedEnvironment, account_id: str) -> LoadedEnvironment:
    """Return the environment as it would be in another account, as an embedded one stands in for the configured one."""
    from mlops_estate.config import overlay_account, overlay_network, parse

    raw = overlay_network(overlay_account(environment.estate_raw, account_id))
    config = parse(environment.name, raw, environment.models_raw)
    return dataclasses.replace(environment, estate_raw=raw, config=config)


def preflight(
    planned: Planned, config: EnvironmentConfig, project_dir: Path, *, others: Sequence[EnvironmentConfig] = (),
    account: Account | None = None,
) -> PreflightReport:  # fmt: skip
    """Return everything that was looked at; with an account, what it holds already and its own quotas too."""
    # By URN, not in the order of registration, which may differ from run to run: the same plan gives the same bytes.
    # Providers come first: whoever looks for their default tags finds them at once.
    nodes = sorted(planned.graph.nodes.items(), key=lambda item: (not item[1].is_provider, item[0]))
    graph = dataclasses.replace(planned.graph, nodes=dict(nodes))
    estate = config.estate
    calls = calls_of(graph, estate.account, estate.region, partition(estate.region))
    applied, offered = applied_quotas(account.client, _services(graph)) if account and account.quotas else (None, None)
    needs = [*needs_of(graph, models_of(graph)), *grant_needs(graph)]
    findings: list[Finding] = [
        *fault_findings(planned.faults),
        *clash_findings(graph),
        *neighbour_findings(config, others),
        *judged(needs, estate.region, applied),
        *region_findings(graph, config),
        *instance_findings(graph, config, offered),
        *image_findings(graph, config),
        *key_findings(graph),
        *account_findings(graph, config, project_dir),
        *permission_findings(calls, delivery_identity(config), key_policies(graph)),
        *unknown_findings(calls),
        *(standing_findings(graph, config, account.client, account.ours) if account else ()),
    ]
    if account is not None:
        findings = [found for found in findings if not _answered(found)]
    statements = policy.minimal_policy(calls, names_for(graph, config))
    documents = policy.documents(statements)
    findings.append(_policy_finding(calls, documents))
    return PreflightReport(
        config.name, estate.account, estate.region, account.label if account else "defaults", ordered(findings),
        documents, [{**one.document(), "why": one.why} for one in statements], list(dict.fromkeys(graph.notes)),
    )  # fmt: skip


def _answered(found: Finding) -> bool:
    """Whether an account that is looked into answers what was unknown without it."""
    asked = ("not looked up", "`up` makes its repository, and pushes no image")
    return found.state == "unknown" and found.have in asked


def _services(graph: ResourceGraph) -> list[str]:
    from mlops_estate.preflight.quotas import quotas

    return sorted({quota.service for quota in quotas().values() if quota.code})


def names_for(graph: ResourceGraph, config: EnvironmentConfig) -> policy.Names:
    """Return what the plan's names are made of, and the project that its providers tag everything with."""
    return policy.Names(
        config.prefix,
        tuple(sorted(config.models)),
        _project(graph),
        config.estate.region,
        config.estate.registry.prefix,
    )


def _project(graph: ResourceGraph) -> str:
    for node in graph.custom_nodes():
        tags = node.aws.get("tags") or tags_of(node.inputs)
        if "project" in tags:
            return str(tags["project"])
    return ""


def key_policies(graph: ResourceGraph) -> dict[str, Statements]:
    """Return the policies of the plan's keys by ARN."""
    from mlops_policies.iam.statements import parse

    return {
        str(node.aws["arn"]): parse(node.inputs["policy"])
        for node in graph.by_type().get("aws:kms/key:Key", [])
        if node.aws.get("arn") and node.inputs.get("policy")
    }


def _policy_finding(calls: Sequence[Call], documents: Sequence[dict[str, Any]]) -> Finding:
    longest = max((policy.length(document) for document in documents), default=0)
    source = "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html"
    state = "ok" if len(documents) <= policy.MOST_ATTACHED and longest <= policy.LONGEST_MANAGED else "warns"
    title = f"the minimal policy of the deploying identity is {len(documents)} managed policies"
    return Finding(
        "ok" if state == "ok" else "warns", "permission", title, "--policy FILE.json",
        f"{len({call.action for call in calls})} actions, {longest:,} characters at the most",
        f"{policy.MOST_ATTACHED} policies of {policy.LONGEST_MANAGED:,}",
        "" if state == "ok" else "ask for more managed policies per role (L-0DA4ABF3)", source,
    )  # fmt: skip
