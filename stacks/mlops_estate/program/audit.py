"""What is recorded for an auditor: the trail, the configuration history, their rules, and queries."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import pulumi

from mlops_components import AuditQueries, AuditTrail, ConfigurationRecorder, ConformanceRules
from mlops_estate.config import EnvironmentConfig
from mlops_estate.program.shared import Shared

if TYPE_CHECKING:
    from mlops_components import AuditQueriesArgs, AuditTrailArgs, ConfigurationRecorderArgs


def declare_audit(config: EnvironmentConfig, shared: Shared, opts: pulumi.ResourceOptions) -> dict[str, Any]:
    """Declare what is recorded and return its outputs: what exists in the account already is left alone."""
    outputs: dict[str, Any] = {}
    baseline, audit = config.estate.account_baseline, config.estate.audit
    log_uri: pulumi.Input[str] | None = None
    if baseline.mode("cloudtrail") == "create":
        trail = AuditTrail("audit", _trail_args(config, shared), opts)
        log_uri = trail.log_uri
        outputs |= {"trail": trail.trail_arn, "trail_bucket": trail.bucket, "alarms": trail.alarm_names}
    elif baseline.mode("cloudtrail") == "existing":
        log_uri = audit.existing_trail_uri
    if log_uri is not None:
        queries = AuditQueries("audit-queries", _queries_args(config, shared, log_uri), opts)
        outputs |= {"workgroup": queries.workgroup_name, "database": queries.database_name}
    else:
        pulumi.log.info("no audit queries: the estate makes no trail, and audit.existing_trail_uri names none")
    recorder_name: pulumi.Input[str] | None = None
    if baseline.mode("config_recorder") == "create":
        recorder = ConfigurationRecorder("configuration", _recorder_args(config, shared), opts)
        recorder_name = recorder.recorder_name
        outputs |= {"recorder": recorder.recorder_name, "configuration_bucket": recorder.bucket}
    elif baseline.mode("config_recorder") == "existing":
        recorder_name = "the account's own"
    if audit.conformance_rules and recorder_name is not None:
        rules = ConformanceRules(
            "conformance",
            {"prefix": config.prefix, "region": config.estate.region, "recorder_name": recorder_name},
            opts,
        )
        outputs |= {"conformance_pack": rules.pack_arn}
    return outputs


def _trail_args(config: EnvironmentConfig, shared: Shared) -> AuditTrailArgs:
    estate, audit = config.estate, config.estate.audit
    return {
        "prefix": config.prefix,
        "account": estate.account,
        "region": estate.region,
        "environment_class": config.environment_class,
        "operations_key_arn": shared.keys.operations_key_arn,
        "access_logs_bucket": shared.lake.access_logs_bucket,
        "data_buckets": _data_buckets(shared),
        "alarm_topic_arn": shared.topics.critical_topic_arn,
        "delivery_role_arns": estate.delivery_role_arns,
        "data_events": audit.data_events,
        "insights": audit.insights,
        "lock_mode": audit.trail_lock_mode,
        "lock_days": audit.trail_lock_days,
        "retention_days": audit.trail_retention_days,
        "log_group_retention_days": audit.log_group_retention_days,
        "protect": estate.protect,
    }


def _recorder_args(config: EnvironmentConfig, shared: Shared) -> ConfigurationRecorderArgs:
    estate = config.estate
    role = estate.account_baseline.mode("config_service_role")
    return {
        "prefix": config.prefix,
        "account": estate.account,
        "region": estate.region,
        "environment_class": config.environment_class,
        "operations_key_arn": shared.keys.operations_key_arn,
        "access_logs_bucket": shared.lake.access_logs_bucket,
        "frequency": estate.audit.config_frequency,
        "retention_days": estate.audit.config_retention_days,
        "service_role": "create" if role == "create" else "existing",
        "protect": estate.protect,
    }


def _queries_args(config: EnvironmentConfig, shared: Shared, log_uri: pulumi.Input[str]) -> AuditQueriesArgs:
    estate, audit, keys, lake = config.estate, config.estate.audit, shared.keys, shared.lake
    return {
        "prefix": config.prefix,
        "account": estate.account,
        "region": estate.region,
        "environment_class": config.environment_class,
        "log_uri": log_uri,
        "log_days": audit.trail_retention_days,
        "personal_buckets": _listed(lake.raw_bucket, lake.curated_bucket, lake.capture_bucket),
        "data_buckets": _data_buckets(shared),
        "key_arns": _listed(
            keys.personal_key_arn,
            keys.features_key_arn,
            keys.models_key_arn,
            keys.operations_key_arn,
            keys.signing_key_arn,
        ),
        "delivery_role_arns": estate.delivery_role_arns,
        "operations_key_arn": keys.operations_key_arn,
        "access_logs_bucket": lake.access_logs_bucket,
        "result_days": audit.query_result_days,
        "scan_limit_gb": audit.query_scan_limit_gb,
        "protect": estate.protect,
    }


def _data_buckets(shared: Shared) -> pulumi.Input[list[str]]:
    lake = shared.lake
    return _listed(
        lake.raw_bucket,
        lake.curated_bucket,
        lake.features_bucket,
        lake.models_bucket,
        lake.capture_bucket,
        lake.reports_bucket,
    )


def _listed(*values: pulumi.Output[str]) -> pulumi.Input[list[str]]:
    """Return a list of outputs, which Pulumi takes wherever it takes an output that is a list."""
    return cast("pulumi.Input[list[str]]", list(values))
