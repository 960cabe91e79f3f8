"""People and devices: keys for what human reviewers, labelling jobs and device fleets write."""

from __future__ import annotations

from collections.abc import Iterator

from mlops_policies.resource import Resource
from mlops_policies.rule import Use, resource_rule
from mlops_policies.verdicts import Verdict

FLOW_DEFINITION = "aws:sagemaker/flowDefinition:FlowDefinition"
LABELING_JOB = "aws:sagemaker/labelingJob:LabelingJob"
DEVICE_FLEET = "aws:sagemaker/deviceFleet:DeviceFleet"
_API = "https://docs.aws.amazon.com/sagemaker/latest/APIReference/"


@resource_rule(
    "sm-flowdefinition-output-kms",
    on=[FLOW_DEFINITION],
    title="Results of human reviews are encrypted with a KMS key that is named.",
    severity="medium",
    level="mandatory",
    why="Reviews hold what a model saw and what people decided, often about a person; a key says who may read them.",
    fix="Set outputConfig.kmsKeyId; this replaces the flow definition",
    source=f"{_API}API_FlowDefinitionOutputConfig.html",
)
def review_key(it: Resource, use: Use) -> Iterator[Verdict]:
    """Without a key the bucket's default holds, which need not be one's own."""
    yield it.requires("outputConfig.kmsKeyId")


@resource_rule(
    "sm-labeling-output-kms",
    on=[LABELING_JOB],
    title="Labels, and volumes of automated labelling, are encrypted with KMS keys that are named.",
    severity="medium",
    level="advisory",
    why="Labels are training data; who can change them unseen changes the model.",
    fix="Set outputConfig.kmsKeyId, and volumeKmsKeyId where labels are made automatically",
    source=f"{_API}API_LabelingJobOutputConfig.html",
)
def labeling_keys(it: Resource, use: Use) -> Iterator[Verdict]:
    """The volume's key is asked for only with automated labelling: without it there is no volume."""
    yield it.requires("outputConfig.kmsKeyId")
    if it.present("labelingJobAlgorithmsConfig"):
        yield it.requires("labelingJobAlgorithmsConfig.labelingJobResourceConfig.volumeKmsKeyId")


@resource_rule(
    "sm-devicefleet-output-kms",
    on=[DEVICE_FLEET],
    title="What device fleets send is encrypted with a KMS key that is named.",
    severity="low",
    level="advisory",
    why="Devices send samples of what they see; by default they lie under the key that AWS manages for S3.",
    fix="Set outputConfig.kmsKeyId",
    source=f"{_API}API_EdgeOutputConfig.html",
)
def fleet_key(it: Resource, use: Use) -> Iterator[Verdict]:
    """AWS's key for S3 is taken where none is given."""
    yield it.requires("outputConfig.kmsKeyId")
