"""Protection of data: who reaches objects from where, the masked copy for development, and secrets."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from mlops_estate.config.classes import Block, by_class

RoleArn = Annotated[str, Field(pattern=r"^arn:aws[a-z-]*:iam::[0-9]{12}:role/.+$")]


class MaskedCopyBlock(Block):
    """The masked copy of personal records: where it is made, and where it is read."""

    enabled: bool = by_class(
        False,
        False,
        True,
        description="Whether this environment has the original and makes a masked copy of it: bucket, key and role of "
        "the masking job, and the secret of its pseudonyms.",
    )
    readers: list[Annotated[str, Field(pattern=r"^[0-9]{12}$")]] = Field(
        default_factory=list,
        max_length=20,
        description="Accounts whose import role reads the copy.",
        examples=[["111122223333"]],
    )
    retention_days: int = Field(default=90, ge=1, le=3650, description="Days for which a copy is kept.")
    key_rotation_days: int = Field(
        default=90,
        ge=1,
        le=1000,
        description="Days between two rotations of the pseudonyms' key (AWS: 1 to 1000): as long as one pseudonym "
        "stands for one person.",
    )
    source_account: Annotated[str, Field(pattern=r"^[0-9]{12}$")] | None = Field(
        default=None,
        description="Account of the environment whose copy this one reads. Needs `source_prefix`.",
        examples=["123456789012"],
    )
    source_prefix: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,30}[a-z0-9]$")] | None = Field(
        default=None,
        description="Prefix of the environment whose copy this one reads.",
        examples=["mlops-prod"],
    )


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
    masked_copy: MaskedCopyBlock = Field(
        default_factory=MaskedCopyBlock, description="The masked copy of personal records for development."
    )
