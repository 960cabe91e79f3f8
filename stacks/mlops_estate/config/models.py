"""A model's block: at most 15 lines of YAML, everything else has a default by environment class."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from mlops_estate.config.classes import Block, by_class
from mlops_estate.config.masking import MaskingBlock
from mlops_estate.config.monitoring import BY_RISK, MONITORS, InstanceType, Monitor, MonitoringBlock, Risk
from mlops_estate.config.training import CardBlock, DataQualityBlock, GatesBlock, TrainingBlock
from mlops_estate.config.usage import UsageBlock

Strategy = Literal["all_at_once", "canary", "linear", "rolling"]
Column = Annotated[str, Field(pattern=r"^[A-Za-z0-9]([_-]*[A-Za-z0-9]){0,63}$", examples=["deny"])]
"""A column is a feature: SageMaker's own pattern for FeatureName."""

RelativePath = Annotated[str, Field(pattern=r"^[^/\s][^\s]*$", max_length=512)]


class FeaturesBlock(Block):
    """The model's feature group."""

    schema_file: RelativePath | None = Field(
        default=None,
        description="YAML file with the features' names and types, relative to the project. "
        "Default: `schema.yaml` beside `data`.",
        examples=["data/mortgage-approval/schema.yaml"],
    )
    online: bool = Field(default=True, description="Whether records can also be read one by one, in milliseconds.")
    ttl_days: int | None = Field(
        default=None,
        ge=1,
        le=3650,
        description="Days after which a record leaves the online store. Default: never.",
    )


class ReleaseBlock(Block):
    """Which version of the model is live, and how a new one is released."""

    version: int | None = Field(
        default=None,
        ge=1,
        le=99_999,
        description="The registry's version that is live. Default: none; the endpoint waits for a version.",
        examples=[1],
    )
    previous: int | None = Field(
        default=None,
        ge=1,
        description="The version that was live before, while its release settles: kept for a rollback.",
    )
    baseline_uri: str | None = Field(
        default=None,
        pattern=r"^s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]/\S*[^/\s]$",
        description="S3 prefix of the version's baselines: a folder for each of `baselines`, with its "
        "`constraints.json` (and `statistics.json` for data quality), as the training pipeline wrote them. Default: "
        "none; the monitors report without comparing.",
        examples=["s3://mlops-dev-reports-123456789012-eu-west-1/mortgage-approval/run-1/baseline"],
    )
    baselines: list[Monitor] = Field(
        default_factory=lambda: list[Monitor](["data-quality"]),
        max_length=4,
        description="Monitors whose baseline lies below `baseline_uri`; the others are declared without one. Default: "
        "data-quality, which the training pipeline writes.",
        examples=[["data-quality", "bias"]],
    )
    strategy: Strategy = by_class(
        "all_at_once",
        "canary",
        "canary",
        description="How traffic moves: all_at_once; canary (a share first, then the rest); linear (equal steps); "
        "rolling (instances replaced in batches, without a second fleet).",
    )
    step_percent: int | None = Field(
        default=None,
        ge=1,
        le=100,
        description="Share of the fleet in the first (canary) or each (linear, rolling) step, in percent. "
        "Default: canary 10, linear 25, rolling 25.",
    )
    wait_seconds: int = by_class(
        0,
        300,
        600,
        ge=0,
        le=3600,
        description="Time after each step in which the rollback alarms are watched, in seconds.",
    )
    termination_wait_seconds: int = by_class(
        0, 300, 600, ge=0, le=3600, description="Time for which the old fleet stays after the shift, in seconds."
    )
    max_execution_seconds: int = Field(
        default=7200,
        ge=600,
        le=28_800,
        description="Longest time of the whole release, in seconds; longer than all waits together.",
    )

    @property
    def step(self) -> int:
        """The share of each step in percent, with the strategy's default; 100 for all at once."""
        return self.step_percent or {"canary": 10, "linear": 25, "rolling": 25}.get(self.strategy, 100)


class RollbackBlock(Block):
    """What rolls a release back, and raises an alarm at any time."""

    max_error_percent: float = by_class(
        5.0, 1.0, 1.0, ge=0.01, le=100, description="Share of requests that fail with a server error, in percent."
    )
    max_latency_ms: float = by_class(
        1000, 500, 500, ge=1, le=60_000, description="99th percentile of the model's latency, in milliseconds."
    )


class ServingBlock(Block):
    """The endpoint's instances, or serverless capacity, and what is captured of its traffic."""

    instance_type: InstanceType = by_class(
        "ml.t2.medium", "ml.m5.large", "ml.m5.large", description="Instance type of the endpoint."
    )
    instance_count: int = by_class(
        1, 2, 2, ge=1, le=1000, description="Instances of the endpoint at its creation, and fewest when it scales."
    )
    serverless_memory_mb: Literal[1024, 2048, 3072, 4096, 5120, 6144] | None = Field(
        default=None,
        description="Makes the endpoint serverless: memory in MB. Serverless endpoints have no instances, no "
        "scaling of their own, no capture, no monitor and no private network. Default: instances.",
    )
    serverless_max_concurrency: int = Field(
        default=5, ge=1, le=200, description="Most concurrent invocations of a serverless endpoint."
    )
    capture_percent: int = Field(
        default=100,
        ge=0,
        le=100,
        description="Share of requests and answers that is captured, in percent; 0 turns capture off.",
    )

    @property
    def serverless(self) -> bool:
        """Whether the endpoint is serverless."""
        return self.serverless_memory_mb is not None


class AutoscalingBlock(Block):
    """Target tracking on invocations per instance, from `serving.instance_count` upwards."""

    enabled: bool = by_class(False, True, True, description="Whether the endpoint scales with its traffic.")
    max_instances: int = by_class(2, 4, 8, ge=1, le=1000, description="Most instances.")
    invocations_per_instance: int = Field(
        default=600, ge=1, le=1_000_000, description="Target: invocations of one instance per minute."
    )
    scale_in_cooldown_seconds: int = Field(
        default=300, ge=0, le=86_400, description="Pause after a scale-in, in seconds."
    )
    scale_out_cooldown_seconds: int = Field(
        default=60, ge=0, le=86_400, description="Pause after a scale-out, in seconds."
    )


class ModelBlock(Block):
    """One model: its data, how it is trained, released, served and watched."""

    data: RelativePath = Field(
        description="CSV file of the first records, relative to the project.",
        examples=["data/mortgage-approval/hmda_boston_mortgages.csv"],
    )
    label: Column = Field(description="Column that the model predicts.", examples=["deny"])
    protected_attribute: Column | None = Field(
        default=None,
        description="Column by whose groups live answers are compared; never an input of the model. Training measures "
        "fairness by every protected column of the schema. Default: none, and no bias monitor.",
        examples=["afam"],
    )
    risk: Risk = Field(
        default="high",
        description="How much harm the model can do to people (EU AI Act): decides which monitors run, and stands in "
        "the card. Default: high; what a model is used for is nothing that an estate can tell, so a lower risk has to "
        "be stated.",
    )
    features: FeaturesBlock = Field(default_factory=FeaturesBlock, description="The feature group.")
    training: TrainingBlock = Field(default_factory=TrainingBlock, description="The training pipeline.")
    data_quality: DataQualityBlock = Field(
        default_factory=DataQualityBlock, description="What the data have to be like."
    )
    gates: GatesBlock = Field(default_factory=GatesBlock, description="What a model has to be like to be registered.")
    card: CardBlock = Field(default_factory=CardBlock, description="What the model's card says.")
    release: ReleaseBlock = Field(
        default_factory=ReleaseBlock, description="Which version is live, and how one is released."
    )
    rollback: RollbackBlock = Field(default_factory=RollbackBlock, description="What rolls a release back.")
    serving: ServingBlock = Field(default_factory=ServingBlock, description="The endpoint's instances.")
    autoscaling: AutoscalingBlock = Field(default_factory=AutoscalingBlock, description="Scaling with traffic.")
    monitoring: MonitoringBlock = Field(default_factory=MonitoringBlock, description="What is watched when it is live.")
    masking: MaskingBlock = Field(
        default_factory=MaskingBlock, description="How records are masked in the copy for other environments."
    )
    usage: UsageBlock = Field(default_factory=UsageBlock, description="How much it is used, for estimates of its cost.")

    @property
    def captured_percent(self) -> int:
        """The share of requests that is captured, in percent: none on a serverless endpoint."""
        return 0 if self.serving.serverless else self.serving.capture_percent

    @property
    def monitored(self) -> bool:
        """Whether the model can have monitors: not on a serverless endpoint."""
        return self.monitoring.enabled and not self.serving.serverless

    @property
    def monitors(self) -> tuple[Monitor, ...]:
        """The monitors that run: as written, and else by risk; by risk there is no bias monitor without groups."""
        if not self.monitored:
            return ()
        by_risk = BY_RISK[self.risk] - ({"bias"} if self.protected_attribute is None else set())
        wanted = {monitor: self.monitoring.own(monitor) for monitor in MONITORS}
        return tuple(name for name, own in wanted.items() if (name in by_risk if own is None else own))

    @property
    def most_instances(self) -> int:
        """How far the endpoint scales: no further than its instances where scaling is off."""
        return self.autoscaling.max_instances if self.autoscaling.enabled else self.serving.instance_count

    @property
    def schema_path(self) -> str:
        """The schema file, relative to the project: as configured, or beside the data."""
        return self.features.schema_file or f"{self.data.rpartition('/')[0]}/schema.yaml".lstrip("/")
