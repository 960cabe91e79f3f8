"""Masking as a SageMaker pipeline of one step: it is started by name, tries again, and keeps what each run did."""

from __future__ import annotations

import hashlib
from typing import Any

from mlops_pipelines.masking.job import ARCHIVE, MaskingJob, job_request

STEP = "Mask"
_RETRIES = (
    ({"ExceptionType": ["SageMaker.CAPACITY_ERROR", "SageMaker.JOB_INTERNAL_ERROR"]}, 30, 5),
    ({"ExceptionType": ["Step.THROTTLING"]}, 10, 3),
)
"""Which faults are tried again, after how many seconds at first, how often: as in the training pipeline."""


def masking_definition(job: MaskingJob) -> dict[str, Any]:
    """Return the definition that CreatePipeline takes; SageMaker names the job of each execution itself."""
    arguments = job_request(job, "")
    del arguments["ProcessingJobName"]
    policies = [
        {**faults, "IntervalSeconds": seconds, "BackoffRate": 2.0, "MaxAttempts": attempts}
        for faults, seconds, attempts in _RETRIES
    ]
    step = {"Name": STEP, "Type": "Processing", "Arguments": arguments, "RetryPolicies": policies}
    # Without an experiment an execution needs no rights on experiments and trials.
    return {
        "Version": "2020-12-01",
        "Metadata": {},
        "Parameters": [],
        "PipelineExperimentConfig": None,
        "Steps": [step],
    }


def bundle_key(model: str, bundle: bytes) -> str:
    """Return the S3 key of a model's code for masking; it changes exactly when the contents do."""
    return f"{model}/masking/{hashlib.sha256(bundle).hexdigest()[:16]}/{ARCHIVE}"
