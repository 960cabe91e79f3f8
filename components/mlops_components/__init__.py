"""Pulumi component resources of the MLOps estate, each usable on its own.

Names load on first use, so that importing the package (or one component) does not import every `pulumi_aws` module.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mlops_components.account_baseline import AccountBaseline, AccountBaselineArgs
    from mlops_components.alert_topics import AlertTopics, AlertTopicsArgs
    from mlops_components.audit_queries import AuditQueries, AuditQueriesArgs
    from mlops_components.audit_trail import AuditTrail, AuditTrailArgs
    from mlops_components.backup_plan import BackupPlan, BackupPlanArgs
    from mlops_components.bias_monitor import BiasMonitor, BiasMonitorArgs
    from mlops_components.configuration_recorder import ConfigurationRecorder, ConfigurationRecorderArgs
    from mlops_components.conformance_rules import ConformanceRules, ConformanceRulesArgs
    from mlops_components.cost_anomaly_monitor import CostAnomalyMonitor, CostAnomalyMonitorArgs
    from mlops_components.data_catalog import DataCatalog, DataCatalogArgs
    from mlops_components.data_lake import DataLake, DataLakeArgs
    from mlops_components.data_quality_monitor import DataQualityMonitor, DataQualityMonitorArgs
    from mlops_components.delivery_role import DeliveryRole, DeliveryRoleArgs
    from mlops_components.detective_controls import DetectiveControls, DetectiveControlsArgs
    from mlops_components.encryption_keys import EncryptionKeys, EncryptionKeysArgs
    from mlops_components.environment_budget import EnvironmentBudget, EnvironmentBudgetArgs
    from mlops_components.execution_role import ExecutionRole, ExecutionRoleArgs
    from mlops_components.explainability_monitor import ExplainabilityMonitor, ExplainabilityMonitorArgs
    from mlops_components.feature_store import FeatureStore, FeatureStoreArgs
    from mlops_components.finding_alerts import FindingAlerts, FindingAlertsArgs
    from mlops_components.guarded_endpoint import GuardedEndpoint, GuardedEndpointArgs
    from mlops_components.image_repository import ImageRepository, ImageRepositoryArgs
    from mlops_components.masked_copy import MaskedCopy, MaskedCopyArgs
    from mlops_components.masked_import import MaskedImport, MaskedImportArgs
    from mlops_components.masking_pipeline import MaskingPipeline, MaskingPipelineArgs
    from mlops_components.model_quality_monitor import ModelQualityMonitor, ModelQualityMonitorArgs
    from mlops_components.model_registry import ModelRegistry, ModelRegistryArgs
    from mlops_components.monitoring_role import MonitoringRole, MonitoringRoleArgs
    from mlops_components.personas import Personas, PersonasArgs
    from mlops_components.pipeline_schedule import PipelineSchedule, PipelineScheduleArgs
    from mlops_components.private_network import PrivateNetwork, PrivateNetworkArgs
    from mlops_components.rotated_secret import RotatedSecret, RotatedSecretArgs
    from mlops_components.schedule_group import ScheduleGroup, ScheduleGroupArgs
    from mlops_components.state_backend import StateBackend, StateBackendArgs
    from mlops_components.studio_domain import StudioDomain, StudioDomainArgs
    from mlops_components.training_pipeline import TrainingPipeline, TrainingPipelineArgs
    from mlops_components.training_stop import TrainingStop, TrainingStopArgs
    from mlops_components.validation import ArgumentFaults

__version__ = "0.1.0"

_COMPONENTS = {
    "AccountBaseline": "account_baseline",
    "AlertTopics": "alert_topics",
    "AuditQueries": "audit_queries",
    "AuditTrail": "audit_trail",
    "BackupPlan": "backup_plan",
    "BiasMonitor": "bias_monitor",
    "ConfigurationRecorder": "configuration_recorder",
    "ConformanceRules": "conformance_rules",
    "CostAnomalyMonitor": "cost_anomaly_monitor",
    "DataCatalog": "data_catalog",
    "DataLake": "data_lake",
    "DataQualityMonitor": "data_quality_monitor",
    "DeliveryRole": "delivery_role",
    "DetectiveControls": "detective_controls",
    "EncryptionKeys": "encryption_keys",
    "EnvironmentBudget": "environment_budget",
    "ExecutionRole": "execution_role",
    "ExplainabilityMonitor": "explainability_monitor",
    "FeatureStore": "feature_store",
    "FindingAlerts": "finding_alerts",
    "GuardedEndpoint": "guarded_endpoint",
    "ImageRepository": "image_repository",
    "MaskedCopy": "masked_copy",
    "MaskedImport": "masked_import",
    "MaskingPipeline": "masking_pipeline",
    "ModelQualityMonitor": "model_quality_monitor",
    "ModelRegistry": "model_registry",
    "MonitoringRole": "monitoring_role",
    "Personas": "personas",
    "PipelineSchedule": "pipeline_schedule",
    "PrivateNetwork": "private_network",
    "ScheduleGroup": "schedule_group",
    "RotatedSecret": "rotated_secret",
    "StateBackend": "state_backend",
    "StudioDomain": "studio_domain",
    "TrainingPipeline": "training_pipeline",
    "TrainingStop": "training_stop",
}
_MODULES = {
    **_COMPONENTS,
    **{f"{name}Args": module for name, module in _COMPONENTS.items()},
    "ArgumentFaults": "validation",
}

__all__ = [
    "AccountBaseline",
    "AccountBaselineArgs",
    "AlertTopics",
    "AlertTopicsArgs",
    "ArgumentFaults",
    "AuditQueries",
    "AuditQueriesArgs",
    "AuditTrail",
    "AuditTrailArgs",
    "BackupPlan",
    "BackupPlanArgs",
    "BiasMonitor",
    "BiasMonitorArgs",
    "ConfigurationRecorder",
    "ConfigurationRecorderArgs",
    "ConformanceRules",
    "ConformanceRulesArgs",
    "CostAnomalyMonitor",
    "CostAnomalyMonitorArgs",
    "DataCatalog",
    "DataCatalogArgs",
    "DataLake",
    "DataLakeArgs",
    "DataQualityMonitor",
    "DataQualityMonitorArgs",
    "DeliveryRole",
    "DeliveryRoleArgs",
    "DetectiveControls",
    "DetectiveControlsArgs",
    "EncryptionKeys",
    "EncryptionKeysArgs",
    "EnvironmentBudget",
    "EnvironmentBudgetArgs",
    "ExecutionRole",
    "ExecutionRoleArgs",
    "ExplainabilityMonitor",
    "ExplainabilityMonitorArgs",
    "FeatureStore",
    "FeatureStoreArgs",
    "FindingAlerts",
    "FindingAlertsArgs",
    "GuardedEndpoint",
    "GuardedEndpointArgs",
    "ImageRepository",
    "ImageRepositoryArgs",
    "MaskedCopy",
    "MaskedCopyArgs",
    "MaskedImport",
    "MaskedImportArgs",
    "MaskingPipeline",
    "MaskingPipelineArgs",
    "ModelQualityMonitor",
    "ModelQualityMonitorArgs",
    "ModelRegistry",
    "ModelRegistryArgs",
    "MonitoringRole",
    "MonitoringRoleArgs",
    "Personas",
    "PersonasArgs",
    "PipelineSchedule",
    "PipelineScheduleArgs",
    "PrivateNetwork",
    "PrivateNetworkArgs",
    "RotatedSecret",
    "RotatedSecretArgs",
    "ScheduleGroup",
    "ScheduleGroupArgs",
    "StateBackend",
    "StateBackendArgs",
    "StudioDomain",
    "StudioDomainArgs",
    "TrainingPipeline",
    "TrainingPipelineArgs",
    "TrainingStop",
    "TrainingStopArgs",
    "__version__",
    "all_components",
]


def all_components() -> list[type]:
    """Return every component class, by name: what the package serves to other Pulumi languages."""
    return [getattr(import_module(f"{__name__}.{module}"), name) for name, module in sorted(_COMPONENTS.items())]


def __getattr__(name: str) -> Any:
    """Import the module that holds `name` on first use (PEP 562)."""
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)


def __dir__() -> list[str]:
    """Return what the package offers, loaded or not."""
    return sorted(__all__)
