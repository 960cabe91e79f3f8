"""Back ends of moto's own kind for what moto lacks or answers wrongly; see ADR 6.

`install` adds them to moto, so boto3 in this process and an account served over HTTP answer alike.
"""

from __future__ import annotations

import functools


@functools.lru_cache(maxsize=1)
def install() -> None:
    """Add every back end to moto, once per process."""
    from mlops_estate.embedded.backends import (
        access_analyzer,
        alarms,
        backup,
        bucket_configurations,
        bucket_policies,
        configuration,
        conflicts,
        costs,
        detection,
        domains,
        endpoints,
        events,
        executions,
        feature_store_runtime,
        key_rotation,
        key_signing,
        lineage,
        packages,
        patches,
        queries,
        rotation,
        runtime,
        sagemaker,
        schedules,
        trails,
        unanswered,
    )

    patches.apply()
    unanswered.install()
    alarms.install()
    backup.install()
    bucket_configurations.install()
    bucket_policies.install()
    key_rotation.install()
    key_signing.install()
    domains.install()
    trails.install()
    configuration.install()
    queries.install()
    sagemaker.install()
    packages.install()
    endpoints.install()
    executions.install()
    lineage.install()
    schedules.install()
    conflicts.install()
    rotation.install()
    runtime.install()
    feature_store_runtime.install()
    detection.install()
    access_analyzer.install()
    events.install()
    costs.install()


def answered_here(service: str, operation: str) -> bool:
    """Whether a back end of ours answers an operation that moto lacks; `install` must have run."""
    from mlops_estate.embedded.backends import (
        access_analyzer,
        alarms,
        backup,
        bucket_configurations,
        configuration,
        costs,
        detection,
        queries,
        sagemaker,
    )

    ours = {
        "athena": queries.OURS,
        "backup": backup.OURS,
        "cloudwatch": alarms.OURS,
        "config": configuration.OURS,
        "s3": bucket_configurations.OURS,
        "sagemaker": sagemaker.OURS,
        **costs.OURS,
        **detection.OURS,
        access_analyzer.NAME: access_analyzer.OURS,
    }
    return service == "sagemaker-featurestore-runtime" or operation in ours.get(service, ())
