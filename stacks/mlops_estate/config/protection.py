"""Protection of data: who reaches objects from where, the masked copy for development, and secrets."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from mlops_estate.config.classes import Block, by_class

RoleArn = Annotated[str, Field(pattern=r"^arn:aws[a-z-]*:iam::[0-9]{12}:role/.+$")]


class ProtectionBlock(Block):
    """How data is protected beyond keys, locks and retention."""

    endpoint_only: bool = by_class(
        False,
        True,
        True,
        description="Whether objects of the buckets raw, curated and capture are reached through the network's own "
        "endpoints of S3 alone.",
    )
    outside_role_arns: list[RoleArn] = Field(
        default_factory=list,
        max_length=10,
        description="Roles that reach these objects from elsewhere too: who brings data from outside, and who breaks "
        "the glass. `*` stands for any characters.",
        examples=[["arn:aws:iam::123456789012:role/data-delivery"]],
    )
