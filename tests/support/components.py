"""Components deployed alone: arguments that are right, what they register, and the reviewed expectation on disk.

After a deliberate change `python -m tests.support.components` rewrites the expectations; read the diff.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from mlops_components.validation import ArgumentFaults
from tests.support import sdk  # noqa: F401  # before any component
from tests.support.programs import recorded
from tests.support.recorder import ACCOUNT, REGION, Registered, by_tail

EXPECTED = Path(__file__).resolve().parents[1] / "unit" / "mlops_components" / "expected"
OTHER_ACCOUNT = "222222222222"
MODEL = "mortgage-approval"
NAMES = {
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


def key(data_class: str) -> str:
    """Return the ARN of a data class's key."""
    return f"arn:aws:kms:{REGION}:{ACCOUNT}:key/{data_class}"


def bucket(purpose: str, environment: str) -> str:
    """Return the name of a purpose's bucket."""
    return f"mlops-{environment}-{purpose}-{ACCOUNT}-{REGION}"


GROUP_ARN = f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:model-package-group/mlops-{MODEL}"
NETWORK = {"subnet_ids": ["subnet-0a1b2c3d"], "security_group_ids": ["sg-0a1b2c3d"]}


_MEMBERS = {"member_role_names": ["mlops-*"], "organization_id": "o-0123456789"}


def topic(severity: str, environment: str) -> str:
    """Return the ARN of a severity's topic."""
    return f"arn:aws:sns:{REGION}:{ACCOUNT}:mlops-{environment}-{severity}"


def arguments(component: str, environment: str = "dev") -> dict[str, Any]:
    """Return good arguments; in dev the fewest, so every default shows, in prod also what has no default."""
    return _ARGUMENTS[component](environment, environment == "prod")


def scenarios(component: str) -> dict[str, dict[str, Any]]:
    """Return every set of arguments that has a reviewed expectation: dev, prod, and what differs in kind."""
    more = {name: {**arguments(component), **change} for name, change in _MORE.get(component, {}).items()}
    for args in more.values():
        for unset in [name for name, value in args.items() if value is None]:
            del args[unset]
    return {"dev": arguments(component, "dev"), "prod": arguments(component, "prod"), **more}


def _place(env: str) -> dict[str, Any]:
    return {"prefix": f"mlops-{env}", "account": ACCOUNT, "region": REGION}


def _common(env: str) -> dict[str, Any]:
    return {**_place(env), "environment_class": env}


def _keys(*classes: str) -> dict[str, str]:
    return {f"{name}_key_arn": key(name) for name in classes}


def _buckets(env: str, *purposes: str) -> dict[str, str]:
    return {f"{purpose}_bucket": bucket(purpose, env) for purpose in purposes}


def _encryption_keys(env: str, full: bool) -> dict[str, Any]:
    more = {"user_arns": [f"arn:aws:iam::{ACCOUNT}:role/deliver"], "reader_account_ids": [OTHER_ACCOUNT], **_MEMBERS}
    return {**_common(env), **({**more, "macie_reads": True} if full else {})}


def _private_network(env: str, full: bool) -> dict[str, Any]:
    more = {"trusted_account_ids": [OTHER_ACCOUNT], "cidr_block": "10.80.0.0/20"}
    zones = ["eu-west-1a", "eu-west-1b"]
    return {**_common(env), "zones": zones, "logs_key_arn": key("operations"), **(more if full else {})}


def _studio_domain(env: str, full: bool) -> dict[str, Any]:
    more = {"user_names": ["ada", "grace"], "auth_mode": "SSO"}
    return {**_common(env), **NETWORK, "vpc_id": "vpc-0a1b2c3d", "key_arn": key("personal"), **(more if full else {})}


def _data_lake(env: str, full: bool) -> dict[str, Any]:
    more = {
        "reader_account_ids": [OTHER_ACCOUNT], **_MEMBERS, "s3_endpoint_ids": ["vpce-0a1b2c3d"],
        "outside_role_arns": [f"arn:aws:iam::{ACCOUNT}:role/data-delivery"],
    }  # fmt: skip
    return {**_common(env), **_keys("personal", "features", "models", "operations"), **(more if full else {})}


def _backup_plan(env: str, full: bool) -> dict[str, Any]:
    more = {"maintainer_arns": [f"arn:aws:iam::{ACCOUNT}:role/mlops-bootstrap-delivery"]}
    held = [bucket(purpose, env) for purpose in ("curated", "features", "models", "reports")]
    keys = {"key_arns": [key("features"), key("models")], "vault_key_arn": key("personal")}
    told = {"warning_topic_arn": topic("warning", env)}
    return {**_common(env), "buckets": held, **keys, **told, **(more if full else {})}


def _data_catalog(env: str, full: bool) -> dict[str, Any]:
    table = {"name": "mortgage_approval", "key_prefix": MODEL, "columns": [{"name": "deny", "type": "int"}]}
    more = {"tables": [table], "catalog_encryption": "create", "catalog_key_arn": key("personal")}
    return {"prefix": f"mlops-{env}", "account": ACCOUNT, **_buckets(env, "raw"), **(more if full else {})}


def _log_bucket(env: str) -> dict[str, Any]:
    return {**_common(env), **_keys("operations"), "access_logs_bucket": bucket("access-logs", env)}


DELIVERY = f"arn:aws:iam::{ACCOUNT}:role/deliver"


def _audit_trail(env: str, full: bool) -> dict[str, Any]:
    more = {"alarm_topic_arn": topic("critical", env), "delivery_role_arns": [DELIVERY]}
    buckets = [bucket(purpose, env) for purpose in ("raw", "models")]
    return {**_log_bucket(env), "data_buckets": buckets, **(more if full else {})}


def _configuration_recorder(env: str, full: bool) -> dict[str, Any]:
    return {**_log_bucket(env), **({"service_role": "existing"} if full else {})}


def _conformance_rules(env: str, _full: bool) -> dict[str, Any]:
    return {"prefix": f"mlops-{env}", "region": REGION, "recorder_name": f"mlops-{env}-recorder"}


def _audit_queries(env: str, full: bool) -> dict[str, Any]:
    more = {"delivery_role_arns": [DELIVERY], "log_regions": [REGION, "us-east-1"]}
    return {
        **_log_bucket(env), "log_uri": f"s3://{bucket('cloudtrail', env)}/AWSLogs/{ACCOUNT}/CloudTrail",
        "log_days": 30, "personal_buckets": [bucket("raw", env)],
        "data_buckets": [bucket("raw", env), bucket("models", env)], "key_arns": [key("personal"), key("models")],
        **(more if full else {}),
    }  # fmt: skip


def _alert_topics(env: str, full: bool) -> dict[str, Any]:
    more = {f"{severity}_emails": [f"{severity}@example.com"] for severity in ("critical", "warning", "info")}
    return {**_place(env), "key_arn": key("operations"), **(more if full else {})}


def _environment_budget(env: str, full: bool) -> dict[str, Any]:
    topics = {f"{severity}_topic_arn": topic(severity, env) for severity in ("warning", "critical")}
    more = {"warn_at_percent": [50, 80, 100]} if full else {}
    return {"prefix": f"mlops-{env}", "account": ACCOUNT, "monthly_usd": 300, **topics, **more}


def _execution_role(env: str, full: bool) -> dict[str, Any]:
    more = {
        "read_uris": [f"s3://{bucket('raw', env)}/{MODEL}"],
        "write_uris": [f"s3://{bucket('models', env)}/{MODEL}/"],
        "key_arns": [key("models"), key("personal")],
        "image_uris": [f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/training:1"],
        "read_key_arns": [key("features")],
        "permissions_boundary_arn": f"arn:aws:iam::{ACCOUNT}:policy/boundary",
    }
    return {**_place(env), "role_suffix": f"{MODEL}-training", "purpose": "training", **(more if full else {})}


def _feature_store(env: str, full: bool) -> dict[str, Any]:
    features = [{"name": name, "type": "String"} for name in ("application_id", "event_time")]
    features.append({"name": "loan_to_value", "type": "Fractional"})
    more = {"ttl_days": 90, "published_features": features[:2]} if full else {}
    return {
        **_common(env), "model": MODEL, "features": features, "record_identifier": "application_id",
        "event_time": "event_time", **_buckets(env, "features"), **_keys("features"),
        "database_name": f"mlops_{env}", **more,
    }  # fmt: skip


def _model_registry(env: str, full: bool) -> dict[str, Any]:
    more = {
        "reader_account_ids": [OTHER_ACCOUNT], "writer_account_ids": [OTHER_ACCOUNT],
        "lineage_tags": {"dataset": "hmda-boston", "label": "deny"}, "protect": True, **_MEMBERS,
    }  # fmt: skip
    base = {"account": ACCOUNT, "registry_account": ACCOUNT, "region": REGION, "group_name": f"mlops-{MODEL}"}
    return {**base, **(more if full else {})}


def _image_repository(env: str, full: bool) -> dict[str, Any]:
    base = {"account": ACCOUNT, "registry_account": ACCOUNT, "region": REGION, "environment_class": env}
    more = {"reader_account_ids": [OTHER_ACCOUNT], **_MEMBERS, "untagged_days": 30} if full else {}
    return {**base, "repository_name": "mlops/training", "key_arn": key("models"), **more}


STEPS_IMAGE = f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/mlops/steps:0123456789ab"


def _training_pipeline(env: str, full: bool) -> dict[str, Any]:
    more = {
        "label": "deny", "max_parallel_steps": 4, "artefact_account_ids": [OTHER_ACCOUNT],
        "artefact_prefixes": "mlops-*", "gates": {"metric": "f1", "threshold": 0.6}, "search": {"mode": "automl"},
        "data_quality": {"min_records": 500, "split": [0.7, 0.15, 0.15]}, "card": {"owner": "Lending", "risk": "high"},
    }  # fmt: skip
    return {
        **_common(env), "model": MODEL, **_buckets(env, "raw", "curated", "models", "reports"),
        **_keys("personal", "models", "signing"), **NETWORK, "model_package_group_arn": GROUP_ARN,
        "steps_image_uri": STEPS_IMAGE, **(more if full else {}),
    }  # fmt: skip


def _guarded_endpoint(env: str, full: bool) -> dict[str, Any]:
    more: dict[str, Any] = {"previous": 1, "alarm_topic_arn": topic("critical", env)} if full else {}
    more |= {"artefact_account_ids": [OTHER_ACCOUNT], "artefact_prefixes": "mlops-*"} if full else {}
    return {
        **_common(env), "model": MODEL, "version": 2, "model_package_group_arn": GROUP_ARN,
        **_buckets(env, "models", "capture"), **_keys("personal", "models"), **NETWORK, **more,
    }  # fmt: skip


BASELINES = f"s3://{bucket('reports', 'prod')}/{MODEL}/run/baseline"


def _monitor(env: str, full: bool, kind: str) -> dict[str, Any]:
    """What all monitors take; in prod also a baseline, a container and, but for explainability, a topic."""
    args = {
        "prefix": f"mlops-{env}", "region": REGION, "environment_class": env, "model": MODEL,
        "endpoint_name": f"mlops-{env}-{MODEL}", "role_arn": f"arn:aws:iam::{ACCOUNT}:role/mlops-{env}-{MODEL}-monitor",
        **_buckets(env, "models", "reports"), **_keys("personal", "models"), **NETWORK,
    }  # fmt: skip
    if full:
        args["baseline_constraints_uri"] = f"{BASELINES}/{kind}/constraints.json"
        args["image_uri"] = f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/analyzer:1"
        if kind != "explainability":
            args["alarm_topic_arn"] = topic("warning", env)
    return args


def _data_quality_monitor(env: str, full: bool) -> dict[str, Any]:
    more = {"baseline_statistics_uri": f"{BASELINES}/data-quality/statistics.json"} if full else {}
    return {**_monitor(env, full, "data-quality"), **more}


def _model_quality_monitor(env: str, full: bool) -> dict[str, Any]:
    return {**_monitor(env, full, "model-quality"), **_buckets(env, "raw")}


def _bias_monitor(env: str, full: bool) -> dict[str, Any]:
    return {**_monitor(env, full, "bias"), **_buckets(env, "raw"), "protected_attribute": "afam"}


def _explainability_monitor(env: str, full: bool) -> dict[str, Any]:
    return {**_monitor(env, full, "explainability"), "model_name": f"{MODEL}-v1"}


def _monitoring_role(env: str, full: bool) -> dict[str, Any]:
    monitors = ["data-quality", "model-quality", "bias", "explainability"] if full else ["data-quality"]
    return {
        **_place(env), "model": MODEL, "monitors": monitors, "endpoint_name": f"mlops-{env}-{MODEL}",
        **_buckets(env, "capture", "raw", "models", "reports"), **_keys("personal", "models"),
        **({"baseline_uri": BASELINES} if full else {}),
    }  # fmt: skip


def _schedule_group(env: str, full: bool) -> dict[str, Any]:
    return {**_place(env), "key_arn": key("operations"), "alarm_topic_arn": topic("warning", env)}


def _pipeline_schedule(env: str, full: bool) -> dict[str, Any]:
    base = f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:pipeline"
    more = {"raw_bucket": bucket("raw", env), "window_minutes": 60}
    return {
        **_place(env), "model": MODEL, "cadence": "monthly" if full else "quarterly",
        "pipeline_arn": f"{base}/mlops-{env}-{MODEL}-training", "group_name": f"mlops-{env}-training",
        "queue_arn": f"arn:aws:sqs:{REGION}:{ACCOUNT}:mlops-{env}-missed-training", "key_arn": key("operations"),
        **(more if full else {}),
    }  # fmt: skip


def _delivery_role(env: str, full: bool) -> dict[str, Any]:
    place = {**_place("bootstrap"), "estate_prefix": f"mlops-{env}"}
    more = {"environments": [env], "account_baseline": "existing", "session_seconds": 7200}
    state = {"state_bucket": bucket("state", "bootstrap"), "state_key_arn": key("state")}
    named = {"repository": "acme/estate", "branches": ["main"]}
    return {**place, **named, **state, "secrets_key_arn": key("secrets"), **(more if full else {})}


def _secret(env: str) -> str:
    return f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:mlops-{env}/pseudonymisation-a1b2c3"


def _masked_copy(env: str, full: bool) -> dict[str, Any]:
    more = {"reader_account_ids": [OTHER_ACCOUNT], "organization_id": "o-0123456789", "retention_days": 30}
    return {
        **_common(env), **_buckets(env, "raw", "models"), **_keys("personal", "models"), "secret_arn": _secret(env),
        "access_logs_bucket": bucket("access-logs", env), **(more if full else {}),
    }  # fmt: skip


def _masked_import(env: str, _full: bool) -> dict[str, Any]:
    source = {"source_account": OTHER_ACCOUNT, "source_prefix": "mlops-original"}
    return {**_place(env), **source, **_buckets(env, "raw"), **_keys("personal")}


def _masking_pipeline(env: str, full: bool) -> dict[str, Any]:
    more = {"masking": {"columns": {"pirat": {"method": "generalise", "step": 0.25}}}, "instance_type": "ml.m5.xlarge"}
    return {
        **_common(env), "model": MODEL, **_buckets(env, "raw", "models"), **_keys("personal", "models", "masked"),
        **NETWORK, "masked_uri": f"s3://{bucket('masked', env)}/", "secret_arn": _secret(env),
        "masking_role_arn": f"arn:aws:iam::{ACCOUNT}:role/mlops-{env}-masking", **(more if full else {}),
    }  # fmt: skip


def _rotated_secret(env: str, full: bool) -> dict[str, Any]:
    base = {**_common(env), "secret_name": "pseudonymisation", "description": "Key of pseudonyms"}
    more = {**NETWORK, "alarm_topic_arn": topic("critical", env), "rotation_days": 30, "key_bytes": 64}
    return {**base, "key_arn": key("personal"), "logs_key_arn": key("operations"), **(more if full else {})}


def _state_backend(env: str, full: bool) -> dict[str, Any]:
    users = [f"arn:aws:iam::{ACCOUNT}:role/mlops-bootstrap-delivery"]
    return {**_place("bootstrap"), "user_arns": users, **({} if full else {"protect": False})}


def _personas(env: str, full: bool) -> dict[str, Any]:
    trust: list[dict[str, Any]] = [
        {"persona": persona, "permission_set": name}
        for persona, name in (
            ("data_scientist", "DataScientist"), ("ml_engineer", "MlEngineer"), ("model_approver", "ModelApprover"),
            ("auditor", "Auditor"), ("platform_operator", "PlatformOperator"),
        )
    ]  # fmt: skip
    registry = {"registry_account": ACCOUNT if full else OTHER_ACCOUNT, "registry_prefix": "mlops"}
    keys = _keys("personal", "features", "models", "operations")
    base = {**_common(env), "environment": env, **registry, **keys, "trust": trust}
    if not full:
        return base
    named = [f"arn:aws:iam::{ACCOUNT}:user/ops/eve", f"arn:aws:iam::{OTHER_ACCOUNT}:role/operators"]
    trust[4] = {"persona": "platform_operator", "principal_arns": named}
    return {**base, "identity_account_ids": [OTHER_ACCOUNT], "project": "scoring"}


def _account_baseline(env: str, full: bool) -> dict[str, Any]:
    return {"account": ACCOUNT, **({"s3_public_access_block": "create", "ebs_encryption": "create"} if full else {})}


def _detective_controls(env: str, full: bool) -> dict[str, Any]:
    controls = ("guardduty", "macie", "security_hub", "inspector", "access_analyzer")
    buckets = {"personal_buckets": [bucket("raw", env), bucket("capture", env)]}
    return {**_common(env), **({**dict.fromkeys(controls, "create"), **buckets} if full else {})}


def _finding_alerts(env: str, full: bool) -> dict[str, Any]:
    topics = {f"{severity}_topic_arn": topic(severity, env) for severity in ("critical", "warning", "info")}
    more = {} if full else {"sources": ["guardduty"]}
    return {**_place(env), **topics, "key_arn": key("operations"), **more}


def _cost_anomaly_monitor(env: str, full: bool) -> dict[str, Any]:
    return {"prefix": f"mlops-{env}", "threshold_usd": 500 if full else 30, "topic_arn": topic("warning", env)}


def _training_stop(env: str, full: bool) -> dict[str, Any]:
    roles = [f"arn:aws:iam::{ACCOUNT}:role/mlops-{env}-{name}" for name in ("ml-engineer", f"{MODEL}-pipeline")]
    given = {"budget_name": f"mlops-{env}-monthly", "role_arns": roles, "topic_arn": topic("warning", env)}
    return {**_place(env), **given, **({} if full else {"approval": "automatic", "at_percent": 90})}


_ARGUMENTS: Mapping[str, Callable[[str, bool], dict[str, Any]]] = {
    "AccountBaseline": _account_baseline,
    "DetectiveControls": _detective_controls,
    "FindingAlerts": _finding_alerts,
    "AlertTopics": _alert_topics,
    "AuditQueries": _audit_queries,
    "AuditTrail": _audit_trail,
    "BackupPlan": _backup_plan,
    "BiasMonitor": _bias_monitor,
    "ConfigurationRecorder": _configuration_recorder,
    "ConformanceRules": _conformance_rules,
    "CostAnomalyMonitor": _cost_anomaly_monitor,
    "DataCatalog": _data_catalog,
    "DataLake": _data_lake,
    "DataQualityMonitor": _data_quality_monitor,
    "DeliveryRole": _delivery_role,
    "EncryptionKeys": _encryption_keys,
    "EnvironmentBudget": _environment_budget,
    "ExecutionRole": _execution_role,
    "ExplainabilityMonitor": _explainability_monitor,
    "FeatureStore": _feature_store,
    "GuardedEndpoint": _guarded_endpoint,
    "ImageRepository": _image_repository,
    "MaskedCopy": _masked_copy,
    "MaskedImport": _masked_import,
    "MaskingPipeline": _masking_pipeline,
    "ModelQualityMonitor": _model_quality_monitor,
    "ModelRegistry": _model_registry,
    "MonitoringRole": _monitoring_role,
    "Personas": _personas,
    "PipelineSchedule": _pipeline_schedule,
    "PrivateNetwork": _private_network,
    "ScheduleGroup": _schedule_group,
    "RotatedSecret": _rotated_secret,
    "StateBackend": _state_backend,
    "StudioDomain": _studio_domain,
    "TrainingPipeline": _training_pipeline,
    "TrainingStop": _training_stop,
}
_MONITOR = f"arn:aws:ce::{ACCOUNT}:anomalymonitor/8e9f0a1b-2c3d-4e5f-8a9b-0c1d2e3f4a5b"
_MORE: Mapping[str, Mapping[str, dict[str, Any]]] = {
    "CostAnomalyMonitor": {"existing": {"monitor_arn": _MONITOR}},
    "AuditTrail": {"management": {"data_events": False, "insights": True}},
    "BackupPlan": {"staging": {"environment_class": "staging"}},
    "DataLake": {
        "adopted": {"adopted_buckets": {"raw": "acme-raw", "curated": "acme-snapshots"}},
    },
    "StudioDomain": {"adopted": {"adopted_domain_id": "d-abcdefghijkl"}},
    "EncryptionKeys": {
        "adopted": {
            "adopted_key_ids": {"personal": key("1234abcd-12ab-34cd-56ef-1234567890ab")},
            "retained_classes": ["features"],
        },
    },
    "DetectiveControls": {
        "existing": {"environment_class": "staging", "personal_buckets": [bucket("raw", "staging")]},
    },
    "DeliveryRole": {
        "gitlab": {"issuer": "gitlab", "repository": "acme/ml/estate", "branches": ["main", "release/*"]},
    },
    "ExecutionRole": {
        "pipeline": {
            "purpose": "pipeline",
            "role_suffix": f"{MODEL}-pipeline",
            "model_package_group_arn": GROUP_ARN,
            "pipeline_name": f"mlops-dev-{MODEL}-training",
            "job_role_arns": [f"arn:aws:iam::{ACCOUNT}:role/mlops-dev-{MODEL}-training"],
            "image_uris": [f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/training:1"],
        },
        "processing": {
            "purpose": "processing", "role_suffix": f"{MODEL}-processing",
            "write_uris": [f"s3://{bucket('reports', 'dev')}/{MODEL}"],
            "sealed_uris": [f"s3://{bucket('reports', 'dev')}/{MODEL}/*/signature"],
        },
        "registry": {
            "purpose": "registry", "role_suffix": f"{MODEL}-registry", "model_package_group_arn": GROUP_ARN,
        },
        "signing": {"purpose": "signing", "role_suffix": f"{MODEL}-signing", "signing_key_arn": key("signing")},
        "verifying": {"purpose": "verifying", "role_suffix": f"{MODEL}-verifying", "signing_key_arn": key("signing")},
        "endpoint": {"purpose": "endpoint", "model_package_group_arn": GROUP_ARN},
        "feature_store": {
            "purpose": "feature_store",
            "database_name": "mlops_dev",
            "write_uris": [f"s3://{bucket('features', 'dev')}/offline/"],
        },
        "monitor": {"purpose": "monitor", "endpoint_name": f"mlops-dev-{MODEL}", "shadow_endpoints": True},
    },
    "GuardedEndpoint": {
        "rolling": {"strategy": "rolling", "instance_count": 4, "max_instances": 4},
        "serverless": {
            "serverless_memory_mb": 2048, "capture_bucket": None, "subnet_ids": None, "security_group_ids": None,
        },
    },
    "TrainingPipeline": {"in_s3": {"definition_in_s3": True}},
    "ImageRepository": {"elsewhere": {"registry_account": OTHER_ACCOUNT}},
    "ModelRegistry": {"elsewhere": {"registry_account": OTHER_ACCOUNT}},
    "Personas": {"bounded": {"permissions_boundary_arn": f"arn:aws:iam::{ACCOUNT}:policy/boundary"}},
    "PrivateNetwork": {
        "brought": {"zones": None, "logs_key_arn": None, "vpc_id": "vpc-0a1b2c3d", "subnet_ids": ["subnet-0a1b2c3d"]},
    },
}  # fmt: skip


def component_class(component: str) -> Any:
    """Return a component's class."""
    return getattr(import_module(f"mlops_components.{NAMES[component]}"), component)


def deployed(component: str, args: Mapping[str, Any], cls: Any = None) -> dict[str, Registered]:
    """Deploy one component under the name `it` and return its registrations by URN tail."""
    return by_tail(recorded(lambda: (cls or component_class(component))("it", dict(args))))


def faults(component: str, environment: str = "dev", **changes: Any) -> dict[str, str]:
    """Return path -> rule of what a component refuses; a change to None leaves that argument out."""
    args = {
        name: value for name, value in {**arguments(component, environment), **changes}.items() if value is not None
    }
    with pytest.raises(ArgumentFaults) as caught:
        component_class(component)("it", args)
    return {fault.path: fault.rule for fault in caught.value.faults}


def statements(policy: str | Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Return a policy document's statements by their Sid."""
    document = json.loads(policy) if isinstance(policy, str) else policy
    return {statement["Sid"]: statement for statement in document["Statement"]}


def only(nodes: Mapping[str, Registered], tail: str) -> Registered:
    """Return the one child whose URN ends in `tail`."""
    (found,) = [node for name, node in nodes.items() if node.custom and name.endswith(tail)]
    return found


def children(nodes: Mapping[str, Registered]) -> dict[str, Any]:
    """Return what a reviewer reads: children by URN tail with inputs, policies parsed, and engine options if any."""
    return {tail: _readable(node) for tail, node in sorted(nodes.items()) if node.custom}


def _readable(node: Registered) -> dict[str, Any]:
    made: dict[str, Any] = {"inputs": _value("", node.inputs)}
    if node.protect:
        made["protect"] = True
    if node.retain_on_delete:
        made["retainOnDelete"] = True
    if node.import_id:
        made["import"] = node.import_id
    if node.ignore_changes:
        made["ignoreChanges"] = node.ignore_changes
    if waits_for := sorted(urn.split("::")[-1] for urn in node.dependencies):
        made["dependsOn"] = waits_for
    return made


def _value(name: str, value: Any) -> Any:
    if isinstance(value, dict):
        return {inner: _value(inner, item) for inner, item in sorted(value.items())}
    if isinstance(value, list):
        return [_value(name, item) for item in value]
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if name == "contentBase64":
        return "<source bundle>"
    if name == "pipelineDefinition" or (name == "content" and '"PipelineExperimentConfig"' in str(value)):
        return "<definition>"
    if name == "content":
        return f"<{value.splitlines()[-1]}>" if value.startswith('"""') else json.loads(value)
    if not isinstance(value, str):
        return value
    if value.startswith('{"Version":"2012-10-17"'):
        return _value("", json.loads(value))
    value = re.sub(r"/definitions/[0-9a-f]{16}\.json", "/definitions/<content hash>.json", value)
    return re.sub(r"/(source|masking)/[0-9a-f]{16}/", r"/\1/<content hash>/", value)


def expectation(component: str, scenario: str) -> Path:
    """Return the file that holds a component's reviewed children in one scenario."""
    return EXPECTED / f"{NAMES[component]}.{scenario}.json"


def expected(component: str, scenario: str) -> dict[str, Any]:
    """Return the reviewed children."""
    found: dict[str, Any] = json.loads(expectation(component, scenario).read_text(encoding="utf-8"))
    return found


def compact(value: Any, indent: int = 0) -> str:
    """Return JSON that breaks only lines longer than 118 characters, so that a diff can be read."""
    flat = json.dumps(value)
    if len(flat) + indent <= 118 or not isinstance(value, (dict, list)) or not value:
        return flat
    pad = " " * (indent + 1)
    if isinstance(value, list) and not any(isinstance(item, (dict, list)) for item in value):
        rows = [""]
        for item in map(json.dumps, value):
            if rows[-1] and len(rows[-1]) + len(item) + indent > 116:
                rows.append("")
            rows[-1] += f", {item}" if rows[-1] else item
        return "[\n" + ",\n".join(pad + row for row in rows) + "\n" + pad[1:] + "]"
    if isinstance(value, list):
        return "[\n" + ",\n".join(pad + compact(item, indent + 1) for item in value) + "\n" + pad[1:] + "]"
    lines = (f"{pad}{json.dumps(name)}: {compact(item, indent + 1)}" for name, item in value.items())
    return "{\n" + ",\n".join(lines) + "\n" + pad[1:] + "}"


def rewrite(show: Callable[[str], None] = print) -> None:
    """Write every expectation anew."""
    for component in NAMES:
        for scenario, args in scenarios(component).items():
            made = children(deployed(component, args))
            expectation(component, scenario).write_text(compact(made) + "\n", encoding="utf-8")
            show(f"{component}, {scenario}: {len(made)} children")


if __name__ == "__main__":
    rewrite()
