"""Jobs that monitor models: isolation, encrypted traffic, keys; in their definitions and in schedules."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from mlops_policies.instances import has_local_storage_only
from mlops_policies.ml_alarms import MONITORING_SCHEDULE
from mlops_policies.monitor_jobs import (
    BIAS,
    DATA_QUALITY,
    EXPLAINABILITY,
    MODEL_QUALITY,
    NAMED,
    Job,
    job_of,
    jobs_of,
)
from mlops_policies.resource import Resource
from mlops_policies.rule import Use, resource_rule, stack_rule
from mlops_policies.stack import Stack
from mlops_policies.verdicts import Status, Verdict, each, not_applicable

_API = "https://docs.aws.amazon.com/sagemaker/latest/APIReference"
_CONTROLS = "https://docs.aws.amazon.com/securityhub/latest/userguide/sagemaker-controls.html"
_NETWORK = f"{_API}/API_MonitoringNetworkConfig.html"
_CLARIFY_VPC = "https://docs.aws.amazon.com/sagemaker/latest/dg/clarify-vpc.html"
_ISOLATION = "networkConfig.enableNetworkIsolation"
_TRAFFIC = "networkConfig.enableInterContainerTrafficEncryption"
_WHY_ISOLATION = (
    "The job reads captured requests and labels; a container that can call out, such as one with a changed library, "
    "can send them anywhere."
)
_WHY_TRAFFIC = "What the job's instances send one another are captured requests and labels, readable on their way."
_WHY_KEY = "Reports and volumes quote captured requests; under AWS's own key nobody here decides who reads them."


def _isolated(job: Job) -> Iterator[Verdict]:
    """Ask for isolation; of a job that explains, for a VPC of one's own instead."""
    if job.type == "ModelExplainability":
        if not job.view.present("networkConfig.vpcConfig"):
            must = "must be true, or vpcConfig must be given"
            yield job.view.holds(_ISOLATION, lambda value: value is True, must, default=False)
    else:
        yield job.view.equals(_ISOLATION, True, default=False)


def _encrypts_traffic(job: Job) -> Iterator[Verdict]:
    """Ask for encrypted traffic; of a job that measures bias, only where it has several instances."""
    several = job.type != "ModelBias" or job.view.raw(_TRAFFIC) is True or _instances(job) > 1
    if not several:
        yield not_applicable("it runs on one instance")
        return
    yield job.view.equals(_TRAFFIC, True, default=False)


def _instances(job: Job) -> int:
    return int(job.view.get(f"{job.resources}.clusterConfig.instanceCount", 1))


def _has_output_key(job: Job) -> Iterator[Verdict]:
    yield job.view.requires(f"{job.output}.kmsKeyId")


def _scheduled(it: Resource, stack: Stack, check: Callable[[Job], Iterable[Verdict]]) -> Iterator[Verdict]:
    """Yield a check's answers for the jobs that a schedule runs; a fault of a named definition stands at its name."""
    found = jobs_of(it, stack)
    if not found:
        yield not_applicable("the job that it runs is not defined in this stack")
    for job in found:
        for answer in each([job], check):
            if answer.status is Status.FAIL and not job.is_inline:
                yield it.fails(NAMED, f"names {job.view.resource.name}, where {answer.message}")
            else:
                yield answer


@resource_rule(
    "sm-dataquality-traffic-encryption",
    on=[DATA_QUALITY],
    title="Jobs that monitor data quality encrypt traffic between their instances.",
    severity="medium",
    level="mandatory",
    why=_WHY_TRAFFIC,
    fix="Replace the job definition by one with enableInterContainerTrafficEncryption",
    source=(_NETWORK, f"{_CONTROLS}#sagemaker-9"),
)
def dataquality_traffic(it: Resource, use: Use) -> Iterator[Verdict]:
    """Absent is off. Asked of jobs on one instance too, as Security Hub does: it costs them nothing, and is there when
    a second instance is added.
    """
    yield from _encrypts_traffic(job_of(it))


@resource_rule(
    "sm-dataquality-network-isolation",
    on=[DATA_QUALITY],
    title="Jobs that monitor data quality are cut off from the network.",
    severity="medium",
    level="mandatory",
    why=_WHY_ISOLATION,
    fix="Replace the job definition by one with enableNetworkIsolation",
    source=(_NETWORK, f"{_CONTROLS}#sagemaker-11"),
)
def dataquality_isolation(it: Resource, use: Use) -> Iterator[Verdict]:
    """Absent is off. SageMaker itself fetches the data and stores the reports: the container needs no network."""
    yield from _isolated(job_of(it))


@resource_rule(
    "sm-dataquality-output-kms",
    on=[DATA_QUALITY],
    title="Reports on data quality are encrypted with a key of one's own.",
    severity="medium",
    level="mandatory",
    why=_WHY_KEY,
    fix="Set kmsKeyId in the output configuration",
    source=f"{_API}/API_MonitoringOutputConfig.html",
)
def dataquality_output_key(it: Resource, use: Use) -> Iterator[Verdict]:
    """Other kinds of monitors are asked by `sm-monitoring-output-kms`."""
    yield from _has_output_key(job_of(it))


@resource_rule(
    "sm-dataquality-volume-kms",
    on=[DATA_QUALITY],
    title="Jobs that monitor data quality encrypt their volumes with a key of one's own.",
    severity="medium",
    level="mandatory",
    why=_WHY_KEY,
    fix="Set volumeKmsKeyId in the cluster configuration",
    source=(f"{_API}/API_MonitoringClusterConfig.html", f"{_API}/API_ProcessingClusterConfig.html"),
)
def dataquality_volume_key(it: Resource, use: Use) -> Iterator[Verdict]:
    """Not on instances with local NVMe storage, for which the processing job that a monitor is takes no key."""
    cluster = "jobResources.clusterConfig"
    if it.present(f"{cluster}.volumeKmsKeyId"):
        return
    if has_local_storage_only(it.get(f"{cluster}.instanceType", "")):
        yield not_applicable("its instance has local storage only")
        return
    yield it.requires(f"{cluster}.volumeKmsKeyId")


@resource_rule(
    "sm-modelquality-traffic-encryption",
    on=[MODEL_QUALITY],
    title="Jobs that monitor model quality encrypt traffic between their instances.",
    severity="medium",
    level="mandatory",
    why=_WHY_TRAFFIC,
    fix="Replace the job definition by one with enableInterContainerTrafficEncryption",
    source=(_NETWORK, f"{_CONTROLS}#sagemaker-13"),
)
def modelquality_traffic(it: Resource, use: Use) -> Iterator[Verdict]:
    """Absent is off. Asked of jobs on one instance too, as Security Hub does."""
    yield from _encrypts_traffic(job_of(it))


@resource_rule(
    "sm-modelquality-network-isolation",
    on=[MODEL_QUALITY],
    title="Jobs that monitor model quality are cut off from the network.",
    severity="high",
    level="mandatory",
    why=_WHY_ISOLATION,
    fix="Replace the job definition by one with enableNetworkIsolation",
    source=(_NETWORK, f"{_CONTROLS}#sagemaker-25"),
)
def modelquality_isolation(it: Resource, use: Use) -> Iterator[Verdict]:
    """Absent is off. SageMaker itself fetches the data and labels."""
    yield from _isolated(job_of(it))


@resource_rule(
    "sm-modelbias-traffic-encryption",
    on=[BIAS],
    title="Jobs that monitor bias encrypt traffic between their instances.",
    severity="medium",
    level="mandatory",
    why=_WHY_TRAFFIC,
    fix="Replace the job definition by one with enableInterContainerTrafficEncryption",
    source=(_NETWORK, f"{_CONTROLS}#sagemaker-15"),
)
def modelbias_traffic(it: Resource, use: Use) -> Iterator[Verdict]:
    """Asked of jobs with several instances only, as Security Hub does. Absent is off; an absent count is one."""
    yield from _encrypts_traffic(job_of(it))


@resource_rule(
    "sm-modelbias-network-isolation",
    on=[BIAS],
    title="Jobs that monitor bias are cut off from the network.",
    severity="medium",
    level="mandatory",
    why=_WHY_ISOLATION,
    fix="Replace the job definition by one with enableNetworkIsolation",
    source=(_NETWORK, f"{_CONTROLS}#sagemaker-12"),
)
def modelbias_isolation(it: Resource, use: Use) -> Iterator[Verdict]:
    """Absent is off. A bias monitor reads predictions that were captured, so unlike an explainability monitor it asks
    no model, and can be isolated although Clarify is what runs.
    """
    yield from _isolated(job_of(it))


@resource_rule(
    "sm-modelexplainability-traffic-encryption",
    on=[EXPLAINABILITY],
    title="Jobs that monitor explanations encrypt traffic between their instances.",
    severity="medium",
    level="mandatory",
    why=_WHY_TRAFFIC,
    fix="Replace the job definition by one with enableInterContainerTrafficEncryption",
    source=(_NETWORK, f"{_CONTROLS}#sagemaker-10"),
)
def explainability_traffic(it: Resource, use: Use) -> Iterator[Verdict]:
    """Absent is off. Asked of jobs on one instance too, as Security Hub does."""
    yield from _encrypts_traffic(job_of(it))


@resource_rule(
    "sm-modelexplainability-network-isolation",
    on=[EXPLAINABILITY],
    title="Jobs that monitor explanations are confined to a VPC of one's own, or cut off from the network.",
    severity="high",
    level="mandatory",
    why=_WHY_ISOLATION,
    fix="Replace the job definition by one with vpcConfig, or with enableNetworkIsolation where no model is asked",
    source=(_CLARIFY_VPC, f"{_CONTROLS}#sagemaker-20"),
)
def explainability_isolation(it: Resource, use: Use) -> Iterator[Verdict]:
    """Clarify explains by asking the model, through a shadow endpoint that it makes: its guide says to leave isolation
    off, and to give the job a VPC with endpoints for SageMaker and S3. Security Hub (SageMaker.20) asks for isolation
    all the same, with which the job can't reach the model; a VPC of one's own is what can be had, so it passes here.
    """
    yield from _isolated(job_of(it))


@stack_rule(
    "sm-monitoring-network-isolation",
    on=[MONITORING_SCHEDULE],
    title="Scheduled monitors are cut off from the network.",
    severity="medium",
    level="mandatory",
    why=_WHY_ISOLATION,
    fix="Turn isolation on in the job definition that the schedule runs",
    source=(_NETWORK, f"{_CONTROLS}#sagemaker-14"),
)
def schedule_isolation(it: Resource, stack: Stack, use: Use) -> Iterator[Verdict]:
    """An inline definition is judged here, a named one of this stack as by the rule for its kind: one that explains
    passes with a VPC of one's own, see `sm-modelexplainability-network-isolation`.
    """
    yield from _scheduled(it, stack, _isolated)


@stack_rule(
    "sm-monitoring-traffic-encryption",
    on=[MONITORING_SCHEDULE],
    title="Scheduled monitors encrypt traffic between their instances.",
    severity="medium",
    level="mandatory",
    why=_WHY_TRAFFIC,
    fix="Turn traffic encryption on in the job definition that the schedule runs",
    source=(_NETWORK, f"{_CONTROLS}#sagemaker-22"),
)
def schedule_traffic(it: Resource, stack: Stack, use: Use) -> Iterator[Verdict]:
    """An inline definition is judged here, a named one of this stack as by the rule for its kind."""
    yield from _scheduled(it, stack, _encrypts_traffic)


@stack_rule(
    "sm-monitoring-output-kms",
    on=[MONITORING_SCHEDULE],
    title="Reports of scheduled monitors are encrypted with a key of one's own.",
    severity="medium",
    level="advisory",
    why=_WHY_KEY,
    fix="Set kmsKeyId in the output configuration of the job definition that the schedule runs",
    source=f"{_API}/API_MonitoringOutputConfig.html",
)
def schedule_output_key(it: Resource, stack: Stack, use: Use) -> Iterator[Verdict]:
    """Named definitions of this stack count too, whatever they monitor: no other rule asks those for bias, explanations
    and model quality.
    """
    yield from _scheduled(it, stack, _has_output_key)
