"""The report of a training run: one HTML file that a reviewer reads before approving the model."""

from mlops_pipelines.reporting.page import render

__all__ = ["render"]
