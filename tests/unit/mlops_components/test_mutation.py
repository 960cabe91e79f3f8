"""What an expectation is worth: losing a parent, a key, a statement, a protection or a switch never passes."""

from __future__ import annotations

import ast
import gc
import inspect
import sys
from importlib import import_module
from types import ModuleType

import pytest
from tests.support.components import NAMES, children, deployed, expected, scenarios
from tests.support.mutation import Mutant, mutants

from mlops_components import buckets, log_bucket, monitor_jobs, signing_key, training_roles
from mlops_components.validation import ArgumentFaults

# At least this many mutants are made of each component, so that the mutator can't fall silent.
LEAST = {
    "AccountBaseline": 8,
    "AlertTopics": 10,
    "AuditQueries": 8,
    "AuditTrail": 14,
    "BackupPlan": 12,
    "BiasMonitor": 2,
    "ConfigurationRecorder": 8,
    "ConformanceRules": 1,
    "CostAnomalyMonitor": 2,
    "DataCatalog": 6,
    "DataLake": 25,
    "DataQualityMonitor": 2,
    "DeliveryRole": 7,
    "DetectiveControls": 20,
    "EncryptionKeys": 20,
    "EnvironmentBudget": 2,
    "ExecutionRole": 20,
    "ExplainabilityMonitor": 2,
    "FeatureStore": 6,
    "FindingAlerts": 8,
    "GuardedEndpoint": 10,
    "ImageRepository": 5,
    "MaskedCopy": 15,
    "MaskedImport": 5,
    "MaskingPipeline": 4,
    "ModelQualityMonitor": 2,
    "ModelRegistry": 3,
    "MonitoringRole": 1,
    "Personas": 6,
    "PipelineSchedule": 8,
    "PrivateNetwork": 20,
    "ScheduleGroup": 5,
    "RotatedSecret": 8,
    "StateBackend": 20,
    "StudioDomain": 15,
    "TrainingPipeline": 5,
    "TrainingStop": 6,
}


@pytest.fixture(autouse=True)
def _only_new_garbage():
    """Keep what other tests left out of the collections here: each would walk all of it."""
    gc.freeze()
    yield
    gc.unfreeze()


def _survives(component: str, mutant: Mutant) -> bool:
    module = mutant.load(f"mlops_components.{NAMES[component]}")
    for scenario, args in scenarios(component).items():
        try:
            made = children(deployed(component, args, getattr(module, component)))
        except (ArgumentFaults, AssertionError, KeyError, TypeError, ValueError):
            gc.collect()  # so that they warn here, not in the next test
            return False
        if made != expected(component, scenario):
            return False
    return True


# A mutant that raises half-way leaves the program's other coroutines behind.
@pytest.mark.filterwarnings("ignore:coroutine:RuntimeWarning", "ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("component", NAMES)
def test_every_mutant_is_noticed(component):
    source = inspect.getsource(import_module(f"mlops_components.{NAMES[component]}"))
    made = list(mutants(source))
    shared = [mutant for module, users in SHARED.items() if component in users for mutant in _mutants_of(module)]
    assert len(made) + len(shared) >= LEAST[component]
    assert {"parent"} <= {mutant.kind for mutant in made}
    assert [f"line {mutant.line}: {mutant.kind}" for mutant in made if _survives(component, mutant)] == []


# What components share is mutated too, and has to be noticed by one of those that use it.
MONITORS = ("BiasMonitor", "DataQualityMonitor", "ExplainabilityMonitor", "ModelQualityMonitor", "MonitoringRole")
SHARED: dict[ModuleType, tuple[str, ...]] = {
    monitor_jobs: MONITORS,
    buckets: ("DataLake", "MaskedCopy", "StateBackend"),
    log_bucket: ("AuditTrail", "AuditQueries", "ConfigurationRecorder"),
    signing_key: ("EncryptionKeys", "ExecutionRole"),
    training_roles: ("TrainingPipeline",),
}
KINDS: dict[ModuleType, set[str]] = {
    monitor_jobs: {"parent", "flip", "key volume_kms_key_id", "key kms_key_id"},
    buckets: {"parent", "statement"},
    log_bucket: {"parent", "protect"},
    signing_key: {"statement"},
    training_roles: {"parent"},
}


def _mutants_of(module: ModuleType) -> list[Mutant]:
    return list(mutants(inspect.getsource(module)))


@pytest.mark.filterwarnings("ignore:coroutine:RuntimeWarning", "ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("module", SHARED, ids=lambda module: module.__name__.rpartition(".")[2])
def test_every_mutant_of_what_components_share_is_noticed(module, monkeypatch):
    made = _mutants_of(module)
    assert {mutant.kind for mutant in made} >= KINDS[module]
    for mutant in made:
        with monkeypatch.context() as patched:
            patched.setitem(sys.modules, module.__name__, mutant.load(module.__name__))
            patched.setattr(module.__name__, sys.modules[module.__name__])
            noticed = [name for name in SHARED[module] if not _survives(name, _unchanged(name))]
        assert noticed, f"line {mutant.line}: {mutant.kind}"


def _unchanged(component: str) -> Mutant:
    return Mutant("nothing", 0, ast.parse(inspect.getsource(import_module(f"mlops_components.{NAMES[component]}"))))


@pytest.mark.parametrize("component", NAMES)
def test_an_unchanged_component_survives(component):
    assert _survives(component, _unchanged(component))
