"""No key of the configuration is idle: a different value gives a different estate."""

from __future__ import annotations

import json
from contextlib import ExitStack
from functools import cache, partial
from types import ModuleType
from typing import Any, ClassVar
from unittest import mock

import pulumi
import pytest
from pydantic import BaseModel
from tests.support.programs import PROJECT, configured, program

import mlops_components
from mlops_components.encryption_keys import KEYS
from mlops_estate.config import names
from mlops_estate.config.baseline import AccountBaselineBlock
from mlops_estate.config.blocks import block_of
from mlops_estate.config.estate import EstateBlock
from mlops_estate.config.models import ModelBlock
from mlops_estate.config.people import EXAMPLE as PEOPLE
from mlops_estate.config.usage import EstateUsageBlock, UsageBlock

REGISTRY = {"account": "123456789012", "member_accounts": ["111122223333"]}
COPY = {"enabled": False, "source_account": "999999999999", "source_prefix": "mlops-original"}
VPC = {"vpc_id": "vpc-0a1b2c3d", "subnet_ids": ["subnet-0a1b2c3d"], "s3_endpoint_ids": ["vpce-0a1b2c3d"]}
OWN = {**VPC, "security_group_ids": ["sg-0a1b2c3d"]}

ANOMALY = {"budget": {"anomaly_usd": 7}}
MONITOR_ARN = "arn:aws:ce::123456789012:anomalymonitor/8e9f0a1b-2c3d-4e5f-8a9b-0c1d2e3f4a5b"
ONCE = AccountBaselineBlock.model_fields.keys() - {"default"}
# Key -> (what the estate is compared with, the changed block): for prod, with a version pinned.
ESTATE: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "environment_class": ({}, {"environment_class": "staging", "protection": {}}),
    "account": ({}, {"account": "111122223333"}),
    "region": ({}, {"region": "eu-west-2", "zones": ["eu-west-2a", "eu-west-2b", "eu-west-2c"]}),
    "zones": ({}, {"zones": ["eu-west-1a", "eu-west-1b"]}),
    "registry.account": ({}, {"registry": {"account": "999999999999"}}),
    "registry.prefix": ({}, {"registry": {"account": "123456789012", "prefix": "models"}}),
    "registry.member_accounts": (
        {"registry": {"account": "123456789012"}},
        {"registry": {"account": "123456789012", "member_accounts": ["999999999999"]}},
    ),
    "registry.member_role_names": (
        {"registry": REGISTRY},
        {"registry": {**REGISTRY, "member_role_names": ["ml-*"]}},
    ),
    "registry.organization_id": (
        {"registry": REGISTRY},
        {"registry": {**REGISTRY, "organization_id": "o-a1b2c3d4e5"}},
    ),
    "registry.repositories": ({"registry": REGISTRY}, {"registry": {**REGISTRY, "repositories": ["steps"]}}),
    **{
        f"people.{persona}.{key}": ({}, {"people": {**PEOPLE, persona: {**PEOPLE[persona], key: value}}})
        for persona in PEOPLE
        for key, value in (("sso", "Other"), ("principals", ["arn:aws:iam::123456789012:role/other"]))
    },
    "people.identity_accounts": ({}, {"people": {**PEOPLE, "identity_accounts": ["999999999999"]}}),
    "prefix": ({}, {"prefix": "ml-{environment}"}),
    "owner": ({}, {"owner": "risk"}),
    "runbooks": ({}, {"runbooks": "https://runbooks.example.org"}),
    "network.cidr": ({}, {"network": {"cidr": "10.1.0.0/16"}}),
    "network.vpc_id": ({"network": VPC}, {"network": {**VPC, "vpc_id": "vpc-1a1b2c3d"}}),
    "network.subnet_ids": ({"network": VPC}, {"network": {**VPC, "subnet_ids": ["subnet-1a1b2c3d"]}}),
    "network.security_group_ids": ({"network": VPC}, {"network": OWN}),
    "network.s3_endpoint_ids": ({"network": VPC}, {"network": {**VPC, "s3_endpoint_ids": ["vpce-1a1b2c3d"]}}),
    "network.flow_log_retention_days": ({}, {"network": {"flow_log_retention_days": 400}}),
    "alerts.critical": ({}, {"alerts": {"critical": ["a@example.com"]}}),
    "alerts.warning": ({"alerts": {}}, {"alerts": {"warning": ["a@example.com"]}}),
    "alerts.info": ({"alerts": {}}, {"alerts": {"info": ["a@example.com"]}}),
    "budget.monthly_usd": ({}, {"budget": {"monthly_usd": 7.5}}),
    "budget.warn_at_percent": ({}, {"budget": {"monthly_usd": 5000, "warn_at_percent": [90]}}),
    "budget.anomaly_usd": ({"account_baseline": "create"}, {"account_baseline": "create", **ANOMALY}),
    "budget.anomaly_monitor_arn": (
        {"account_baseline": "existing"},
        {"account_baseline": "existing", "budget": {"anomaly_monitor_arn": MONITOR_ARN}},
    ),
    "budget.action": ({}, {"budget": {"action": "none"}}),
    "budget.action_at_percent": ({}, {"budget": {"action_at_percent": 90}}),
    "budget.action_approval": ({}, {"budget": {"action_approval": "automatic"}}),
    "keys.deletion_window_days": ({}, {"keys": {"deletion_window_days": 29}}),
    "keys.rotation_days": ({}, {"keys": {"rotation_days": 90}}),
    "storage.snapshot_lock_mode": ({}, {"storage": {"snapshot_lock_mode": "GOVERNANCE"}}),
    "storage.snapshot_lock_days": ({}, {"storage": {"snapshot_lock_days": 9}}),
    "storage.capture_retention_days": ({}, {"storage": {"capture_retention_days": 9}}),
    "storage.log_retention_days": ({}, {"storage": {"log_retention_days": 9}}),
    "recovery.rpo_hours": ({}, {"recovery": {"rpo_hours": 9}}),
    "recovery.rto_hours": ({}, {"recovery": {"rto_hours": 9}}),
    "recovery.buckets": ({}, {"recovery": {"buckets": ["features", "raw"]}}),
    "recovery.interval_hours": ({}, {"recovery": {"interval_hours": 12}}),
    "recovery.continuous": ({"recovery": {"rpo_hours": 25}}, {"recovery": {"rpo_hours": 25, "continuous": False}}),
    "recovery.continuous_days": (
        {"recovery": {"lock_min_days": 30}},
        {"recovery": {"lock_min_days": 30, "continuous_days": 30}},
    ),
    "recovery.retention_days": ({}, {"recovery": {"retention_days": 99}}),
    "recovery.vault_lock": ({}, {"recovery": {"vault_lock": "governance"}}),
    "recovery.lock_grace_days": ({}, {"recovery": {"lock_grace_days": 9}}),
    "recovery.lock_min_days": ({}, {"recovery": {"lock_min_days": 9}}),
    "recovery.lock_max_days": ({}, {"recovery": {"lock_max_days": 999}}),
    "recovery.restore_test": ({}, {"recovery": {"restore_test": "off"}}),
    "protection.endpoint_only": ({}, {"protection": {"endpoint_only": False}}),
    "protection.outside_role_arns": (
        {},
        {"protection": {"outside_role_arns": ["arn:aws:iam::123456789012:role/data-delivery"]}},
    ),
    "audit.data_events": ({}, {"audit": {"data_events": False}}),
    "audit.insights": ({}, {"audit": {"insights": False}}),
    "audit.trail_lock_mode": ({}, {"audit": {"trail_lock_mode": "GOVERNANCE"}}),
    "audit.trail_lock_days": ({}, {"audit": {"trail_lock_days": 9}}),
    "audit.trail_retention_days": ({}, {"audit": {"trail_retention_days": 999}}),
    "audit.log_group_retention_days": ({}, {"audit": {"log_group_retention_days": 400}}),
    "audit.config_frequency": ({}, {"audit": {"config_frequency": "DAILY"}}),
    "audit.config_retention_days": ({}, {"audit": {"config_retention_days": 99}}),
    "audit.conformance_rules": ({}, {"audit": {"conformance_rules": False}}),
    "audit.query_scan_limit_gb": ({}, {"audit": {"query_scan_limit_gb": 9}}),
    "audit.query_result_days": ({}, {"audit": {"query_result_days": 9}}),
    "audit.existing_trail_uri": (
        {"account_baseline": "existing"},
        {"account_baseline": "existing", "audit": {"existing_trail_uri": "s3://trail-logs/AWSLogs/1/CloudTrail"}},
    ),
    "account_baseline.cloudtrail": ({}, {"account_baseline": {"default": "create", "cloudtrail": "off"}}),
    "account_baseline.config_recorder": ({}, {"account_baseline": {"default": "create", "config_recorder": "off"}}),
    "account_baseline.config_service_role": (
        {},
        {"account_baseline": {"default": "create", "config_service_role": "existing"}},
    ),
    "protection.masked_copy.enabled": ({}, {"protection": {"masked_copy": {"enabled": False}}}),
    "protection.masked_copy.readers": ({}, {"protection": {"masked_copy": {"readers": ["999999999999"]}}}),
    "protection.masked_copy.retention_days": ({}, {"protection": {"masked_copy": {"retention_days": 9}}}),
    "protection.masked_copy.key_rotation_days": ({}, {"protection": {"masked_copy": {"key_rotation_days": 9}}}),
    "protection.masked_copy.source_account": (
        {"protection": {"masked_copy": COPY}},
        {"protection": {"masked_copy": {**COPY, "source_account": "888888888888"}}},
    ),
    "protection.masked_copy.source_prefix": (
        {"protection": {"masked_copy": COPY}},
        {"protection": {"masked_copy": {**COPY, "source_prefix": "mlops-live"}}},
    ),
    "account_baseline.default": ({"account_baseline": "off"}, {"account_baseline": "create"}),
    **{
        f"adopt.buckets.{purpose.replace('-', '_')}": ({}, {"adopt": {"buckets": {purpose.replace("-", "_"): "acme"}}})
        for purpose in names.BUCKET_PURPOSES
    },
    **{
        f"adopt.keys.{data_class}": ({}, {"adopt": {"keys": {data_class: "1234abcd-12ab-34cd-56ef-1234567890ab"}}})
        for data_class in KEYS
    },
    **{
        f"account_baseline.{key}": ({}, {"account_baseline": {key: "off", "default": "create"}}) for key in sorted(ONCE)
    },
    "detection.finding_frequency": ({}, {"detection": {"finding_frequency": "ONE_HOUR"}}),
    "detection.guardduty_features": ({}, {"detection": {"guardduty_features": ["AI_PROTECTION"]}}),
    "detection.macie_schedule": ({}, {"detection": {"macie_schedule": "monthly"}}),
    "detection.macie_sampling_percent": ({}, {"detection": {"macie_sampling_percent": 9}}),
    "detection.standards": ({}, {"detection": {"standards": ["pci-dss/v/4.0.1"]}}),
    "detection.inspector_scans": ({}, {"detection": {"inspector_scans": ["EC2"]}}),
    "adopt.domain": (
        {"network": VPC, "studio": {"enabled": True}},
        {"network": VPC, "studio": {"enabled": True}, "adopt": {"domain": "d-abcdefghijkl"}},
    ),
    "studio.enabled": ({}, {"studio": {"enabled": True}}),
    "studio.auth_mode": ({"studio": {"enabled": True}}, {"studio": {"enabled": True, "auth_mode": "SSO"}}),
    "studio.idle_minutes": ({"studio": {"enabled": True}}, {"studio": {"enabled": True, "idle_minutes": 90}}),
    "studio.users": ({"studio": {"enabled": True}}, {"studio": {"enabled": True, "users": ["ada"]}}),
    "delivery_role_arns": ({}, {"delivery_role_arns": ["arn:aws:iam::123456789012:role/delivery"]}),
    "permissions_boundary_arn": (
        {},
        {"permissions_boundary_arn": "arn:aws:iam::123456789012:policy/mlops-bootstrap-boundary"},
    ),
    "protect": ({}, {"protect": False}),
}

GROUPS = {"method": "generalise", "groups": {"good": ["no"]}, "other": "bad"}


def masked(column: str, **rule: Any) -> dict[str, Any]:
    return {"masking": {"columns": {column: rule}}}


SERVERLESS = {"serving": {"serverless_memory_mb": 1024}}
MODELS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "data": ({}, {"data": "data/mortgage-approval/../mortgage-approval/hmda_boston_mortgages.csv"}),
    "protected_attribute": ({}, {"protected_attribute": None}),
    "features.online": ({}, {"features": {"online": False}}),
    "features.ttl_days": ({}, {"features": {"ttl_days": 9}}),
    "training.instance_type": ({}, {"training": {"instance_type": "ml.c5.large"}}),
    "training.processing_instance_type": ({}, {"training": {"processing_instance_type": "ml.c5.large"}}),
    "training.use_spot": ({}, {"training": {"use_spot": False}}),
    "training.max_runtime_seconds": ({}, {"training": {"max_runtime_seconds": 99}}),
    "training.max_wait_seconds": ({}, {"training": {"max_wait_seconds": 9999}}),
    "training.search": ({}, {"training": {"search": "automl"}}),
    "training.trials": ({}, {"training": {"trials": 9}}),
    "training.family": ({}, {"training": {"family": "linear"}}),
    "training.split": ({}, {"training": {"split": [0.7, 0.15, 0.15]}}),
    "training.steps_image": (
        {}, {"training": {"steps_image": "123456789012.dkr.ecr.eu-west-1.amazonaws.com/mlops/steps:1"}},
    ),
    "data_quality.min_records": ({}, {"data_quality": {"min_records": 9}}),
    "data_quality.max_missing_percent": ({}, {"data_quality": {"max_missing_percent": 9}}),
    "data_quality.max_duplicate_percent": ({}, {"data_quality": {"max_duplicate_percent": 9}}),
    "data_quality.max_psi": ({}, {"data_quality": {"max_psi": 0.3}}),
    "data_quality.drift_p_value": ({}, {"data_quality": {"drift_p_value": 0.05}}),
    "gates.metric": ({}, {"gates": {"metric": "f1"}}),
    "gates.threshold": ({}, {"gates": {"threshold": 0.9}}),
    "gates.champion_margin": ({}, {"gates": {"champion_margin": 0.1}}),
    "gates.max_selection_rate_difference": ({}, {"gates": {"max_selection_rate_difference": 0.1}}),
    "gates.max_equalized_odds_difference": ({}, {"gates": {"max_equalized_odds_difference": 0.1}}),
    "gates.robustness_epsilon": ({}, {"gates": {"robustness_epsilon": 0.3}}),
    "gates.max_flipped_percent": ({}, {"gates": {"max_flipped_percent": 9}}),
    "gates.max_generalisation_gap": ({}, {"gates": {"max_generalisation_gap": 0.9}}),
    "gates.max_optimised_loss": ({}, {"gates": {"max_optimised_loss": 0.9}}),
    "card.intended_use": ({}, {"card": {"intended_use": "A first opinion"}}),
    "card.out_of_scope": ({}, {"card": {"out_of_scope": "Decisions"}}),
    "card.limitations": ({}, {"card": {"limitations": "One city"}}),
    "card.owner": ({}, {"card": {"owner": "Lending"}}),
    "training.seed": ({}, {"training": {"seed": 0}}),
    "training.schedule": ({}, {"training": {"schedule": "quarterly"}}),
    "release.version": ({}, {"release": {"version": 2}}),
    "release.previous": ({"release": {"version": 2}}, {"release": {"version": 2, "previous": 1}}),
    "release.baseline_uri": ({}, {"release": {"version": 1, "baseline_uri": "s3://some-bucket/baseline"}}),
    "release.baselines": (
        {"release": {"version": 1, "baseline_uri": "s3://some-bucket/baseline"}},
        {"release": {"version": 1, "baseline_uri": "s3://some-bucket/baseline", "baselines": ["bias"]}},
    ),
    "release.strategy": ({}, {"release": {"version": 1, "strategy": "linear"}}),
    "release.step_percent": ({}, {"release": {"version": 1, "step_percent": 33}}),
    "release.wait_seconds": ({}, {"release": {"version": 1, "wait_seconds": 33}}),
    "release.termination_wait_seconds": ({}, {"release": {"version": 1, "termination_wait_seconds": 33}}),
    "release.max_execution_seconds": ({}, {"release": {"version": 1, "max_execution_seconds": 9999}}),
    "rollback.max_error_percent": ({}, {"rollback": {"max_error_percent": 9.0}}),
    "rollback.max_latency_ms": ({}, {"rollback": {"max_latency_ms": 99}}),
    "serving.instance_type": ({}, {"serving": {"instance_type": "ml.c5.large"}}),
    "serving.instance_count": ({}, {"serving": {"instance_count": 3}}),
    "serving.serverless_memory_mb": ({}, SERVERLESS),
    "serving.serverless_max_concurrency": (
        SERVERLESS, {"serving": {"serverless_memory_mb": 1024, "serverless_max_concurrency": 9}},
    ),
    "serving.capture_percent": ({}, {"serving": {"capture_percent": 9}}),
    "autoscaling.enabled": ({}, {"autoscaling": {"enabled": False}}),
    "autoscaling.max_instances": ({}, {"autoscaling": {"max_instances": 9}}),
    "autoscaling.invocations_per_instance": ({}, {"autoscaling": {"invocations_per_instance": 9}}),
    "autoscaling.scale_in_cooldown_seconds": ({}, {"autoscaling": {"scale_in_cooldown_seconds": 9}}),
    "autoscaling.scale_out_cooldown_seconds": ({}, {"autoscaling": {"scale_out_cooldown_seconds": 9}}),
    "risk": ({}, {"risk": "limited"}),
    "monitoring.enabled": ({}, {"monitoring": {"enabled": False}}),
    "monitoring.data_quality": ({}, {"monitoring": {"data_quality": False}}),
    "monitoring.model_quality": ({}, {"monitoring": {"model_quality": False}}),
    "monitoring.bias": ({}, {"monitoring": {"bias": False}}),
    "monitoring.explainability": ({"risk": "minimal"}, {"risk": "minimal", "monitoring": {"explainability": True}}),
    "monitoring.label_delay_hours": ({}, {"monitoring": {"label_delay_hours": 1}}),
    "monitoring.max_drift": ({}, {"monitoring": {"max_drift": 0.3}}),
    "monitoring.max_disparity": ({}, {"monitoring": {"max_disparity": 0.3}}),
    "monitoring.schedule": ({}, {"monitoring": {"schedule": "daily"}}),
    "monitoring.instance_type": ({}, {"monitoring": {"instance_type": "ml.c5.large"}}),
    "monitoring.max_runtime_seconds": ({}, {"monitoring": {"max_runtime_seconds": 99}}),
    "masking.minimum_group": ({}, {"masking": {"minimum_group": 9}}),
    **{
        f"masking.columns.{key}": (masked(column, **before), masked(column, **after))
        for key, column, before, after in (
            ("method", "pirat", {"method": "keep"}, {"method": "synthesise"}),
            ("domain", "afam", {"method": "hash"}, {"method": "hash", "domain": "group"}),
            ("length", "afam", {"method": "hash"}, {"method": "hash", "length": 16}),
            ("step", "pirat", {"method": "generalise", "step": 0.25}, {"method": "generalise", "step": 0.5}),
            ("bands", "pirat", {"method": "generalise", "bands": [0, 1]}, {"method": "generalise", "bands": [0, 2]}),
            ("groups", "phist", GROUPS, {**GROUPS, "groups": {"clean": ["no"]}}),
            ("other", "phist", GROUPS, {**GROUPS, "other": "rest"}),
        )
    },
}  # fmt: skip

OF_TEXTS = {f"masking.columns.{key}" for key in ("prefix", "year", "scan")}
"""Keys for columns of text alone, and the only data set has none; the component's own test covers them."""
OF_THE_DATA = {"label", "features.schema_file", *OF_TEXTS}
"""Keys that another value would make wrong for the only data set there is; the definition's own test covers two."""

ESTIMATED = {f"usage.{key}" for key in UsageBlock.model_fields}
ESTIMATED_OF_THE_ESTATE = {f"usage.{key}" for key in EstateUsageBlock.model_fields}
"""Keys that only estimates read: nothing is declared by them, as the last test here holds."""


def leaves(model: type[BaseModel], path: str = "") -> set[str]:
    found: set[str] = set()
    for name, field in model.model_fields.items():
        inner = block_of(field.annotation)
        found |= leaves(inner, f"{path}{name}.") if inner else {f"{path}{name}"}
    return found


def test_every_key_has_a_case():
    assert leaves(EstateBlock) == ESTATE.keys() | ESTIMATED_OF_THE_ESTATE
    assert leaves(ModelBlock) == MODELS.keys() | OF_THE_DATA | ESTIMATED


class Stub:
    """Stands for a component: keeps what it and its roles are given, and answers any output with its own name."""

    made: ClassVar[list[tuple[Any, ...]]] = []

    def __init__(self, kind: str, name: str, args: Any = None, opts: Any = None, **settings: Any) -> None:
        self._label = f"{kind} {name}"
        role = pulumi.ResourceTransformationArgs(None, "aws:iam/role:Role", name, {"tags": None}, None)
        transformed = [transform(role).props for transform in (opts or {}).get("transformations") or []]
        Stub.made.append((kind, name, args or settings, *transformed))

    def __getattr__(self, output: str) -> str:
        return f"{self._label}.{output}"


@cache
def given(estate: str, model: str) -> Any:
    """Return what the components are given, in order, and the outputs."""
    block = {"release": {"version": 1}, **json.loads(model)}
    config = configured("prod", estate=json.loads(estate), model=block)
    Stub.made = []
    parts = [
        part for name, part in vars(program).items() if isinstance(part, ModuleType) and "program." in part.__name__
    ]
    with ExitStack() as stack:
        for module in (program, *parts):
            for name in vars(module).keys() & set(mlops_components.__all__):
                stack.enter_context(mock.patch.object(module, name, partial(Stub, name)))
        for sdk in (program.aws, program.aws_native):
            stack.enter_context(mock.patch.object(sdk, "Provider", partial(Stub, "Provider")))
        stack.enter_context(mock.patch.object(program.pulumi, "ResourceOptions", dict))
        outputs = program.declare(config, PROJECT)
    assert len(Stub.made) > 10
    return Stub.made, outputs


@pytest.mark.parametrize("key", ESTATE)
def test_another_value_in_the_estate_gives_another_estate(key):
    before, after = (json.dumps(block) for block in ESTATE[key])
    assert given(before, "{}") != given(after, "{}")


@pytest.mark.parametrize("key", MODELS)
def test_another_value_in_a_model_gives_another_estate(key):
    before, after = (json.dumps(block) for block in MODELS[key])
    assert given("{}", before) != given("{}", after)


def test_usage_declares_nothing():
    model = {"usage": {key.removeprefix("usage."): 1 for key in ESTIMATED}}
    estate = {"usage": {key.removeprefix("usage."): 1 for key in ESTIMATED_OF_THE_ESTATE}}
    assert given("{}", "{}") == given(json.dumps(estate), json.dumps(model))
