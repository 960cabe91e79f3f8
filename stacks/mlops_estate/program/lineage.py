"""Lineage as tags: what belongs to a model says whose it is, how grave its decisions are, and what it was made of."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pulumi

from mlops_estate.config import names

if TYPE_CHECKING:
    from mlops_estate.config import EnvironmentConfig, ModelBlock

LONGEST_VALUE = 256
"""Longest value of a tag (AWS tagging best practices, tag naming limits)."""
DATA_CLASSES = {
    "aws-native:sagemaker:FeatureGroup": "features",
    "aws:sagemaker/dataQualityJobDefinition:DataQualityJobDefinition": "personal",
    "aws:sagemaker/monitoringSchedule:MonitoringSchedule": "personal",
    "aws:sagemaker/pipeline:Pipeline": "personal",
}
"""Class of the data that a type holds or works on; everything else of a model is of the class `models`."""
UNTAGGED = frozenset({"aws:s3/bucketObjectv2:BucketObjectv2"})
"""An S3 object takes ten tags, and the provider's own come first (S3 user guide, object tags)."""


def lineage_tags(config: EnvironmentConfig, name: str, model: ModelBlock, type_token: str = "") -> dict[str, str]:
    """Return the tags of a model's resource; the provider adds owner, environment and project."""
    runbooks = config.estate.runbooks
    return {
        "model": name,
        "ai-risk-tier": model.risk,
        **({"runbook-url": f"{runbooks.rstrip('/')}/{name}"} if runbooks else {}),
        "data-set": model.data[-LONGEST_VALUE:],
        "data-class": DATA_CLASSES.get(type_token, "models"),
        "label": model.label,
        "pipeline": names.pipeline(config.prefix, name),
    }


def tagged(config: EnvironmentConfig, name: str, model: ModelBlock) -> pulumi.ResourceTransformation:
    """Return the transformation that gives the tags to all of a model's resources; a resource's own tags stay."""

    def tag(args: pulumi.ResourceTransformationArgs) -> pulumi.ResourceTransformationResult | None:
        if "tags" not in args.props or args.type_ in UNTAGGED or not args.type_.startswith(("aws:", "aws-native:")):
            return None
        own: Any = args.props["tags"]
        tags = lineage_tags(config, name, model, args.type_)
        if args.type_.startswith("aws-native:"):
            pairs = [{"key": key, "value": value} for key, value in tags.items()]
            return pulumi.ResourceTransformationResult({**args.props, "tags": [*pairs, *(own or [])]}, args.opts)
        return pulumi.ResourceTransformationResult({**args.props, "tags": {**tags, **(own or {})}}, args.opts)

    return tag
