"""Every name that is made of the prefix and something configured: one place for the program and the checks."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from mlops_estate.config.aws_limits import NAME_LIMITS
from mlops_estate.config.findings import Finding
from mlops_estate.config.monitoring import MONITORS

if TYPE_CHECKING:
    from mlops_estate.config.estate import EstateBlock

PREFIX = re.compile(r"[a-z][a-z0-9-]{0,30}[a-z0-9]")
MODEL_NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
"""Narrower than AWS's own patterns: such a name is valid, and the same, in every service that it becomes a name in."""

BUCKET_PURPOSES = ("raw", "curated", "features", "models", "capture", "reports", "access-logs")
"""Buckets of an environment by what they hold; see the component `DataLake`."""
AUDIT_BUCKETS = ("cloudtrail", "config", "queries")
"""Buckets of what is recorded; see the components `AuditTrail`, `ConfigurationRecorder` and `AuditQueries`."""


def bucket(prefix: str, purpose: str, account: str, region: str) -> str:
    """Return the name of a bucket: unique in the world by account and region."""
    return f"{prefix}-{purpose}-{account}-{region}"


def endpoint(prefix: str, model: str) -> str:
    """Return the name of a model's endpoint."""
    return f"{prefix}-{model}"


def feature_group(prefix: str, model: str) -> str:
    """Return the name of a model's feature group."""
    return f"{prefix}-{model}"


def model_package_group(registry_prefix: str, model: str) -> str:
    """Return the name of a model's package group: the same from every environment."""
    return f"{registry_prefix}-{model}"


def repository(registry_prefix: str, image: str) -> str:
    """Return the name of an image's repository: the same from every environment."""
    return f"{registry_prefix}/{image}"


def model_package_group_arn(registry_account: str, region: str, registry_prefix: str, model: str) -> str:
    """Return the ARN of a model's package group in the registry's account."""
    name = model_package_group(registry_prefix, model)
    return f"arn:aws:sagemaker:{region}:{registry_account}:model-package-group/{name}"


def model_package_arn(registry_account: str, region: str, registry_prefix: str, model: str, version: int) -> str:
    """Return the ARN of one version of a model."""
    name = model_package_group(registry_prefix, model)
    return f"arn:aws:sagemaker:{region}:{registry_account}:model-package/{name}/{version}"


def backup_vault(prefix: str) -> str:
    """Return the name of the vault of backups."""
    return f"{prefix}-backups"


def restore_test(prefix: str) -> str:
    """Return the name of the restore testing plan, which takes no hyphens."""
    return f"{prefix.replace('-', '_')}_restore_test"


def pipeline(prefix: str, model: str) -> str:
    """Return the name of a model's training pipeline."""
    return f"{prefix}-{model}-training"


def monitor(prefix: str, model: str, kind: str) -> str:
    """Return the name of the schedule of one of a model's monitors."""
    return f"{prefix}-{model}-{kind}"


def job_definition(model: str, kind: str) -> str:
    """Return the longest name that a provider gives to a monitor's job definition: it adds a hyphen and seven."""
    return f"{model}-{kind}-1234567"


def training_schedule(prefix: str, model: str) -> str:
    """Return the name of the schedule that starts a model's training pipeline."""
    return f"{prefix}-{model}-training"


ROLE_SUFFIXES = (
    "pipeline", "processing", "registry", "training", "signing", "verifying", "features", "endpoint", "monitor",
    "scheduler", "masking",
)  # fmt: skip
"""Roles of a model, one for each purpose: `{prefix}-{model}-{suffix}`."""


def estate_findings(estate: EstateBlock, environment: str) -> Iterator[Finding]:
    """Yield estate-wide names that AWS would refuse after prefixing."""
    prefix = estate.prefix.replace("{environment}", environment)
    if not PREFIX.fullmatch(prefix):
        rule = "must be 2 to 32 lower-case letters, digits and hyphens, a letter first and no hyphen last"
        yield Finding(("prefix",), prefix, rule, "use a name such as mlops-dev", NAME_LIMITS["bucket"].source)
        return
    longest = max(
        (bucket(prefix, purpose, estate.account, estate.region) for purpose in (*BUCKET_PURPOSES, *AUDIT_BUCKETS)),
        key=len,
    )
    named = [
        ("bucket", longest),
        ("budget", f"{prefix}-monthly"),
        ("backup vault", backup_vault(prefix)),
        ("restore testing plan", restore_test(prefix)),
    ]
    for kind, name in named:
        yield from _refused(kind, name, ("prefix",), len(name) - len(prefix))


def model_findings(model: str, prefix: str, registry_prefix: str) -> Iterator[Finding]:
    """Yield names of a model that AWS would refuse after prefixing; paths are relative to the model's block."""
    if not MODEL_NAME.fullmatch(model):
        rule = "a model name must be lower-case letters and digits, joined by single hyphens, a letter first"
        yield Finding((), model, rule, "use a name such as mortgage-approval", NAME_LIMITS["endpoint"].source)
        return
    for kind, name in (
        ("endpoint", endpoint(prefix, model)),
        ("feature group", feature_group(prefix, model)),
        ("model package group", model_package_group(registry_prefix, model)),
        ("pipeline", pipeline(prefix, model)),
        *(("monitoring schedule", monitor(prefix, model, kind)) for kind in MONITORS),
        *(("monitoring job definition", job_definition(model, kind)) for kind in MONITORS),
        ("training schedule", training_schedule(prefix, model)),
        *(("role", f"{prefix}-{model}-{suffix}") for suffix in ROLE_SUFFIXES),
    ):
        yield from _refused(kind, name, (), len(name) - len(model))


def _refused(kind: str, name: str, path: tuple[str, ...], taken: int) -> Iterator[Finding]:
    limit = NAME_LIMITS[kind]
    if len(name) > limit.longest:
        rule = f"the {kind} name has {len(name)} characters; AWS takes at most {limit.longest}"
        yield Finding(path, name, rule, f"use at most {limit.longest - taken} characters here", limit.source)
