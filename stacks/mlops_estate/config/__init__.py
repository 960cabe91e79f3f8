"""The typed configuration of an environment: models, rules, reading with positions, overlays, schema."""

from mlops_estate.config import names
from mlops_estate.config.document import ConfigFault
from mlops_estate.config.environment import EnvironmentConfig, parse, unpinned
from mlops_estate.config.estate import EstateBlock
from mlops_estate.config.loading import LoadedEnvironment, environments, load_environment
from mlops_estate.config.models import ModelBlock
from mlops_estate.config.overlays import overlay_account, overlay_network, overlay_versions
from mlops_estate.config.schema import json_schema
from mlops_estate.config.service_roles import role_notes
from mlops_estate.config.sources import load_schemas, monitors_left_out, running_monitors

__all__ = [
    "ConfigFault",
    "EnvironmentConfig",
    "EstateBlock",
    "LoadedEnvironment",
    "ModelBlock",
    "environments",
    "json_schema",
    "load_environment",
    "load_schemas",
    "monitors_left_out",
    "names",
    "overlay_account",
    "overlay_network",
    "overlay_versions",
    "parse",
    "role_notes",
    "running_monitors",
    "unpinned",
]
