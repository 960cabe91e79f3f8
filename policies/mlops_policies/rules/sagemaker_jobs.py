"""Training, tuning and processing jobs, and HyperPod clusters: isolation, network, traffic between nodes, keys."""

from __future__ import annotations

from collections.abc import Iterator

from mlops_policies.images import TRAINING_JOB
from mlops_policies.instances import has_local_storage_only
from mlops_policies.resource import Resource, View
from mlops_policies.rule import Use, resource_rule
from mlops_policies.values import UnknownValue, is_unknown
from mlops_policies.verdicts import Status, Verdict, each, not_applicable

TUNING_JOB = "aws:sagemaker/hyperParameterTuningJob:HyperParameterTuningJob"
PROCESSING_JOB = "aws-native:sagemaker:ProcessingJob"
HYPERPOD = "aws-native:sagemaker:Cluster"
_API = "https://docs.aws.amazon.com/sagemaker/latest/APIReference/"
_GUIDE = "https://docs.aws.amazon.com/sagemaker/latest/dg/"


@resource_rule(
    "sm-training-network-isolation",
    on=[TRAINING_JOB],
    title="Training containers have no network.",
    severity="high",
    level="mandatory",
    why="A package in the container that calls home takes the training data with it.",
    fix="Set enableNetworkIsolation to true; SageMaker itself still fetches the data and stores the model",
    source=f"{_GUIDE}mkt-algo-model-internet-free.html",
)
def training_isolation(it: Resource, use: Use) -> Iterator[Verdict]:
    """Off where nothing is said."""
    yield it.equals("enableNetworkIsolation", True, default=False)


@resource_rule(
    "sm-training-in-vpc",
    on=[TRAINING_JOB],
    title="Training jobs run in a VPC of one's own.",
    severity="high",
    level="mandatory",
    why="Without a VPC SageMaker reads and writes buckets over its own network, past endpoint policies and flow logs.",
    fix="Set vpcConfig with private subnets and a security group",
    source=f"{_GUIDE}train-vpc.html",
)
def training_in_vpc(it: Resource, use: Use) -> Iterator[Verdict]:
    """Whether the subnets are private is for the rules on subnets: here a route is not to be seen."""
    yield from _in_vpc(it, "vpcConfig")


@resource_rule(
    "sm-training-traffic-encryption",
    on=[TRAINING_JOB],
    title="Nodes of distributed training encrypt what they send each other.",
    severity="medium",
    level="mandatory",
    why="Nodes exchange weights and gradients, from which training data can be rebuilt.",
    fix="Set enableInterContainerTrafficEncryption to true",
    source=f"{_GUIDE}train-encrypt.html",
)
def training_traffic(it: Resource, use: Use) -> Iterator[Verdict]:
    """Asked for only where there is more than one node, instance groups counted together; a serverless job shows none.
    Other tools ask it of single nodes, which have nobody to talk to."""
    if it.raw("enableInterContainerTrafficEncryption") is not True and _nodes(it.part("resourceConfig")) == 1:
        yield not_applicable("it runs on one node")
    else:
        yield it.equals("enableInterContainerTrafficEncryption", True, default=False)


@resource_rule(
    "sm-training-volume-kms",
    on=[TRAINING_JOB],
    title="Volumes of training jobs are encrypted with a KMS key that is named.",
    severity="high",
    level="mandatory",
    why="The volume holds training data and the model; a key has a policy, a log of its use, and can be withdrawn.",
    fix="Set resourceConfig.volumeKmsKeyId",
    source=f"{_API}API_ResourceConfig.html",
)
def training_volume_key(it: Resource, use: Use) -> Iterator[Verdict]:
    """SageMaker refuses a key where an instance type has local storage, and a serverless job has no volume to name one
    for. prowler asks for the key nevertheless."""
    if it.present("serverlessJobConfig"):
        yield not_applicable("it is serverless")
    else:
        yield from _volume_key(it, "resourceConfig")


@resource_rule(
    "sm-training-output-kms",
    on=[TRAINING_JOB],
    title="Models that training jobs write are encrypted with a KMS key that is named.",
    severity="high",
    level="mandatory",
    why="By default the key that AWS manages for S3 encrypts them, whose policy can't keep anybody in the account out.",
    fix="Set outputDataConfig.kmsKeyId",
    source=f"{_API}API_OutputDataConfig.html",
)
def training_output_key(it: Resource, use: Use) -> Iterator[Verdict]:
    """A directory bucket (S3 Express One Zone) takes no key from a training job."""
    if it.present("outputDataConfig.kmsKeyId"):
        return
    if "--x-s3/" in f"{it.get('outputDataConfig.s3OutputPath', '')}/":
        yield not_applicable("S3 Express One Zone takes no key from training jobs")
    else:
        yield it.fails("outputDataConfig.kmsKeyId", "must be given")


@resource_rule(
    "sm-training-lineage",
    on=[TRAINING_JOB],
    title="Training jobs are part of an experiment, an MLflow run or a model package.",
    severity="low",
    level="advisory",
    category="ml-governance",
    why="A model whose training nobody can find again can be neither explained nor repeated.",
    fix="Set experimentConfig, mlflowConfig or modelPackageConfig",
    source=f"{_GUIDE}lineage-tracking.html",
)
def training_lineage(it: Resource, use: Use) -> Iterator[Verdict]:
    """One of the three is enough."""
    if not any(it.present(name) for name in ("experimentConfig", "mlflowConfig", "modelPackageConfig")):
        yield it.fails("", "belongs to no experiment, MLflow run or model package")


@resource_rule(
    "sm-tuning-volume-kms",
    on=[TUNING_JOB],
    title="Volumes of tuning jobs are encrypted with a KMS key that is named.",
    severity="medium",
    level="mandatory",
    why="Every training job that the tuning job starts copies the training data to its volume.",
    fix="Set volumeKmsKeyId in the resources of each training definition",
    source=f"{_API}API_HyperParameterTuningResourceConfig.html",
)
def tuning_volume_key(it: Resource, use: Use) -> Iterator[Verdict]:
    """Each definition has its resources in one of two places; SageMaker refuses a key beside local storage."""
    yield from each(_definitions(it), lambda view: _volume_key(view, _resources_of(view)))


@resource_rule(
    "sm-tuning-network-controls",
    on=[TUNING_JOB],
    title="Tuning jobs train without network, in a VPC of one's own, with encrypted traffic.",
    severity="medium",
    level="mandatory",
    why="What a training job may not do, the jobs that a tuning job starts may not either.",
    fix="Set enableNetworkIsolation, enableInterContainerTrafficEncryption and vpcConfig in each training definition",
    source=f"{_API}API_HyperParameterTrainingJobDefinition.html",
)
def tuning_network(it: Resource, use: Use) -> Iterator[Verdict]:
    """Traffic is asked for only where there is more than one node, as with training jobs."""
    yield from each(_definitions(it), _tuned_network)


@resource_rule(
    "sm-processing-volume-kms",
    on=[PROCESSING_JOB],
    title="Volumes of processing jobs are encrypted with a KMS key that is named.",
    severity="medium",
    level="mandatory",
    why="The volume holds the raw data that the job prepares.",
    fix="Set processingResources.clusterConfig.volumeKmsKeyId",
    source=f"{_API}API_ProcessingClusterConfig.html",
)
def processing_volume_key(it: Resource, use: Use) -> Iterator[Verdict]:
    """SageMaker refuses a key beside local storage."""
    yield from _volume_key(it, "processingResources.clusterConfig")


@resource_rule(
    "sm-processing-network-controls",
    on=[PROCESSING_JOB],
    title="Processing jobs run without network, in a VPC of one's own, with encrypted traffic.",
    severity="medium",
    level="mandatory",
    why="Processing reads raw data, the most of anybody: a package that calls home takes it along.",
    fix="Set enableNetworkIsolation, enableInterContainerTrafficEncryption and vpcConfig in networkConfig",
    source=f"{_API}API_NetworkConfig.html",
)
def processing_network(it: Resource, use: Use) -> Iterator[Verdict]:
    """Traffic is asked for only where there is more than one node, as with training jobs."""
    yield it.equals("networkConfig.enableNetworkIsolation", True, default=False)
    yield from _in_vpc(it, "networkConfig.vpcConfig")
    yield from _traffic(it, it.part("processingResources.clusterConfig"), "networkConfig.")


@resource_rule(
    "sm-hyperpod-in-vpc",
    on=[HYPERPOD],
    title="HyperPod clusters run in a VPC of one's own.",
    severity="high",
    level="advisory",
    why="Without one the nodes run in a network of SageMaker's, where none of your controls hold.",
    fix="Set vpcConfig with private subnets and security groups",
    source=f"{_API}API_CreateCluster.html",
)
def hyperpod_in_vpc(it: Resource, use: Use) -> Iterator[Verdict]:
    """A cluster without a VPC is in one if each of its instance groups overrides that."""
    groups = [*it.items("instanceGroups"), *it.items("restrictedInstanceGroups")]
    if it.present("vpcConfig") or not groups:
        yield from _in_vpc(it, "vpcConfig")
    yield from each(groups, lambda group: _group_in_vpc(it, group))


def _group_in_vpc(it: Resource, group: View) -> Iterator[Verdict]:
    if group.present("overrideVpcConfig") or not it.present("vpcConfig"):
        yield from _in_vpc(group, "overrideVpcConfig")


def _in_vpc(it: View, path: str) -> Iterator[Verdict]:
    yield it.requires_some(f"{path}.subnets")
    yield it.requires_some(f"{path}.securityGroupIds")


def _volume_key(it: View, path: str) -> Iterator[Verdict]:
    """Ask for a volume key in the resources at a path, unless SageMaker would refuse one."""
    given = it.requires(f"{path}.volumeKmsKeyId")
    resources = it.part(path) if given.status is Status.FAIL else None
    types = [] if resources is None else _instance_types(resources)
    if any(has_local_storage_only(kind) for kind in types):
        yield not_applicable("it has local storage, which hardware encrypts and for which SageMaker takes no key")
    elif any(is_unknown(kind) for kind in types):
        raise UnknownValue(it.path(f"{path}.instanceType"))
    else:
        yield given


def _groups(resources: View) -> list[View]:
    """Return what names instance types and counts: groups, alternatives of a tuning job, or the resources."""
    return resources.items("instanceGroups") or resources.items("instanceConfigs") or [resources]


def _instance_types(resources: View) -> list[str]:
    return [str(group.raw("instanceType")) for group in _groups(resources)]


def _nodes(resources: View | None) -> int:
    """Return how many nodes run at once, one where nothing is said; of alternatives, the most."""
    if resources is None:
        return 1
    counts = [int(group.get("instanceCount", 1)) for group in _groups(resources)]
    return max(counts) if resources.present("instanceConfigs") else sum(counts)


def _traffic(it: View, resources: View | None, holder: str = "") -> Iterator[Verdict]:
    """Ask that nodes encrypt what they send each other, where there is more than one."""
    path = f"{holder}enableInterContainerTrafficEncryption"
    if it.raw(path) is not True and _nodes(resources) > 1:
        yield it.equals(path, True, default=False)


def _definitions(it: Resource) -> list[View]:
    """Return the training definitions of a tuning job: one, or several."""
    return [*it.items("trainingJobDefinition"), *it.items("trainingJobDefinitions")]


def _resources_of(definition: View) -> str:
    flexible = "hyperParameterTuningResourceConfig"
    return flexible if definition.present(flexible) else "resourceConfig"


def _tuned_network(definition: View) -> Iterator[Verdict]:
    yield definition.equals("enableNetworkIsolation", True, default=False)
    yield from _in_vpc(definition, "vpcConfig")
    yield from _traffic(definition, definition.part(_resources_of(definition)))
