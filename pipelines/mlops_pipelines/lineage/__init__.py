"""Lineage of data and models as SageMaker's own entities: described, recorded, asked."""

from mlops_pipelines.lineage.entities import Entity, Lineage, Link, entity_name, of_endpoint, of_package
from mlops_pipelines.lineage.queries import DataSet, data_behind, endpoints_of
from mlops_pipelines.lineage.recording import Recorded, record

__all__ = [
    "DataSet",
    "Entity",
    "Lineage",
    "Link",
    "Recorded",
    "data_behind",
    "endpoints_of",
    "entity_name",
    "of_endpoint",
    "of_package",
    "record",
]
