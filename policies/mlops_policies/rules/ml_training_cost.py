"""What training may cost: managed spot, with checkpoints and time enough; bounds on time, and on tuning."""

from __future__ import annotations

from collections.abc import Iterator

from mlops_policies.images import TRAINING_JOB
from mlops_policies.resource import Resource, View
from mlops_policies.rule import Use, resource_rule
from mlops_policies.rules.sagemaker_jobs import PROCESSING_JOB, TUNING_JOB
from mlops_policies.values import UnknownValue, is_unknown
from mlops_policies.verdicts import Verdict, each, not_applicable

_SPOT = "https://docs.aws.amazon.com/sagemaker/latest/dg/model-managed-spot-training.html"
_STOPPING = "https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_StoppingCondition.html"
_TAGS = "tags"
_ONE_DAY = 24 * 60 * 60
"""How long a job may run where nothing is said (API, StoppingCondition)."""
_RUNTIME, _WAIT = "stoppingCondition.maxRuntimeInSeconds", "stoppingCondition.maxWaitTimeInSeconds"
_BUSY = ("resourceConfig.keepAlivePeriodInSeconds", "resourceConfig.trainingPlanArn", "serverlessJobConfig")
"""What can't be on spot capacity: warm pools, capacity reserved by a training plan, jobs without instances."""


def _jobs(it: Resource) -> list[View]:
    """Return the training jobs that a resource is, or that it starts as a tuning job. Raises `UnknownValue`."""
    return (
        [it] if it.type == TRAINING_JOB else [*it.items("trainingJobDefinition"), *it.items("trainingJobDefinitions")]
    )


@resource_rule(
    "ml-training-managed-spot",
    on=[TRAINING_JOB, TUNING_JOB],
    title="Training that can wait uses managed spot capacity.",
    severity="low",
    level="advisory",
    category="cost",
    why="Spot capacity costs up to 90 percent less, and training that is interrupted goes on from its checkpoint.",
    fix="Set enableManagedSpotTraining to true, or tag the job as urgent",
    source=(_SPOT, "https://docs.aws.amazon.com/sagemaker/latest/dg/train-warm-pools.html"),
    settings={
        "urgent_tag": {
            "type": "string",
            "default": "urgent",
            "description": "The tag by which a job says that it can't wait: with the value true.",
        }
    },
)
def managed_spot(it: Resource, use: Use) -> Iterator[Verdict]:
    """Off where nothing is said. Not for what can't be on spot capacity: jobs in warm pools, on a training plan, or
    serverless."""
    urgent = it.tags().get(use["urgent_tag"])
    if is_unknown(urgent):
        raise UnknownValue(it.path(_TAGS))
    if str(urgent).lower() == "true":
        yield not_applicable("its tags say that it can't wait")
        return
    yield from each(_jobs(it), _on_spot)


def _on_spot(job: View) -> Iterator[Verdict]:
    if any(job.raw(path) for path in _BUSY):
        yield not_applicable("its capacity can't be spot capacity")
    else:
        yield job.equals("enableManagedSpotTraining", True, default=False)


@resource_rule(
    "ml-spot-needs-checkpoint",
    on=[TRAINING_JOB, TUNING_JOB],
    title="Training on spot capacity writes checkpoints.",
    severity="medium",
    level="mandatory",
    category="reliability",
    why="Spot capacity can be taken away at any time; without a checkpoint the job starts all over.",
    fix="Add checkpointConfig with an s3Uri",
    source=_SPOT,
)
def spot_checkpoint(it: Resource, use: Use) -> Iterator[Verdict]:
    """Each definition of a tuning job is asked by itself."""
    yield from each(_jobs(it), _checkpointed)


def _checkpointed(job: View) -> Iterator[Verdict]:
    if job.get("enableManagedSpotTraining", False):
        yield job.requires("checkpointConfig.s3Uri")
    else:
        yield not_applicable("it is not on spot capacity")


@resource_rule(
    "ml-spot-wait-covers-runtime",
    on=[TRAINING_JOB, TUNING_JOB],
    title="Training on spot capacity may wait at least as long as it may run.",
    severity="low",
    level="mandatory",
    category="reliability",
    why="The waiting time includes the running time: SageMaker refuses a shorter one.",
    fix="Raise maxWaitTimeInSeconds to at least maxRuntimeInSeconds",
    source=_STOPPING,
)
def spot_wait(it: Resource, use: Use) -> Iterator[Verdict]:
    """A job that says nothing of its running time may run a day."""
    yield from each(_jobs(it), _waits)


def _waits(job: View) -> Iterator[Verdict]:
    if not job.get("enableManagedSpotTraining", False):
        yield not_applicable("it is not on spot capacity")
        return
    runtime = job.get(_RUNTIME, _ONE_DAY)
    yield job.holds(
        _WAIT, lambda seconds: seconds >= runtime, f"must be at least {runtime}, the running time", default=0
    )


@resource_rule(
    "ml-training-runtime-bounded",
    on=[TRAINING_JOB, TUNING_JOB, PROCESSING_JOB],
    title="Jobs stop in time.",
    severity="medium",
    level="mandatory",
    category="cost",
    why="A job that hangs is paid for until its limit ends it.",
    fix="Set maxRuntimeInSeconds within the ceiling",
    source=(
        _STOPPING,
        "https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_ProcessingStoppingCondition.html",
    ),
    settings={
        "max_runtime_seconds": {
            "type": "integer",
            "minimum": 1,
            "default": _ONE_DAY,
            "description": "The longest time in seconds that a training or processing job may run.",
        }
    },
)
def runtime_bounded(it: Resource, use: Use) -> Iterator[Verdict]:
    """A job that says nothing may run a day, and is judged by that. Processing jobs are asked too."""
    most = use["max_runtime_seconds"]

    def bounded(job: View) -> Iterator[Verdict]:
        yield job.holds(_RUNTIME, lambda seconds: seconds <= most, f"must be at most {most}", default=_ONE_DAY)

    yield from each([it] if it.type == PROCESSING_JOB else _jobs(it), bounded)


@resource_rule(
    "ml-tuning-budget-bounded",
    on=[TUNING_JOB],
    title="Tuning jobs are bounded, and stop bad trials early.",
    severity="medium",
    level="advisory",
    category="cost",
    why="A tuning job pays for each of its training jobs, those without a chance included.",
    fix="Lower the limits in resourceLimits, and set trainingJobEarlyStoppingType to Auto",
    source=(
        "https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_ResourceLimits.html",
        "https://docs.aws.amazon.com/sagemaker/latest/dg/automatic-model-tuning-early-stopping.html",
    ),
    settings={
        "max_training_jobs": {
            "type": "integer",
            "minimum": 1,
            "default": 100,
            "description": "The largest number of training jobs of a tuning job.",
        },
        "max_parallel_jobs": {
            "type": "integer",
            "minimum": 1,
            "default": 10,
            "description": "The largest number of training jobs of a tuning job at the same time.",
        },
    },
)
def tuning_budget(it: Resource, use: Use) -> Iterator[Verdict]:
    """Hyperband stops trials itself: AWS refuses early stopping beside it."""
    yield _at_most(it, "maxNumberOfTrainingJobs", use["max_training_jobs"])
    yield _at_most(it, "maxParallelTrainingJobs", use["max_parallel_jobs"])
    if it.get("config.strategy") != "Hyperband":
        yield it.equals("config.trainingJobEarlyStoppingType", "Auto", default="Off")


def _at_most(it: Resource, limit: str, most: int) -> Verdict:
    return it.holds(f"config.resourceLimits.{limit}", lambda jobs: jobs <= most, f"must be at most {most}")
