"""`estate pipeline run`: one model's pipeline, run in an embedded account, with a report of what came out."""

from mlops_estate.pipeline_run.outcome import Outcome, StepOutcome
from mlops_estate.pipeline_run.run import Asked, run_pipeline

__all__ = ["Asked", "Outcome", "StepOutcome", "run_pipeline"]
