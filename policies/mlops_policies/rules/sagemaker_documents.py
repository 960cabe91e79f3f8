"""SageMaker jobs inside documents: the steps of pipelines and the tasks of state machines, control by control."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from mlops_policies.embedded_jobs import MACHINE_DEFINITION, PIPELINE_DEFINITION, Embedded, steps, tasks
from mlops_policies.instances import has_local_storage_only
from mlops_policies.resource import Resource, View
from mlops_policies.rule import Use, resource_rule
from mlops_policies.rules.ml_environments import PIPELINE
from mlops_policies.rules.state_machines import STATE_MACHINE
from mlops_policies.verdicts import Status, Verdict, gathered, not_applicable

_API = "https://docs.aws.amazon.com/sagemaker/latest/APIReference"
_CLARIFY = "sagemaker-clarify-processing"
_SECURITY = ["volume-key", "output-key", "vpc", "isolation", "traffic"]
_ALL = [*_SECURITY, "spot", "runtime"]


@dataclass(frozen=True)
class Form:
    """Where a request has each control; "" where that kind of job does not have it."""

    machine: str = ""
    """What the job runs on: instance types and counts."""
    volume_key: str = ""
    output: str = ""
    """The holder of the output key; where there is none, nothing is put out."""
    vpc: str = ""
    isolation: str = ""
    traffic: str = ""
    spot: str = ""
    runtime: str = ""


def _training(machine: str) -> Form:
    return Form(
        machine, f"{machine}.VolumeKmsKeyId", "OutputDataConfig", "VpcConfig", "EnableNetworkIsolation",
        "EnableInterContainerTrafficEncryption", "EnableManagedSpotTraining", "StoppingCondition.MaxRuntimeInSeconds",
    )  # fmt: skip


def _automl(security: str, runtime: str) -> Form:
    return Form(
        volume_key=f"{security}.VolumeKmsKeyId", output="OutputDataConfig", vpc=f"{security}.VpcConfig",
        traffic=f"{security}.EnableInterContainerTrafficEncryption",
        runtime=f"{runtime}.CompletionCriteria.MaxAutoMLJobRuntimeInSeconds",
    )  # fmt: skip


_TRAINING = _training("ResourceConfig")
_TUNING = _training("HyperParameterTuningResourceConfig")
_FORMS: Mapping[str, Form] = {
    "TrainingJob": _TRAINING,
    "ProcessingJob": Form(
        machine="ProcessingResources.ClusterConfig",
        volume_key="ProcessingResources.ClusterConfig.VolumeKmsKeyId",
        output="ProcessingOutputConfig",
        vpc="NetworkConfig.VpcConfig",
        isolation="NetworkConfig.EnableNetworkIsolation",
        traffic="NetworkConfig.EnableInterContainerTrafficEncryption",
        runtime="StoppingCondition.MaxRuntimeInSeconds",
    ),
    "TransformJob": Form(
        machine="TransformResources", volume_key="TransformResources.VolumeKmsKeyId", output="TransformOutput"
    ),
    "CompilationJob": Form(
        output="OutputConfig", vpc="VpcConfig", runtime="StoppingCondition.MaxRuntimeInSeconds"
    ),
    "Model": Form(vpc="VpcConfig", isolation="EnableNetworkIsolation"),
}  # fmt: skip
_JOBS = frozenset({*_FORMS, "HyperParameterTuningJob", "AutoMLJob", "AutoMLJobV2"})


def _parts(job: Embedded) -> Iterator[tuple[View, Form]]:
    """Yield the parts of a request that have controls, each with where those are. Raises `UnknownValue`."""
    view = job.parameters
    if job.creates == "HyperParameterTuningJob":
        for training in (*view.items("TrainingJobDefinition"), *view.items("TrainingJobDefinitions")):
            yield training, _TUNING if training.present(_TUNING.machine) else _TRAINING
    elif job.creates == "AutoMLJobV2" or view.present("AutoMLProblemTypeConfig"):
        problem = view.get("AutoMLProblemTypeConfig", {})
        kind = next(iter(problem), "")
        yield view, _automl("SecurityConfig", f"AutoMLProblemTypeConfig.{kind}")
    elif job.creates == "AutoMLJob":
        yield view, _automl("AutoMLJobConfig.SecurityConfig", "AutoMLJobConfig")
    else:
        yield view, _FORMS[job.creates]


def _volume_key(view: View, form: Form) -> Iterator[Verdict]:
    """Ask for a volume key, but on local NVMe storage, for which SageMaker refuses one, and of serverless training."""
    if not form.volume_key or view.present(form.volume_key) or view.present("ServerlessJobConfig"):
        return
    types = [str(place.get("InstanceType")) for place in _machines(view, form) if place.present("InstanceType")]
    if not types or not all(has_local_storage_only(kind) for kind in types):
        yield view.requires(form.volume_key)


def _machines(view: View, form: Form) -> list[View]:
    """Return what names instance types and counts: the machine itself, its groups, and what may stand for it."""
    machine = view.part(form.machine) if form.machine else None
    if machine is None:
        return []
    lists = ("InstanceGroups", "InstanceConfigs", "InstancePreferences")
    return [machine, *(item for name in lists for item in machine.items(name))]


def _output_key(view: View, form: Form) -> Iterator[Verdict]:
    if form.output and view.present(form.output):
        yield view.requires(f"{form.output}.KmsKeyId")


def _vpc(view: View, form: Form) -> Iterator[Verdict]:
    if form.vpc:
        yield view.requires(form.vpc)


def _isolation(view: View, form: Form) -> Iterator[Verdict]:
    """Ask for isolation, but of Clarify: it asks the model through a shadow endpoint."""
    if form.isolation and _CLARIFY not in str(view.raw("AppSpecification.ImageUri")):
        yield view.equals(form.isolation, True, default=False)


def _traffic(view: View, form: Form) -> Iterator[Verdict]:
    """Ask for encrypted traffic where there are several instances; AutoML does not say how many it takes."""
    if form.traffic and (not form.machine or view.raw(form.traffic) is True or _has_several(view, form)):
        yield view.equals(form.traffic, True, default=False)


def _has_several(view: View, form: Form) -> bool:
    machines = _machines(view, form)
    groups = [place for place in machines if ".InstanceGroups[" in place.at]
    return len(groups) > 1 or any(place.get("InstanceCount", 1) > 1 for place in machines)


def _spot(view: View, form: Form) -> Iterator[Verdict]:
    """Ask for spot instances with checkpoints; not with reserved, kept or serverless capacity, which has no spot."""
    held = ("ServerlessJobConfig", f"{form.machine}.TrainingPlanArn", f"{form.machine}.KeepAlivePeriodInSeconds")
    if not form.spot or any(view.present(path) for path in held):
        return
    yield view.equals(form.spot, True, default=False)
    if view.raw(form.spot) not in (None, False):
        yield view.requires("CheckpointConfig.S3Uri", "must be given, or an interrupted job starts anew")


def _runtime(view: View, form: Form) -> Iterator[Verdict]:
    if form.runtime:
        yield view.requires(form.runtime)


_CONTROLS: Mapping[str, Callable[[View, Form], Iterator[Verdict]]] = {
    "volume-key": _volume_key,
    "output-key": _output_key,
    "vpc": _vpc,
    "isolation": _isolation,
    "traffic": _traffic,
    "spot": _spot,
    "runtime": _runtime,
}


def _judged(jobs: Iterable[Embedded], controls: list[str]) -> Iterator[Verdict]:
    """Yield the answers for each job and control, with a key of both, so that an exemption hides no other."""
    found = [job for job in jobs if job.creates in _JOBS]
    if not found:
        yield not_applicable("no job of SageMaker's stands in it")
    for job in found:
        for control in controls:
            for answer in gathered(_answers(job, control)):
                if answer.status is Status.UNKNOWN:
                    yield replace(answer, message=f"{answer.path} is set by each execution")
                elif answer.status is Status.FAIL:
                    yield replace(answer, message=f"{job.name}: {answer.message}", key=f"{job.name}:{control}")


def _answers(job: Embedded, control: str) -> Iterator[Verdict]:
    for view, form in _parts(job):
        yield from _CONTROLS[control](view, form)


def _elsewhere(it: Resource, path: str) -> Verdict:
    """Return what is to be said of a definition that is not given as text."""
    if not it.present(path):
        return not_applicable("it has no definition")
    return Verdict(Status.UNKNOWN, f"{it.path(path)} names a definition that can't be read here", it.path(path))


def _setting(name: str, default: list[str]) -> dict[str, dict[str, Any]]:
    return {
        name: {
            "type": "array",
            "items": {"enum": _ALL},
            "default": default,
            "description": "What is asked of each job, where its kind has it: " + ", ".join(_ALL) + ".",
        }
    }


@resource_rule(
    "sm-embedded-job-controls",
    on=[STATE_MACHINE],
    title="SageMaker jobs that state machines start are encrypted, isolated and in a VPC of one's own.",
    severity="high",
    level="advisory",
    why="A job that a state machine starts is no resource of the stack: no rule about jobs ever sees it.",
    fix="Put keys, VPC, isolation and traffic encryption into the task's parameters",
    source=(
        "https://docs.aws.amazon.com/step-functions/latest/dg/connect-sagemaker.html",
        f"{_API}/API_CreateTrainingJob.html",
        f"{_API}/API_CreateProcessingJob.html",
    ),
    settings=_setting("state_machine_controls", _SECURITY),
)
def embedded_job_controls(it: Resource, use: Use) -> Iterator[Verdict]:
    """Tasks of the optimised integration and of the SDK's, in branches and maps too. A parameter that an execution
    brings (a key that ends in ``.$``, a JSONata text) is given; where its value decides, the control is not evaluated.
    Traffic is asked about only of jobs with several instances, isolation not of Clarify.
    """
    if it.present(MACHINE_DEFINITION):
        yield from _judged(tasks(it), use["state_machine_controls"])
    else:
        yield _elsewhere(it, "definitionS3Location")


@resource_rule(
    "sm-pipeline-step-controls",
    on=[PIPELINE],
    title="Jobs of pipelines are encrypted, isolated, in a VPC of one's own, on spot instances and bounded in time.",
    severity="high",
    level="advisory",
    why="A step's job is no resource of the stack: no rule about jobs ever sees it, though it is where most training "
    "happens.",
    fix="Set the controls in the SDK's step, before the definition is rendered",
    source=(
        "https://docs.aws.amazon.com/sagemaker/latest/dg/build-and-manage-steps.html",
        f"{_API}/API_CreateTrainingJob.html",
        f"{_API}/API_CreateProcessingJob.html",
    ),
    settings=_setting("pipeline_controls", _ALL),
)
def pipeline_step_controls(it: Resource, use: Use) -> Iterator[Verdict]:
    """Every step that starts a job or makes a model, those in the branches of conditions too. A parameter of the
    pipeline is given; where its value decides, the control is not evaluated, since each execution sets it anew.
    A runtime that is not bounded is a day (training), which nobody chose. Clarify can't be isolated.
    """
    if it.present(PIPELINE_DEFINITION):
        yield from _judged(steps(it), use["pipeline_controls"])
    else:
        yield _elsewhere(it, "pipelineDefinitionS3Location")
