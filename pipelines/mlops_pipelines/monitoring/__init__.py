"""What the monitors run with: how captured traffic is read, and what is analysed in it."""

from mlops_pipelines.monitoring.analysis import (
    ANSWER_CLASS,
    ANSWER_PROBABILITY,
    bias_analysis,
    explainability_analysis,
    facet_values,
    features_path,
    positive_label,
    schema_at,
)
from mlops_pipelines.monitoring.ground_truth import bias_truth, model_quality_truth
from mlops_pipelines.monitoring.scripts import answers_script, features_script

__all__ = [
    "ANSWER_CLASS",
    "ANSWER_PROBABILITY",
    "answers_script",
    "bias_analysis",
    "bias_truth",
    "explainability_analysis",
    "facet_values",
    "features_path",
    "features_script",
    "model_quality_truth",
    "positive_label",
    "schema_at",
]
