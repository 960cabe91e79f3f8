"""Recovery at run time: what is exported, and how records, objects, model versions and state are brought back.

Every function takes boto3 clients, so that the same code restores an AWS account and rehearses in the embedded one.
"""

from mlops_pipelines.recovery.features import (
    FeatureGroup,
    RebuiltStore,
    describe_group,
    latest_records,
    offline_rows,
    rebuild_online_store,
)
from mlops_pipelines.recovery.objects import RestoredObjects, restore_objects
from mlops_pipelines.recovery.registry import (
    ExportDamaged,
    RestoredRegistry,
    export_registry,
    latest_export,
    load_export,
    restore_registry,
)
from mlops_pipelines.recovery.state import NoSoundState, RestoredState, restore_state

__all__ = [
    "ExportDamaged",
    "FeatureGroup",
    "NoSoundState",
    "RebuiltStore",
    "RestoredObjects",
    "RestoredRegistry",
    "RestoredState",
    "describe_group",
    "export_registry",
    "latest_export",
    "latest_records",
    "load_export",
    "offline_rows",
    "rebuild_online_store",
    "restore_objects",
    "restore_registry",
    "restore_state",
]
