"""Rules of a whole definition: its form, names, order, branches, property files, retries, caching, spot, size.

Sources: SageMaker developer guide, "Amazon SageMaker Pipelines quotas", "Retry policy for pipeline steps", "Caching
pipeline steps", "Managed Spot Training"; CreatePipeline's model (a definition in the request has at most 1 MiB).
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

import networkx as nx

from mlops_estate.faults import Fault
from mlops_estate.pipeline_checks.references import PARAMETER_KINDS, Document, needs, outputs
from mlops_estate.pipeline_checks.steps import BRANCHES, KINDS, STEP_NAME, Placed

VERSION = "2020-12-01"
LARGEST_INLINE = 1_048_576
"""Bytes of a definition that CreatePipeline takes in the request; beyond, PipelineDefinitionS3Location."""
MOST_STEPS = 50
_TOP = {"Version", "Metadata", "Parameters", "PipelineExperimentConfig", "MlflowConfig", "Steps"}
_STEP_KEYS = {
    "Name", "Type", "Arguments", "DependsOn", "DisplayName", "Description", "RetryPolicies", "CacheConfig",
    "PropertyFiles", "FunctionArn", "SqsQueueUrl", "OutputParameters", "CheckType", "ModelPackageGroupName",
    "SkipCheck", "FailOnViolation", "RegisterNewBaseline", "SuppliedBaselineStatistics", "SuppliedBaselineConstraints",
    "ModelName", "ClusterId", "ClusterConfig", "ExecutionRoleArn", "ApplicationId",
}  # fmt: skip
_CONDITIONS = {"Equals", "GreaterThan", "GreaterThanOrEqualTo", "LessThan", "LessThanOrEqualTo", "In", "Not", "Or"}
_RETRIED = {
    "Step.SERVICE_FAULT", "Step.THROTTLING", "SageMaker.JOB_INTERNAL_ERROR", "SageMaker.CAPACITY_ERROR",
    "SageMaker.RESOURCE_LIMIT",
}  # fmt: skip
_DURATION = re.compile(r"P(?!$)(\d+Y)?(\d+M)?(\d+W)?(\d+D)?(T(?=\d)(\d+H)?(\d+M)?(\d+S)?)?")
_DEFAULTS: Mapping[str, tuple[type, ...]] = {
    "String": (str,), "Integer": (int,), "Float": (int, float), "Boolean": (bool,)
}  # fmt: skip


def document_faults(definition: Mapping[str, Any], document: Document) -> Iterator[Fault]:
    """Yield the faults of the document as one: keys, version, parameters, names, number of steps."""
    for key in definition.keys() - _TOP:
        yield Fault(key, None, "a definition has no such key", f"one of {', '.join(sorted(_TOP))}")
    if definition.get("Version") != VERSION:
        yield Fault("Version", definition.get("Version"), f"the version is {VERSION}", f"write {VERSION}")
    if not isinstance(definition.get("Steps"), list) or not definition["Steps"]:
        yield Fault("Steps", None, "a pipeline has steps", "give a list of them")
    yield from _parameter_faults(definition)
    for name, count in Counter(step.name for step in document.steps).items():
        if count > 1:
            yield Fault("Steps", name, f"{count} steps have this name, branches included", "rename all but one",
                        urn=name)  # fmt: skip
    if len(document.steps) > MOST_STEPS:
        rule = f"a pipeline has at most {MOST_STEPS} steps"
        yield Fault("Steps", len(document.steps), rule, "join steps, or ask for a higher quota")


def _parameter_faults(definition: Mapping[str, Any]) -> Iterator[Fault]:
    listed = definition.get("Parameters")
    names: Counter[str] = Counter()
    for index, item in enumerate(listed if isinstance(listed, list) else []):
        where = f"Parameters[{index}]"
        name, kind = str(item.get("Name")), item.get("Type")
        names[name] += 1
        if names[name] > 1:
            yield Fault(f"{where}.Name", name, "two parameters have this name", "rename one")
        if kind not in PARAMETER_KINDS:
            yield Fault(f"{where}.Type", kind, "there is no such type", f"one of {', '.join(PARAMETER_KINDS)}")
            continue
        default, options = item.get("DefaultValue"), item.get("EnumValues")
        wrong = not isinstance(default, _DEFAULTS[kind]) or (isinstance(default, bool) and kind != "Boolean")
        if default is not None and wrong and not _is_placeholder(default):
            yield Fault(f"{where}.DefaultValue", default, f"the default is no {kind}", "give one of that type")
        if default is not None and options and default not in options and not _is_placeholder(default):
            yield Fault(f"{where}.DefaultValue", default, "the default is none of EnumValues", f"one of {options}")


def _is_placeholder(value: Any) -> bool:
    return isinstance(value, str) and bool(re.fullmatch(r"\$\{[a-z_]+\}", value))


def step_faults(step: Placed) -> Iterator[Fault]:
    """Yield the faults of a step's form."""
    name, kind = step.step.get("Name"), step.step.get("Type")
    if not isinstance(name, str) or not STEP_NAME.fullmatch(name):
        rule = "a name has 1 to 64 letters, digits, hyphens, underscores"
        yield Fault(f"{step.path}.Name", name, rule, "rename the step", urn=step.name)
    if kind not in KINDS:
        yield Fault(f"{step.path}.Type", kind, "there is no such type of step", f"one of {', '.join(KINDS)}",
                    urn=step.name)  # fmt: skip
    for key in step.step.keys() - _STEP_KEYS:
        yield Fault(f"{step.path}.{key}", None, "a step has no such key", "remove it, or correct its spelling",
                    urn=step.name)  # fmt: skip
    yield from _property_file_faults(step)
    yield from _retry_faults(step)
    yield from _cache_faults(step)
    if kind == "Condition":
        yield from _condition_faults(step)
    if kind in ("Training", "Tuning"):
        yield from _spot_faults(step)


def _property_file_faults(step: Placed) -> Iterator[Fault]:
    for index, item in enumerate(step.step.get("PropertyFiles") or []):
        where = f"{step.path}.PropertyFiles[{index}]"
        for key in ("PropertyFileName", "OutputName", "FilePath"):
            if not item.get(key):
                yield Fault(f"{where}.{key}", None, "it is required", "give it", urn=step.name)
        if item.get("OutputName") and item["OutputName"] not in outputs(step):
            known = ", ".join(outputs(step)) or "none"
            yield Fault(f"{where}.OutputName", item["OutputName"], "the step has no such output", f"known are {known}",
                        urn=step.name)  # fmt: skip


def _retry_faults(step: Placed) -> Iterator[Fault]:
    policies = step.step.get("RetryPolicies") or []
    if policies and step.kind is not None and not step.kind.retries:
        rule = f"a {step.step.get('Type')} step takes no retry policies"
        yield Fault(f"{step.path}.RetryPolicies", None, rule, "remove them", urn=step.name)
    for index, policy in enumerate(policies):
        where = f"{step.path}.RetryPolicies[{index}]"
        for name in policy.get("ExceptionType") or []:
            if name not in _RETRIED:
                yield Fault(f"{where}.ExceptionType", name, "there is no such exception",
                            f"one of {', '.join(sorted(_RETRIED))}", urn=step.name)  # fmt: skip
            elif name.startswith("SageMaker.") and step.step.get("Type") in ("Model", "RegisterModel"):
                rule = "steps that run no job know no exceptions of jobs"
                yield Fault(f"{where}.ExceptionType", name, rule, "take Step.SERVICE_FAULT or Step.THROTTLING",
                            urn=step.name)  # fmt: skip
        if ("MaxAttempts" in policy) == ("ExpireAfterMin" in policy):
            rule = "either MaxAttempts or ExpireAfterMin ends retrying"
            yield Fault(where, None, rule, "give one of the two", urn=step.name)


def _cache_faults(step: Placed) -> Iterator[Fault]:
    cache = step.step.get("CacheConfig")
    if not isinstance(cache, Mapping) or not cache.get("Enabled"):
        return
    expires = cache.get("ExpireAfter")
    if not isinstance(expires, str) or not _DURATION.fullmatch(expires):
        yield Fault(f"{step.path}.CacheConfig.ExpireAfter", expires, "it is a duration of ISO 8601", "such as P30D",
                    urn=step.name)  # fmt: skip


def _condition_faults(step: Placed) -> Iterator[Fault]:
    where = f"{step.path}.Arguments"
    conditions = step.arguments.get("Conditions")
    if not isinstance(conditions, list) or not conditions:
        yield Fault(f"{where}.Conditions", None, "a condition step has conditions", "give at least one", urn=step.name)
        return
    for index, condition in enumerate(conditions):
        yield from _one_condition(condition, f"{where}.Conditions[{index}]", step)
    if not any(step.arguments.get(branch) for branch in BRANCHES):
        yield Fault(where, None, "neither branch has a step", "give IfSteps or ElseSteps", urn=step.name)


def _one_condition(condition: Any, where: str, step: Placed) -> Iterator[Fault]:
    kind = condition.get("Type") if isinstance(condition, Mapping) else None
    if kind not in _CONDITIONS:
        yield Fault(f"{where}.Type", kind, "there is no such condition", f"one of {', '.join(sorted(_CONDITIONS))}",
                    urn=step.name)  # fmt: skip
        return
    if kind == "Not":
        yield from _one_condition(condition.get("Expression"), f"{where}.Expression", step)
    elif kind == "Or":
        for index, item in enumerate(condition.get("Conditions") or []):
            yield from _one_condition(item, f"{where}.Conditions[{index}]", step)
    else:
        wanted = ("QueryValue", "Values") if kind == "In" else ("LeftValue", "RightValue")
        for key in wanted:
            if key not in condition:
                yield Fault(f"{where}.{key}", None, "it is required", "give it", urn=step.name)


def _spot_faults(step: Placed) -> Iterator[Fault]:
    job: Any = step.arguments
    where = f"{step.path}.Arguments"
    if step.step.get("Type") == "Tuning":
        job, where = job.get("TrainingJobDefinition"), f"{where}.TrainingJobDefinition"
    if not isinstance(job, Mapping) or job.get("EnableManagedSpotTraining") is not True:
        return
    stopping = job.get("StoppingCondition")
    stopping = stopping if isinstance(stopping, Mapping) else {}
    longest, wait = stopping.get("MaxRuntimeInSeconds"), stopping.get("MaxWaitTimeInSeconds")
    place = f"{where}.StoppingCondition.MaxWaitTimeInSeconds"
    if wait is None:
        yield Fault(place, None, "managed spot needs a longest wait", "give one that covers the run", urn=step.name)
    elif isinstance(longest, int) and isinstance(wait, int) and wait < longest:
        rule = f"the wait is at least the longest run, {longest}"
        yield Fault(place, wait, rule, f"at least {longest}", urn=step.name)
    if not job.get("CheckpointConfig"):
        rule = "a spot instance that is taken away loses what is not checkpointed"
        yield Fault(f"{where}.CheckpointConfig", None, rule, "give S3Uri and LocalPath", urn=step.name)


def order_faults(document: Document) -> Iterator[Fault]:
    """Yield what stands in the way of an order: steps that don't exist, cycles, steps of another branch."""
    graph: nx.DiGraph[str] = nx.DiGraph()
    graph.add_nodes_from(document.by_name)
    for step in document.steps:
        for before, where in needs(step).items():
            target = document.by_name.get(before)
            if target is None:
                if ".DependsOn[" in where:
                    yield Fault(where, before, "there is no such step", "name one that there is", urn=step.name)
                continue
            graph.add_edge(before, step.name)
            if step.branch[: len(target.branch)] != target.branch:
                rule = f"{before} runs only in {' of '.join(reversed(target.branch[-1]))}, where this step is not"
                yield Fault(where, before, rule, "refer to a step that always runs before", urn=step.name)
        if step.branch:
            graph.add_edge(step.branch[-1][0], step.name)
    for cycle in nx.simple_cycles(graph):
        way = " -> ".join([*cycle, cycle[0]])
        yield Fault("Steps", way, "steps wait for each other", "take one of these references away", urn=cycle[0])


def size_faults(definition: Mapping[str, Any]) -> Iterator[Fault]:
    """Yield a fault for a definition that is too long for a request."""
    size = len(json.dumps(definition, separators=(",", ":")).encode("utf-8"))
    if size > LARGEST_INLINE:
        rule = f"CreatePipeline takes a definition of at most {LARGEST_INLINE:,} bytes in the request"
        yield Fault("", f"{size:,} bytes", rule, "keep it in S3, and name it by PipelineDefinitionS3Location")
