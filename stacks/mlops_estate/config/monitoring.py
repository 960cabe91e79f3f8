"""What is watched of a model that is live: which monitors by risk, how often, and from where on an alarm goes off."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field

from mlops_estate.config.classes import Block, by_class

Risk = Literal["minimal", "limited", "high"]
"""How much harm a model can do to people, in the terms of the EU AI Act (Regulation 2024/1689, articles 6 and 50)."""

Monitor = Literal["data-quality", "model-quality", "bias", "explainability"]
MONITORS: tuple[Monitor, ...] = ("data-quality", "model-quality", "bias", "explainability")
BY_RISK: Mapping[Risk, frozenset[Monitor]] = {
    "minimal": frozenset({"data-quality"}),
    "limited": frozenset({"data-quality", "model-quality"}),
    "high": frozenset(MONITORS),
}
MERGING: frozenset[Monitor] = frozenset({"model-quality", "bias"})
"""Monitors that wait for labels: each of their runs is two jobs."""
CLARIFY: frozenset[Monitor] = frozenset({"bias", "explainability"})
"""Monitors that run in the SageMaker Clarify container."""

Schedule = Literal["hourly", "daily"]
InstanceType = Annotated[str, Field(pattern=r"^ml\.[a-z0-9-]+\.[a-z0-9-]+$", examples=["ml.m5.large"])]


class MonitoringBlock(Block):
    """The monitors of the captured requests and answers; which of them run follows from `risk`."""

    enabled: bool = Field(default=True, description="Whether captured requests are monitored at all.")
    data_quality: bool | None = Field(
        default=None,
        description="Whether requests are compared with the training data. Default: at every `risk`.",
        examples=[True],
    )
    model_quality: bool | None = Field(
        default=None,
        description="Whether answers are compared with the labels that become known. Default: at `risk` limited and "
        "high.",
        examples=[True],
    )
    bias: bool | None = Field(
        default=None,
        description="Whether answers to the groups of the protected attribute are compared. Default: at `risk` high.",
        examples=[True],
    )
    explainability: bool | None = Field(
        default=None,
        description="Whether it is watched which features decide. Default: at `risk` high.",
        examples=[True],
    )
    schedule: Schedule = by_class("daily", "daily", "hourly", description="How often.")
    instance_type: InstanceType = Field(default="ml.m5.large", description="Instance type of the monitoring jobs.")
    max_runtime_seconds: int = Field(
        default=1800,
        ge=60,
        le=86_400,
        description="Longest run of one monitoring job, in seconds; shorter than its interval, and than half of it for "
        "the monitors that merge labels first.",
    )
    label_delay_hours: int = Field(
        default=24,
        ge=0,
        le=8760,
        description="Hours after which the label of a request is known; model quality and bias are measured so much "
        "later. Captured requests have to be kept for longer (`storage.capture_retention_days`).",
    )
    max_drift: float = Field(
        default=0.1,
        ge=0,
        le=1,
        description="Distance of a feature's distribution from its baseline above which there is a warning.",
    )
    max_disparity: float = Field(
        default=0.2,
        ge=0,
        le=1,
        description="Difference between groups in the share of positive answers above which there is a warning.",
    )

    def own(self, monitor: Monitor) -> bool | None:
        """Return what is written for one monitor; None where nothing is."""
        written: bool | None = getattr(self, monitor.replace("-", "_"))
        return written
