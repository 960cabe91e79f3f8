"""Endpoint configurations and jobs: access into containers, dumps, pinned machines, names, notices, silicon."""

from __future__ import annotations

import re
from collections.abc import Iterator

from mlops_policies.images import TRAINING_JOB, is_given
from mlops_policies.instances import family, is_accelerated
from mlops_policies.resource import Resource, View
from mlops_policies.rule import Use, resource_rule
from mlops_policies.values import is_absent
from mlops_policies.verdicts import PASS, Verdict, each, not_applicable

ENDPOINT_CONFIG = "aws:sagemaker/endpointConfiguration:EndpointConfiguration"

_API = "https://docs.aws.amazon.com/sagemaker/latest/APIReference"
_GPU = re.compile(r"^[pg]\d")


def variants(it: Resource) -> list[View]:
    """Return the production and shadow variants of an endpoint configuration. Raises `UnknownValue`."""
    return [*it.items("productionVariants"), *it.items("shadowProductionVariants")]


def instance_types(variant: View) -> list[tuple[View, str]]:
    """Return (view, type) of a variant's instances, those of its pools included. Raises `UnknownValue`."""
    places = [variant, *variant.items("instancePools")]
    return [(view, str(view.get("instanceType"))) for view in places if view.present("instanceType")]


@resource_rule(
    "ml-no-ssm-into-prod-containers",
    on=[ENDPOINT_CONFIG],
    only=["prod"],
    title="Nobody opens a session into containers that serve in production.",
    severity="high",
    level="mandatory",
    why="A session in a serving container can read requests and change what it answers, past every review.",
    fix="Remove enableSsmAccess, and debug on a copy of the endpoint outside production",
    source="https://docs.aws.amazon.com/sagemaker/latest/dg/ssm-access.html",
)
def no_ssm(it: Resource, use: Use) -> Iterator[Verdict]:
    """Shadow variants count: they see the same requests. Absent is off (ProductionVariant)."""
    yield from each(variants(it), lambda view: [view.equals("enableSsmAccess", False, default=False)])


@resource_rule(
    "ml-no-remote-debug-in-prod",
    on=[TRAINING_JOB],
    only=["prod"],
    title="Training jobs in production can't be entered by remote debugging.",
    severity="medium",
    level="mandatory",
    why="A session in a training container reads the training data with the job's rights, whoever opened it.",
    fix="Remove remoteDebugConfig",
    source=f"{_API}/API_RemoteDebugConfig.html",
)
def no_remote_debug(it: Resource, use: Use) -> Iterator[Verdict]:
    """Absent is off."""
    yield it.equals("remoteDebugConfig.enableRemoteDebug", False, default=False)


@resource_rule(
    "ml-coredump-encrypted",
    on=[ENDPOINT_CONFIG],
    title="Core dumps are encrypted with a key of one's own.",
    severity="medium",
    level="mandatory",
    why="A core dump holds whatever was in memory: requests, and the model itself.",
    fix="Set coreDumpConfig.kmsKeyId, or take no core dumps",
    source=f"{_API}/API_ProductionVariantCoreDumpConfig.html",
)
def coredump_encrypted(it: Resource, use: Use) -> Iterator[Verdict]:
    """Without a key SageMaker takes the account's default key for S3, which everybody of the account may use."""
    dumping = [view for view in variants(it) if is_given(view, "coreDumpConfig")]
    if not dumping:
        yield not_applicable("it takes no core dumps")
    yield from each(dumping, lambda view: [view.requires("coreDumpConfig.kmsKeyId")])


@resource_rule(
    "ml-inference-ami-pinned",
    on=[ENDPOINT_CONFIG],
    only=["prod"],
    title="Accelerated variants pin the version of their machine image.",
    severity="low",
    level="advisory",
    category="reliability",
    why="Driver and CUDA versions come with the machine image: a new default can break a container that worked.",
    fix="Set inferenceAmiVersion to the version that the container was tested with",
    source=f"{_API}/API_ProductionVariant.html",
)
def ami_pinned(it: Resource, use: Use) -> Iterator[Verdict]:
    """GPU, Trainium and Inferentia: AWS offers versions for all of them."""
    answers = list(each(variants(it), _ami))
    yield from answers
    if not answers:
        yield not_applicable("no variant has an accelerator")


def _ami(variant: View) -> Iterator[Verdict]:
    if any(is_accelerated(kind) for _, kind in instance_types(variant)):
        yield variant.requires("inferenceAmiVersion")


@resource_rule(
    "ml-endpointconfig-replaceable-name",
    on=[ENDPOINT_CONFIG],
    title="Endpoint configurations have no fixed name.",
    severity="medium",
    level="advisory",
    category="reliability",
    why="Each change replaces a configuration: with a fixed name the new one collides with the one that is live, or "
    "the live one is deleted first.",
    fix="Drop name, or use namePrefix",
    source="https://www.pulumi.com/registry/packages/aws/api-docs/sagemaker/endpointconfiguration/",
)
def replaceable_name(it: Resource, use: Use) -> Iterator[Verdict]:
    """Pulumi's own names, made of the resource's name and seven hexadecimal digits, are seen here too and are not
    fixed. A name that is unknown until the update is: what it is made of can't be seen.
    """
    name = it.raw("name")
    if not is_absent(name) and not re.fullmatch(rf"{re.escape(it.name)}-[0-9a-f]{{7}}", str(name)):
        yield it.fails("name", "is fixed; each change replaces the configuration")


@resource_rule(
    "ml-async-failure-notified",
    on=[ENDPOINT_CONFIG],
    title="Asynchronous endpoints report failures and encrypt their answers.",
    severity="medium",
    level="mandatory",
    category="reliability",
    why="Nobody waits for an asynchronous answer: without a topic a request that fails is never missed.",
    fix="Set notificationConfig.errorTopic and kmsKeyId in the output configuration",
    source=f"{_API}/API_AsyncInferenceNotificationConfig.html",
)
def async_failure_notified(it: Resource, use: Use) -> Iterator[Verdict]:
    """The key is for the answers in S3 (AsyncInferenceOutputConfig)."""
    if not it.present("asyncInferenceConfig"):
        yield not_applicable("it answers at once")
        return
    yield it.requires("asyncInferenceConfig.outputConfig.notificationConfig.errorTopic")
    yield it.requires("asyncInferenceConfig.outputConfig.kmsKeyId")


@resource_rule(
    "ml-efficient-silicon-advice",
    on=[ENDPOINT_CONFIG],
    title="Inference on GPUs was compared with Inferentia and Graviton.",
    severity="low",
    level="advisory",
    category="sustainability",
    why="Many models answer as fast on Inferentia or Graviton, for less energy and less money.",
    fix="Benchmark ml.inf2, or a Graviton family for models that need no accelerator; then list the family that won",
    source=(
        "https://docs.aws.amazon.com/sagemaker/latest/dg/inference-cost-optimization.html",
        "https://docs.aws.amazon.com/sagemaker/latest/dg/realtime-endpoints-graviton.html",
    ),
    settings={
        "compared_families": {
            "type": "array",
            "items": {"type": "string"},
            "default": [],
            "description": "Families of GPU instances that were compared and chosen, such as g5.",
        }
    },
)
def efficient_silicon(it: Resource, use: Use) -> Iterator[Verdict]:
    """Trainium and Inferentia are what is advised, so only GPU families are told of."""

    def check(variant: View) -> Iterator[Verdict]:
        for view, kind in instance_types(variant):
            if _GPU.match(family(kind)) and family(kind) not in use["compared_families"]:
                yield view.fails("instanceType", f"is {kind}, a GPU", key=family(kind))
            else:
                yield PASS

    answers = list(each(variants(it), check))
    yield from answers
    if not answers:
        yield not_applicable("no variant has instances")
