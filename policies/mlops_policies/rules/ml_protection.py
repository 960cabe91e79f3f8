"""What must not be lost: protected resources, and the buckets of MLflow."""

from __future__ import annotations

from collections.abc import Iterator

from mlops_policies.buckets import (
    BUCKET,
    algorithm_of,
    bucket_of_uri,
    public_access_block_of,
    versioning_of,
)
from mlops_policies.resource import Resource
from mlops_policies.rule import Use, resource_rule, stack_rule
from mlops_policies.rules.ml_environments import FEATURE_GROUP
from mlops_policies.stack import Stack
from mlops_policies.verdicts import Verdict, each, not_applicable

MODEL_PACKAGE_GROUP = "aws:sagemaker/modelPackageGroup:ModelPackageGroup"
KEY = "aws:kms/key:Key"
TRACKING_SERVER = "aws:sagemaker/mlflowTrackingServer:MlflowTrackingServer"
MLFLOW_APP = "aws:sagemaker/mlflowApp:MlflowApp"

_FLAGS = ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets")


@resource_rule(
    "ml-stateful-resources-protected",
    on=[FEATURE_GROUP, MODEL_PACKAGE_GROUP, BUCKET, KEY],
    only=["prod"],
    title="What holds state in production is protected from deletion.",
    severity="high",
    level="mandatory",
    category="reliability",
    why="A rename or a wrong branch makes Pulumi delete a resource: with a bucket, a key or a registry go the data, "
    "and no rollback brings them back.",
    fix="Give the resource the option protect, and leave forceDestroy off",
    source=(
        "https://www.pulumi.com/docs/iac/concepts/options/protect/",
        "https://docs.aws.amazon.com/sagemaker/latest/dg/feature-store-delete-feature-group.html",
    ),
)
def stateful_protected(it: Resource, use: Use) -> Iterator[Verdict]:
    """A bucket with forceDestroy is emptied before it is deleted; absent is off."""
    if not it.protect:
        yield it.fails("", "is not protected from deletion", key="protect")
    if it.type == BUCKET:
        yield it.equals("forceDestroy", False, default=False)


@stack_rule(
    "ml-mlflow-artifacts-guarded",
    on=[TRACKING_SERVER, MLFLOW_APP],
    title="MLflow keeps its artefacts in a guarded bucket.",
    severity="medium",
    level="mandatory",
    why="Artefacts hold models and samples of data; whoever can overwrite them changes what is registered and served.",
    fix="Point artifactStoreUri to a bucket that is private, versioned and encrypted with KMS",
    source="https://docs.aws.amazon.com/sagemaker/latest/dg/mlflow-create-tracking-server.html",
)
def mlflow_guarded(it: Resource, stack: Stack, use: Use) -> Iterator[Verdict]:
    """Only buckets of this stack can be looked into. Public access has to be blocked in all four ways; the account's
    own block is not seen here.
    """
    bucket = bucket_of_uri(stack, it, "artifactStoreUri")
    if bucket is None:
        yield not_applicable("its bucket is not declared here")
        return

    yield from each(_CHECKS, lambda check: check(it, bucket, stack))


def _private(it: Resource, bucket: Resource, stack: Stack) -> Iterator[Verdict]:
    block = public_access_block_of(bucket, stack)
    if block is None or not all(block.get(flag, False) for flag in _FLAGS):
        yield it.fails(
            "artifactStoreUri", f"is in bucket {bucket.name}, which does not block public access", key="public"
        )


def _versioned(it: Resource, bucket: Resource, stack: Stack) -> Iterator[Verdict]:
    if versioning_of(bucket, stack) != "Enabled":
        yield it.fails("artifactStoreUri", f"is in bucket {bucket.name}, which keeps no versions", key="versioning")


def _encrypted(it: Resource, bucket: Resource, stack: Stack) -> Iterator[Verdict]:
    if not algorithm_of(bucket, stack).startswith("aws:kms"):
        yield it.fails(
            "artifactStoreUri", f"is in bucket {bucket.name}, which is not encrypted with KMS", key="encryption"
        )


_CHECKS = (_private, _versioned, _encrypted)
