"""What machines may be used, and how long they run idle: accelerators, generations, Studio, notebooks."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any

from mlops_policies.images import TRAINING_JOB
from mlops_policies.instances import PREVIOUS, family, is_accelerated
from mlops_policies.ml_serving import ENDPOINT_CONFIG
from mlops_policies.resource import Resource, View
from mlops_policies.rule import Use, resource_rule
from mlops_policies.rules.ml_serving_hygiene import variants
from mlops_policies.rules.ml_studio import DOMAIN, USER_PROFILE
from mlops_policies.rules.sagemaker_jobs import PROCESSING_JOB, TUNING_JOB
from mlops_policies.rules.sagemaker_notebooks import NOTEBOOK
from mlops_policies.verdicts import Verdict, each

APP = "aws:sagemaker/app:App"
_TYPES = "https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_ResourceConfig.html"
_PREVIOUS = "https://aws.amazon.com/ec2/previous-generation/"
_PATTERNS: Mapping[str, Any] = {"type": "array", "items": {"type": "string"}, "default": []}
_APPS = ("jupyterLabAppSettings", "codeEditorAppSettings")


def _machines(it: Resource) -> list[View]:
    """Return what of a resource may hold an `instanceType`. Raises `UnknownValue`."""
    if it.type == ENDPOINT_CONFIG:
        return [view for variant in variants(it) for view in (variant, *variant.items("instancePools"))]
    if it.type == TRAINING_JOB:
        return _trained(it, "resourceConfig")
    if it.type == TUNING_JOB:
        jobs = [*it.items("trainingJobDefinition"), *it.items("trainingJobDefinitions")]
        names = ("resourceConfig", "hyperParameterTuningResourceConfig")
        return [view for job in jobs for name in names for view in _trained(job, name)]
    part = {PROCESSING_JOB: "processingResources.clusterConfig", APP: "resourceSpec"}.get(it.type)
    return [it] if part is None else it.items(part)


def _trained(job: View, name: str) -> list[View]:
    found = job.items(name)
    return [
        *found,
        *(view for one in found for path in ("instanceGroups", "instanceConfigs") for view in one.items(path)),
    ]


def _each_machine(it: Resource, judge: Callable[[View], Verdict]) -> Iterator[Verdict]:
    """Yield a verdict on each instance type of a resource; none where it names none."""
    yield from each(_machines(it), lambda view: [judge(view)] if view.present("instanceType") else [])


def _is_listed(instance_type: str, patterns: Sequence[str]) -> bool:
    return any(fnmatchcase(instance_type, pattern) for pattern in patterns)


@resource_rule(
    "ml-dev-gpu-forbidden",
    on=[ENDPOINT_CONFIG, TRAINING_JOB, TUNING_JOB, PROCESSING_JOB, NOTEBOOK, APP],
    title="Development runs without accelerators, but for those allowed.",
    severity="medium",
    level="mandatory",
    category="cost",
    why="An accelerated instance costs ten times a plain one and more, and in development it is idle most of the time.",
    fix="Use a CPU type in development, or have the type allowed",
    source=_TYPES,
    only=["dev"],
    settings={
        "gpu_allow_list": {
            **_PATTERNS,
            "description": "Accelerated instance types that development may use; patterns such as ml.g4dn.* too.",
        }
    },
)
def dev_without_gpu(it: Resource, use: Use) -> Iterator[Verdict]:
    """Trainium and Inferentia are accelerators too. Shadow variants, instance groups and pools are asked as well."""
    allowed = use["gpu_allow_list"]
    must = "must have no accelerator"
    yield from _each_machine(
        it,
        lambda view: view.holds(
            "instanceType", lambda name: not is_accelerated(name) or _is_listed(name, allowed), must
        ),
    )


@resource_rule(
    "ml-instance-type-allow-list",
    on=[ENDPOINT_CONFIG, TRAINING_JOB, TUNING_JOB, PROCESSING_JOB],
    title="Instances are of a current generation, and of those allowed.",
    severity="low",
    level="advisory",
    category="cost",
    why="Previous generations cost more for the same work, and AWS takes them out of service.",
    fix="Move to a current family",
    source=(_PREVIOUS, _TYPES),
    settings={
        "allowed_instance_types": {
            **_PATTERNS,
            "description": "Instance types that are allowed; patterns such as ml.m7i.* too. None listed allows all of "
            "a current generation.",
        }
    },
)
def allowed_types(it: Resource, use: Use) -> Iterator[Verdict]:
    """A type that is listed is allowed, whatever its generation."""
    allowed = use["allowed_instance_types"]
    if allowed:
        test, must = (lambda name: _is_listed(name, allowed)), "must be one of those allowed"
    else:
        test, must = _is_current, "must be of a current generation"
    yield from _each_machine(it, lambda view: view.holds("instanceType", test, must))


def _is_current(instance_type: str) -> bool:
    return family(instance_type) not in PREVIOUS


@resource_rule(
    "ml-studio-idle-shutdown",
    on=[DOMAIN, USER_PROFILE],
    title="Studio shuts idle applications down.",
    severity="medium",
    level="mandatory",
    category="cost",
    why="An application that its user has left runs, and is paid for, over the weekend.",
    fix="Enable idleSettings in the domain's defaults, with a timeout within the limit",
    source="https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_IdleSettings.html",
    settings={
        "max_idle_minutes": {
            "type": "integer",
            "minimum": 60,
            "default": 120,
            "description": "The longest time in minutes that an application may be idle.",
        }
    },
)
def studio_idle_shutdown(it: Resource, use: Use) -> Iterator[Verdict]:
    """JupyterLab is asked of every domain, the code editor where the domain says something of it. A user profile is
    asked only for what it sets itself, since that overrides the domain."""
    holder = "defaultUserSettings" if it.type == DOMAIN else "userSettings"
    for app in _APPS:
        idle = f"{holder}.{app}.appLifecycleManagement.idleSettings"
        asked = it.present(f"{holder}.{app}") if it.type == DOMAIN else it.present(idle)
        if asked or (it.type == DOMAIN and app == _APPS[0]):
            yield from _shuts_down(it, idle, use["max_idle_minutes"])


def _shuts_down(it: Resource, idle: str, most: int) -> Iterator[Verdict]:
    yield it.equals(f"{idle}.lifecycleManagement", "ENABLED", default="DISABLED")
    yield it.holds(f"{idle}.idleTimeoutInMinutes", lambda minutes: minutes <= most, f"must be at most {most}")


@resource_rule(
    "ml-notebook-idle-stop",
    on=[NOTEBOOK],
    title="Notebook instances have a lifecycle configuration, which can stop them when idle.",
    severity="low",
    level="advisory",
    category="cost",
    why="A notebook instance runs, and is paid for, until somebody stops it.",
    fix="Attach a lifecycle configuration that stops the instance when it is idle",
    source="https://docs.aws.amazon.com/sagemaker/latest/dg/notebook-lifecycle-config.html",
)
def notebook_idle_stop(it: Resource, use: Use) -> Iterator[Verdict]:
    """Notebook instances have no idle setting of their own. What the script does is not asked."""
    yield it.requires("lifecycleConfigName")
