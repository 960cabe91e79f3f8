"""What a pipeline definition is made of: steps and branches, and what each type of step calls and answers.

Sources: SageMaker developer guide, "Pipelines steps", "Pass data between steps", "Retry policy for pipeline steps",
"Caching pipeline steps"; service model of SageMaker for the calls. The public JSON schema of definitions is older than
the service and refuses good ones, so it is not used.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

Step = Mapping[str, Any]
BRANCHES = ("IfSteps", "ElseSteps")
FUNCTIONS = frozenset({"Get", "Std:Join", "Std:JsonGet"})
STEP_NAME = re.compile(r"[A-Za-z0-9\-_]{1,64}")


@dataclass(frozen=True, slots=True)
class Kind:
    """A type of step: the call it makes, the name that the service gives, and what it answers.

    `answers` are shapes whose members are the step's properties; `extra` are properties beyond them. `free` steps take
    arguments of their own form, which the service model does not know.
    """

    call: str = ""
    named: str = ""
    answers: tuple[str, ...] = ()
    extra: frozenset[str] = field(default_factory=frozenset)
    retries: bool = False
    free: bool = False


_BASELINES = frozenset(
    {
        "CalculatedBaselineConstraints", "CalculatedBaselineStatistics", "BaselineUsedForDriftCheckConstraints",
        "BaselineUsedForDriftCheckStatistics",
    }
)  # fmt: skip
KINDS: Mapping[str, Kind] = {
    "Processing": Kind(
        "CreateProcessingJob", "ProcessingJobName", ("DescribeProcessingJobResponse",), retries=True
    ),
    "Training": Kind("CreateTrainingJob", "TrainingJobName", ("DescribeTrainingJobResponse",), retries=True),
    "Tuning": Kind(
        "CreateHyperParameterTuningJob", "HyperParameterTuningJobName",
        ("DescribeHyperParameterTuningJobResponse", "ListTrainingJobsForHyperParameterTuningJobResponse"), retries=True,
    ),
    "AutoML": Kind(
        "CreateAutoMLJobV2", "AutoMLJobName", ("DescribeAutoMLJobV2Response",),
        frozenset({"BestCandidateProperties"}), retries=True,
    ),
    "Transform": Kind("CreateTransformJob", "TransformJobName", ("DescribeTransformJobResponse",), retries=True),
    "Model": Kind("CreateModel", "ModelName", ("DescribeModelOutput",), retries=True),
    "RegisterModel": Kind("CreateModelPackage", "", ("DescribeModelPackageOutput",), retries=True),
    "EndpointConfig": Kind(
        "CreateEndpointConfig", "EndpointConfigName", ("DescribeEndpointConfigOutput",), retries=True
    ),
    "Endpoint": Kind("CreateEndpoint", "EndpointName", ("DescribeEndpointOutput",)),
    "QualityCheck": Kind("CreateProcessingJob", "ProcessingJobName", (), _BASELINES),
    "ClarifyCheck": Kind("CreateProcessingJob", "ProcessingJobName", (), _BASELINES),
    "Condition": Kind(extra=frozenset({"Outcome"}), free=True),
    "Fail": Kind(free=True),
    "Lambda": Kind(free=True, extra=frozenset({"OutputParameters"})),
    "Callback": Kind(free=True, extra=frozenset({"OutputParameters"})),
    "EMR": Kind(free=True),
    "EMRServerless": Kind(free=True),
    "NotebookJob": Kind(free=True),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Placed:
    """A step where it stands: `path` within the document, and the (condition step, branch) pairs it lies in."""

    step: Step
    path: str
    branch: tuple[tuple[str, str], ...] = ()

    @property
    def name(self) -> str:
        """The step's name, as text whatever was written."""
        return str(self.step.get("Name", ""))

    @property
    def kind(self) -> Kind | None:
        """The step's type, None where it is none that is known."""
        return KINDS.get(str(self.step.get("Type")))

    @property
    def arguments(self) -> Mapping[str, Any]:
        """The step's arguments, empty where they are no object."""
        given = self.step.get("Arguments")
        return given if isinstance(given, Mapping) else {}


def placed(steps: Sequence[Any], path: str = "Steps", branch: tuple[tuple[str, str], ...] = ()) -> Iterator[Placed]:
    """Yield every step, those within the branches of condition steps too; what is no object is left out."""
    for index, step in enumerate(steps):
        if not isinstance(step, Mapping):
            continue
        here = Placed(step, f"{path}[{index}]", branch)
        yield here
        if step.get("Type") == "Condition":
            for name in BRANCHES:
                within = here.arguments.get(name)
                if isinstance(within, list):
                    yield from placed(within, f"{here.path}.Arguments.{name}", (*branch, (here.name, name)))


def is_function(value: Any) -> bool:
    """Whether a value is computed when the pipeline runs: a reference, a join, a look-up in a property file."""
    return isinstance(value, Mapping) and len(value) == 1 and next(iter(value)) in FUNCTIONS


def own_part(step: Placed) -> Any:
    """Return what a step says itself: of a condition step without the steps in its branches."""
    if step.step.get("Type") != "Condition":
        return step.step
    own = {key: value for key, value in step.arguments.items() if key not in BRANCHES}
    return {**step.step, "Arguments": own}


def functions(value: Any, path: str = "") -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield (path, function) of everything that is computed, the parts of joins too."""
    if is_function(value):
        yield path, value
        inner = next(iter(value.values()))
        if not isinstance(inner, str):
            yield from functions(inner, f"{path}.{next(iter(value))}")
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from functions(item, f"{path}.{key}".strip("."))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from functions(item, f"{path}[{index}]")
