"""How a model is trained, what its data and it have to be like, and what its card says.

Defaults are those of `mlops_pipelines.settings`, which the pipeline's steps read.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from mlops_estate.config.classes import Block, by_class
from mlops_estate.config.monitoring import InstanceType
from mlops_pipelines.settings import DataSettings, GateSettings, SearchSettings

Cadence = Literal["monthly", "quarterly", "none"]
Search = Literal["none", "tune", "automl"]
Family = Literal["gradient_boosting", "random_forest", "linear", "neural_network"]
Metric = Literal[
    "roc_auc", "average_precision", "f1", "balanced_accuracy", "accuracy", "f1_macro", "roc_auc_ovr", "r2", "rmse",
    "mae",
]  # fmt: skip
_DATA, _SEARCH, _GATES = DataSettings(), SearchSettings(), GateSettings()
_CARD = "https://docs.aws.amazon.com/sagemaker/latest/dg/model-cards-json-schema.html"


class TrainingBlock(Block):
    """The training pipeline."""

    ELSEWHERE: ClassVar[Mapping[str, str]] = {
        "minimum_auc": "gates.threshold",
        "metric": "gates.metric",
        "threshold": "gates.threshold",
    }

    search: Search = Field(
        default="tune",
        description="How hyperparameters are found: none (the defaults of `family`), tune (of `family`), automl (among "
        "all families).",
    )
    trials: int = Field(
        default=_SEARCH.trials, ge=1, le=100, description="Sets of hyperparameters that the search tries."
    )
    family: Family = Field(
        default="gradient_boosting", description="Algorithm, where the search does not choose it (automl)."
    )
    split: list[Annotated[float, Field(gt=0, lt=1)]] = Field(
        default_factory=lambda: list(_DATA.split),
        min_length=3,
        max_length=3,
        description="Shares of the records for training, validation and test; they sum to 1.",
        examples=[[0.7, 0.15, 0.15]],
    )
    instance_type: InstanceType = by_class(
        "ml.m5.large", "ml.m5.large", "ml.m5.xlarge", description="Instance type of the training job."
    )
    processing_instance_type: InstanceType = by_class(
        "ml.t3.medium", "ml.m5.large", "ml.m5.large", description="Instance type of all other jobs of the pipeline."
    )
    steps_image: str | None = Field(
        default=None,
        pattern=r"^[0-9]{12}\.dkr\.ecr\.[a-z0-9-]+\.amazonaws\.com/[a-z0-9][a-z0-9._/-]*"
        r"(@sha256:[0-9a-f]{64}|:[A-Za-z0-9_][A-Za-z0-9_.-]{0,127})$",
        description="Container of all jobs but training, in ECR, best by digest. Default: what is built from "
        "images/steps, by the folder's checksum, in the repository `{registry.prefix}/steps` of the registry's "
        "account.",
        examples=["123456789012.dkr.ecr.eu-west-1.amazonaws.com/mlops/steps@sha256:" + "0123456789abcdef" * 4],
    )
    use_spot: bool = Field(
        default=True, description="Train on managed spot capacity with checkpoints: up to 90 % cheaper."
    )
    max_runtime_seconds: int = Field(
        default=3600, ge=1, le=2_419_200, description="Longest run of the training job, in seconds."
    )
    max_wait_seconds: int | None = Field(
        default=None,
        ge=1,
        le=2_419_200,
        description="Longest time from submission to end on spot capacity, in seconds; at least `max_runtime_seconds`. "
        "Default: twice that.",
    )
    seed: int = Field(
        default=7, ge=0, le=2**32 - 1, description="Seed of the split, the search and the training algorithm."
    )
    schedule: Cadence = by_class(
        "none",
        "quarterly",
        "monthly",
        description="How often the pipeline is started anew, on the first day from 03:00 UTC: monthly, quarterly, or "
        "none (only by hand or by an event). What it registers still waits for approval.",
    )


class DataQualityBlock(Block):
    """What the data have to be like, beyond their schema; a run that finds otherwise ends before it trains."""

    min_records: int = Field(default=_DATA.min_records, ge=1, le=10**12, description="Fewest records.")
    max_missing_percent: float = Field(
        default=_DATA.max_missing_percent,
        ge=0,
        le=100,
        description="Share of empty cells in a column that may have some (`nullable`), in percent.",
    )
    max_duplicate_percent: float = Field(
        default=_DATA.max_duplicate_percent, ge=0, le=100, description="Share of repeated records, in percent."
    )
    max_psi: float = Field(
        default=_DATA.max_psi,
        ge=0,
        le=10,
        description="Population stability index against the last accepted snapshot above which a column has drifted; "
        "it has only if the test of `drift_p_value` rejects, too.",
    )
    drift_p_value: float = Field(
        default=_DATA.drift_p_value, gt=0, le=0.5, description="Level at which the two-sample test of drift rejects."
    )


class GatesBlock(Block):
    """What a model has to be like to be registered, whoever starts the pipeline."""

    metric: Metric | None = Field(
        default=None,
        description="Metric of the test set. Binary: roc_auc, average_precision, f1, balanced_accuracy, accuracy; "
        "multiclass: f1_macro, balanced_accuracy, accuracy, roc_auc_ovr; regression: r2, rmse, mae. Default: roc_auc, "
        "f1_macro or r2, by the label.",
        examples=["roc_auc"],
    )
    threshold: float | None = Field(
        default=None,
        description="Worst value of the metric that is good enough; of rmse and mae the most. Default: by metric, such "
        "as 0.7 for roc_auc, 0.6 for f1_macro, 0.3 for r2; rmse and mae have the unit of the label, and need one.",
        examples=[0.75],
    )
    champion_margin: float = Field(
        default=_GATES.champion_margin,
        ge=0,
        description="How much worse than the newest approved version a model may be, in units of the metric.",
    )
    max_selection_rate_difference: float = Field(
        default=_GATES.max_selection_rate_difference,
        ge=0,
        le=1,
        description="Largest difference between two groups of a protected column in the share of positive answers.",
    )
    max_equalized_odds_difference: float = Field(
        default=_GATES.max_equalized_odds_difference,
        ge=0,
        le=1,
        description="Largest difference between two groups of a protected column in true or false positive rates.",
    )
    robustness_epsilon: float = Field(
        default=_GATES.robustness_epsilon,
        ge=0,
        le=10,
        description="Size of the perturbation under which answers are compared, in standard deviations of a feature.",
    )
    max_flipped_percent: float = Field(
        default=_GATES.max_flipped_percent,
        ge=0,
        le=100,
        description="Share of records whose answer may change under that perturbation, in percent.",
    )
    max_generalisation_gap: float = Field(
        default=_GATES.max_generalisation_gap,
        ge=0,
        description="By how much the training set's metric may exceed the test set's.",
    )
    max_optimised_loss: float = Field(
        default=_GATES.max_optimised_loss, ge=0, description="What the optimised model may lose of the metric."
    )


class CardBlock(Block):
    """What only people know about a model, for its card."""

    intended_use: str = Field(
        default="",
        max_length=2048,
        description=f"What the model is for ([longest text]({_CARD}): 2048 characters).",
        examples=["A first opinion on mortgage applications, for a person who decides."],
    )
    out_of_scope: str = Field(
        default="", max_length=2048, description="What it is not for.", examples=["Decisions without a person."]
    )
    limitations: str = Field(
        default="", max_length=2048, description="Known limits.", examples=["Trained on data of one city."]
    )
    owner: str = Field(
        default="",
        max_length=1024,
        description="Who answers for the model. Default: `owner` of the estate.",
        examples=["Lending risk team"],
    )
