"""Everything that checks look at: graph, configuration, pipelines, workflows and tests, read once."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlops_estate.graph import UNKNOWN, ResourceGraph, ResourceNode
from mlops_estate.graph_models import SHARED, models_of
from mlops_estate.maturity.pipelines import Pipeline, read_pipelines
from mlops_estate.maturity.values import entries
from mlops_estate.maturity.workflows import Step, Workflow, read_workflows

if TYPE_CHECKING:
    from mlops_estate.config import LoadedEnvironment

SIDES = ("unit", "integration", "end_to_end")
"""The folders of the test pyramid below `tests/`."""
_TEST = re.compile(r"^\s*(?:async )?def test_\w+", re.MULTILINE)


@dataclass(slots=True)
class Facts:
    """What an assessment knows. `models` are the model blocks by name, as plain data with every default;
    `existing` names what the account has of its own, as `account_baseline` calls it."""

    graph: ResourceGraph
    project_dir: Path
    models: dict[str, dict[str, Any]]
    pipelines: list[Pipeline] = field(default_factory=list)
    workflows: list[Workflow] = field(default_factory=list)
    tests: dict[str, int] = field(default_factory=dict)
    environments: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    owners: dict[str, str] = field(default_factory=dict)
    existing: frozenset[str] = frozenset()

    def of(self, *types: str, model: str | None = None) -> list[ResourceNode]:
        """Return the resources of some types, of one model where it is given."""
        return [
            node
            for node in self.graph.custom_nodes()
            if node.type in types and (model is None or self.owners[node.urn] == model)
        ]

    def linked(self, node: ResourceNode, prop: str) -> list[ResourceNode]:
        """Return the resources of the graph that a property takes something from, known or unknown."""
        return [self.graph.nodes[urn] for urn in node.property_dependencies.get(prop, ()) if urn in self.graph.nodes]

    def training(self, model: str) -> list[Pipeline]:
        """Return the pipelines of a model that train."""
        return [
            pipeline
            for pipeline in self.pipelines
            if self.owners[pipeline.node.urn] == model and pipeline.typed("Training")
        ]

    def alarms_of(self, endpoint: ResourceNode) -> list[ResourceNode]:
        """Return the alarms that watch a metric of an endpoint."""
        name = endpoint.inputs.get("endpointName")
        return [
            alarm
            for alarm in self.of("aws:cloudwatch/metricAlarm:MetricAlarm")
            if name not in (None, UNKNOWN) and name in _dimensions(alarm)
        ]

    def steps(self, triggers: Iterable[str] = ()) -> list[Step]:
        """Return the steps of all workflows, of those that one of some events starts where events are given.

        A workflow that another one calls (`workflow_call` alone) counts where it is called.
        """
        wanted = set(triggers)
        return [
            step
            for workflow in self.workflows
            if not wanted or wanted & set(workflow.triggers)
            for step in workflow.steps()
        ]


def collect_facts(graph: ResourceGraph, environment: LoadedEnvironment) -> Facts:
    """Return the facts of an environment whose graph was collected."""
    from mlops_estate.config.loading import environments

    models = {name: block.model_dump(mode="json") for name, block in environment.config.models.items()}
    facts = gather(graph, environment.project_dir, models, environments(environment.project_dir))
    baseline = environment.config.estate.account_baseline
    named = [name for name in type(baseline).model_fields if name != "default"]
    facts.existing = frozenset(name for name in named if baseline.mode(name) == "existing")
    return facts


def gather(
    graph: ResourceGraph, project_dir: Path, models: Mapping[str, dict[str, Any]], environments: Iterable[str] = ()
) -> Facts:
    """Return the facts of a graph and a project's folder."""
    workflows, notes = read_workflows(project_dir)
    return Facts(
        graph, project_dir, dict(models), read_pipelines(graph, project_dir), workflows, count_tests(project_dir),
        sorted(environments), notes, models_of(graph),
    )  # fmt: skip


def count_tests(project_dir: Path) -> dict[str, int]:
    """Return how many test functions each side of the pyramid has; one that runs with many values counts once."""
    return {
        side: sum(
            len(_TEST.findall(path.read_text(encoding="utf-8", errors="replace")))
            for path in (project_dir / "tests" / side).rglob("test_*.py")
        )
        for side in SIDES
    }


def _dimensions(alarm: ResourceNode) -> set[str]:
    found = [metric.get("dimensions") for metric in _metrics(alarm)]
    return {str(value) for one in found if isinstance(one, Mapping) for value in one.values()}


def _metrics(alarm: ResourceNode) -> list[Mapping[str, Any]]:
    """Return the metrics that an alarm watches: its own, and those that it calculates with."""
    queries = entries(alarm.inputs.get("metricQueries"))
    return [alarm.inputs, *(query["metric"] for query in queries if isinstance(query.get("metric"), Mapping))]


def namespaces(alarm: ResourceNode) -> set[str]:
    """Return the namespaces of the metrics that an alarm watches."""
    return {str(metric["namespace"]) for metric in _metrics(alarm) if metric.get("namespace")}


def parsed(value: Any) -> Any:
    """Return a JSON document that is held as text, as data; None where it is unknown or none."""
    if isinstance(value, Mapping):
        return value
    if not isinstance(value, str) or value == UNKNOWN:
        return None
    try:
        return json.loads(value)
    except json.JSONDecodeError:
        return None


def has_models(facts: Facts) -> list[str]:
    """Return the names of the models: of the configuration, else of the graph."""
    return sorted(facts.models) or sorted({owner for owner in facts.owners.values() if owner != SHARED})
