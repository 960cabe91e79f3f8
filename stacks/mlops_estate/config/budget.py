"""What the environment may cost, who is told of unusual cost, and what happens once the budget is spent."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from mlops_estate.config.classes import Block, by_class

ANOMALY_SHARE = 0.1
"""Share of the budget at which an anomaly is told, where the configuration gives no amount."""


class BudgetBlock(Block):
    """What the environment may cost, and what happens when it costs more."""

    monthly_usd: float = by_class(
        300,
        1000,
        5000,
        ge=0.01,
        le=10_000_000,
        description="Budget of the environment's account in US dollars a month.",
    )
    warn_at_percent: list[Annotated[float, Field(gt=0, le=1000)]] = Field(
        default_factory=lambda: [50.0, 80.0, 100.0],
        min_length=1,
        max_length=9,
        description="Shares of the budget, in percent of actual cost, at which a warning goes out "
        "(AWS: at most 10 notifications a budget; the forecast has one).",
    )
    anomaly_usd: float | None = Field(
        default=None,
        ge=0.01,
        le=10_000_000,
        description="What unusual cost has come to, in US dollars, when a warning goes out. Default: a tenth of "
        "`monthly_usd`.",
        examples=[30],
    )
    anomaly_monitor_arn: (
        Annotated[str, Field(pattern=r"^arn:aws:ce::[0-9]{12}:anomalymonitor/[A-Za-z0-9-]+$")] | None
    ) = Field(
        default=None,
        description="The monitor of AWS services that the account has already: with `account_baseline` existing "
        "for `cost_anomaly_monitor` it is subscribed to, without it nothing is.",
        examples=["arn:aws:ce::123456789012:anomalymonitor/8e9f0a1b-2c3d-4e5f-8a9b-0c1d2e3f4a5b"],
    )
    action: Literal["none", "stop_training"] = Field(
        default="stop_training",
        description="What happens once `action_at_percent` of the budget is spent: stop_training denies new training "
        "to the roles that start or run it. Endpoints and monitors go on.",
    )
    action_at_percent: float = Field(
        default=100.0,
        gt=0,
        le=1000,
        description="Share of the budget, in percent of actual cost, above which the action is due.",
    )
    action_approval: Literal["automatic", "manual"] = by_class(
        "automatic",
        "manual",
        "manual",
        description="Whether the action runs when it is due, or waits for a person to approve it.",
    )

    @property
    def anomaly_threshold_usd(self) -> float:
        """What an anomaly has cost when it is told: as given, or a tenth of the budget, to the cent."""
        return (
            self.anomaly_usd if self.anomaly_usd is not None else max(0.01, round(self.monthly_usd * ANOMALY_SHARE, 2))
        )
