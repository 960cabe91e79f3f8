"""The job that masks: its code as one archive, and the SageMaker processing job that runs it, by hand or on schedule.

`job_request` is what CreateProcessingJob takes. With `job_name(model, EXECUTION_ID)` the same request is the input of
an EventBridge schedule whose target is `arn:aws:scheduler:::aws-sdk:sagemaker:createProcessingJob`: every start then
has a name of its own. The role is that of the component `MaskedCopy`; the image needs numpy, pandas and boto3.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mlops_pipelines.bundles import bundle
from mlops_pipelines.features.schema import Schema
from mlops_pipelines.masking.rules import MaskingFaults, rule_faults
from mlops_pipelines.settings import Settings

EXECUTION_ID = "<aws.scheduler.execution-id>"
"""What EventBridge Scheduler replaces by the id of each attempt (user guide, "Adding context attributes")."""
ARCHIVE = "sourcedir.tar.gz"
_FOLDERS = ("data", "features", "masking", "modelling", "steps")
_BASE = "/opt/ml/processing"
_LONGEST_MODEL = 38
"""Characters of a model's name in a job's: with `-masking-` and an id of 16, a name has at most 63."""


@dataclass(frozen=True)
class MaskingJob:
    """Where a masking job reads, writes and runs, and as whom.

    `code_uri` is the object of `masking_bundle`, `raw_uri` the prefix of the originals, `masked_uri` the one of the
    copy. `volume_key_arn` encrypts the job's disk, `masked_key_arn` what it writes. Times in seconds, sizes in GB.
    """

    model: str
    region: str
    role_arn: str
    image_uri: str
    code_uri: str
    raw_uri: str
    masked_uri: str
    secret_arn: str
    volume_key_arn: str
    masked_key_arn: str
    subnet_ids: Sequence[str]
    security_group_ids: Sequence[str]
    instance_type: str = "ml.m5.large"
    volume_gb: int = 30
    max_runtime_seconds: int = 3600


def job_name(model: str, execution: str) -> str:
    """Return the name of one job of a model; a long model name is cut."""
    return f"{model[:_LONGEST_MODEL].rstrip('-')}-masking-{execution}"


def job_request(job: MaskingJob, name: str) -> dict[str, Any]:
    """Return what CreateProcessingJob takes. The job reaches S3 and Secrets Manager through the network alone."""
    command = f"cd '{_BASE}/input/code' && tar -xzf {ARCHIVE} && exec python3 -m mlops_pipelines.steps.mask \"$@\""
    inputs = {"code": job.code_uri, "data": job.raw_uri}
    return {
        "ProcessingJobName": name,
        "RoleArn": job.role_arn,
        "AppSpecification": {
            "ImageUri": job.image_uri,
            "ContainerEntrypoint": ["/bin/bash", "-c", command, "mask"],
            "ContainerArguments": [
                "--input", f"{_BASE}/input", "--output", f"{_BASE}/output", "--fact", f"secret_arn={job.secret_arn}",
            ],
        },
        "ProcessingInputs": [_input(key, uri) for key, uri in inputs.items()],
        "ProcessingOutputConfig": {
            "KmsKeyId": job.masked_key_arn,
            "Outputs": [
                {
                    "OutputName": "masked",
                    "S3Output": {
                        "S3Uri": f"{job.masked_uri.rstrip('/')}/{job.model}",
                        "LocalPath": f"{_BASE}/output/masked",
                        "S3UploadMode": "EndOfJob",
                    },
                }
            ],
        },
        "ProcessingResources": {
            "ClusterConfig": {
                "InstanceCount": 1,
                "InstanceType": job.instance_type,
                "VolumeSizeInGB": job.volume_gb,
                "VolumeKmsKeyId": job.volume_key_arn,
            }
        },
        "Environment": {"AWS_DEFAULT_REGION": job.region},
        "NetworkConfig": {
            "EnableNetworkIsolation": False,
            "EnableInterContainerTrafficEncryption": True,
            "VpcConfig": {"SecurityGroupIds": list(job.security_group_ids), "Subnets": list(job.subnet_ids)},
        },
        "StoppingCondition": {"MaxRuntimeInSeconds": job.max_runtime_seconds},
        "Tags": [{"Key": "mlops:model", "Value": job.model}, {"Key": "mlops:step", "Value": "mask"}],
    }  # fmt: skip


def masking_bundle(schema: Schema, settings: Settings, rules: Mapping[str, Any]) -> bytes:
    """Return the tar.gz that `code_uri` points at: the code, `schema.json`, `settings.json` and `masking.json`.

    The same contents give the same bytes. Raises `MaskingFaults` for rules that don't fit the schema.
    """
    if faults := rule_faults(rules, schema):
        raise MaskingFaults(faults)
    documents = (("schema", schema.as_dict()), ("settings", settings.as_dict()), ("masking", dict(rules)))
    return bundle(
        _FOLDERS, {f"{name}.json": (json.dumps(document, indent=1) + "\n").encode() for name, document in documents}
    )


def _input(name: str, uri: str) -> dict[str, Any]:
    return {
        "InputName": name,
        "S3Input": {
            "S3Uri": uri,
            "LocalPath": f"{_BASE}/input/{name}",
            "S3DataType": "S3Prefix",
            "S3InputMode": "File",
            "S3DataDistributionType": "FullyReplicated",
            "S3CompressionType": "None",
        },
    }
