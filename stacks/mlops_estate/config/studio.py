"""The Studio domain: where people work with data."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from mlops_estate.config.classes import Block, by_class

UserName = Annotated[
    str, Field(pattern=r"^[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}$", max_length=63, examples=["ada-lovelace"])
]


class StudioBlock(Block):
    """SageMaker Studio, in the private network only. A domain costs nothing by itself, its applications do."""

    enabled: bool = Field(default=False, description="Whether the environment has a Studio domain.")
    auth_mode: Literal["IAM", "SSO"] = Field(
        default="IAM",
        description="How people sign in: through IAM, or IAM Identity Center (SSO). A domain keeps what it began with.",
    )
    idle_minutes: int = by_class(
        60,
        120,
        120,
        ge=60,
        le=525_600,
        description="Minutes after which an idle application is shut down (AWS: 60 to 525600).",
    )
    users: list[UserName] = Field(
        default_factory=list,
        max_length=200,
        description="People who get a profile; with SSO by their user names there.",
        examples=[["ada-lovelace"]],
    )
