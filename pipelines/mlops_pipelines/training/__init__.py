"""The training pipeline: its definition, compiled with the SageMaker SDK in a process of its own and kept as JSON."""

from mlops_pipelines.training.rendering import PLACEHOLDERS, load_definition, render_definition
from mlops_pipelines.training.source import source_bundle, source_key

__all__ = ["PLACEHOLDERS", "load_definition", "render_definition", "source_bundle", "source_key"]
