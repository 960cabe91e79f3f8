"""Features: the schema of a model's data, the feature definitions that follow from it, and ingestion."""

from mlops_pipelines.features.schema import Column, FeatureDefinition, Schema, definitions, load_schema

__all__ = ["Column", "FeatureDefinition", "Schema", "definitions", "load_schema"]
