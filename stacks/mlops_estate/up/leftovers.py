"""Looks through an account after a teardown for what nobody expects to be there."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mlops_estate.engine import DestroyReport
    from mlops_estate.up.session import EstateSession


# What to list, by service: the method and where names are in its answer.
LISTS = (
    ("s3", "list_buckets", "Buckets[].Name"),
    ("iam", "list_roles", "Roles[].RoleName"),
    ("kms", "list_aliases", "Aliases[?!starts_with(AliasName, 'alias/aws/')].AliasName"),
    ("logs", "describe_log_groups", "logGroups[].logGroupName"),
    ("cloudwatch", "describe_alarms", "MetricAlarms[].AlarmName"),
    ("logs", "describe_metric_filters", "metricFilters[].filterName"),
    ("cloudtrail", "list_trails", "Trails[].Name"),
    ("config", "describe_configuration_recorders", "ConfigurationRecorders[].name"),
    ("config", "describe_delivery_channels", "DeliveryChannels[].name"),
    ("config", "describe_conformance_packs", "ConformancePackDetails[].ConformancePackName"),
    ("config", "describe_retention_configurations", "RetentionConfigurations[].Name"),
    ("athena", "list_work_groups", "WorkGroups[?Name!='primary'].Name"),
    ("sns", "list_topics", "Topics[].TopicArn"),
    ("backup", "list_backup_vaults", "BackupVaultList[].BackupVaultName"),
    ("backup", "list_backup_plans", "BackupPlansList[].BackupPlanName"),
    ("backup", "list_restore_testing_plans", "RestoreTestingPlans[].RestoreTestingPlanName"),
    ("events", "list_rules", "Rules[].Name"),
    ("glue", "get_databases", "DatabaseList[].Name"),
    ("ec2", "describe_vpc_endpoints", "VpcEndpoints[?State!='deleted'].VpcEndpointId"),
    ("ec2", "describe_flow_logs", "FlowLogs[].FlowLogId"),
    ("ec2", "describe_vpcs", "Vpcs[?!IsDefault].VpcId"),
    ("sqs", "list_queues", "QueueUrls"),
    ("scheduler", "list_schedule_groups", "ScheduleGroups[?Name!='default'].Name"),
    ("scheduler", "list_schedules", "Schedules[].Name"),
    ("ecr", "describe_repositories", "repositories[].repositoryName"),
    ("lambda", "list_functions", "Functions[].FunctionName"),
    ("secretsmanager", "list_secrets", "SecretList[].Name"),
    ("sagemaker", "list_models", "Models[].ModelName"),
    ("sagemaker", "list_endpoint_configs", "EndpointConfigs[].EndpointConfigName"),
    ("sagemaker", "list_endpoints", "Endpoints[].EndpointName"),
    ("sagemaker", "list_pipelines", "PipelineSummaries[].PipelineName"),
    ("sagemaker", "list_model_package_groups", "ModelPackageGroupSummaryList[].ModelPackageGroupName"),
    ("sagemaker", "list_feature_groups", "FeatureGroupSummaries[].FeatureGroupName"),
    ("sagemaker", "list_monitoring_schedules", "MonitoringScheduleSummaries[].MonitoringScheduleName"),
    ("sagemaker", "list_data_quality_job_definitions", "JobDefinitionSummaries[].MonitoringJobDefinitionName"),
)  # fmt: skip


def leftovers(session: EstateSession, destroyed: DestroyReport) -> list[str]:
    """Return what still stands, in words, but for what the teardown kept and said so."""
    graph = session.applied()
    kept = {*destroyed.kept, *destroyed.retained}
    names = {
        str(value) for urn in kept for value in (graph.nodes[urn].id, *graph.nodes[urn].aws.get("keys", {}).values())
    }
    return [f"{what}: {name}" for what, name in _standing(session.account) if name not in names]


def standing(account: Any) -> list[str]:
    """Return what stands in an account, in the words of `leftovers`."""
    return [f"{what}: {name}" for what, name in _standing(account)]


def _standing(account: Any) -> Iterator[tuple[str, str]]:
    import jmespath

    for service, method, path in LISTS:
        names = jmespath.search(path, getattr(account.client(service), method)()) or []
        yield from ((f"{service} {method.partition('_')[2]}", name) for name in names)
