"""All components of an environment wired to each other, as a stack would: what is shared, and one model."""

from __future__ import annotations

from typing import Any

import pulumi

import mlops_components as components
from mlops_components.monitor_jobs import KINDS
from mlops_estate.embedded.account import EmbeddedAccount
from mlops_estate.embedded.driver import AwsDriver
from mlops_estate.engine import run_program
from mlops_estate.graph import ResourceGraph
from tests.support import sdk  # noqa: F401  # before any component
from tests.support.recorder import ACCOUNT, REGION

MODEL = "mortgage-approval"
BUCKETS = ("raw", "curated", "features", "models", "capture", "reports", "access_logs")
FEATURES = [
    {"name": "application_id", "type": "String"},
    {"name": "event_time", "type": "String"},
    {"name": "loan_to_value", "type": "Fractional"},
]


def compose(
    environment: str = "dev",
    *,
    features: list[dict[str, str]] | None = None,
    monitoring: dict[str, Any] | None = None,
    **release: Any,
) -> None:
    """Declare the components; `release` (version, previous and whatever else) adds the endpoint and its monitors, which
    take `monitoring` too."""
    place = {"prefix": f"mlops-{environment}", "account": ACCOUNT, "region": REGION}
    common: dict[str, Any] = {**place, "environment_class": environment}
    keys = components.EncryptionKeys("keys", {**common})
    classes = {name: getattr(keys, f"{name}_key_arn") for name in ("personal", "features", "models", "operations")}
    network = components.PrivateNetwork(
        "network", {**common, "zones": ["eu-west-1a", "eu-west-1b"], "logs_key_arn": classes["operations"]}
    )
    lake = components.DataLake("lake", {**common, **{f"{name}_key_arn": arn for name, arn in classes.items()}})
    topics = components.AlertTopics(
        "alerts", {**place, "key_arn": classes["operations"], "critical_emails": ["oncall@example.com"]}
    )
    told = {f"{name}_topic_arn": getattr(topics, f"{name}_topic_arn") for name in ("warning", "critical")}
    components.EnvironmentBudget("budget", {"prefix": place["prefix"], "account": ACCOUNT, "monthly_usd": 300, **told})
    warned = {"prefix": place["prefix"], "topic_arn": topics.warning_topic_arn}
    components.CostAnomalyMonitor("unusual-cost", {**warned, "threshold_usd": 30})
    registry = components.ModelRegistry(
        "registry",
        {
            "account": ACCOUNT, "registry_account": ACCOUNT, "region": REGION, "group_name": f"mlops-{MODEL}",
            "reader_account_ids": ["222222222222"], "lineage_tags": {"dataset": "hmda-boston"},
        },
    )  # fmt: skip
    inside = {"subnet_ids": network.subnet_ids, "security_group_ids": network.security_group_ids}
    own_keys = {f"{name}_key_arn": classes[name] for name in ("personal", "models")}
    shared = {**common, **own_keys, **inside, "model": MODEL}
    _features(common, lake, classes["features"], features or FEATURES)
    _training(shared, lake, registry, keys.signing_key_arn)
    pulumi.export("group", registry.group_name)
    pulumi.export("vpc", network.vpc_id)
    pulumi.export("keys", classes)
    pulumi.export("signing_key", keys.signing_key_arn)
    pulumi.export("topic", topics.critical_topic_arn)
    pulumi.export("buckets", {purpose: getattr(lake, f"{purpose}_bucket") for purpose in BUCKETS})
    if release:
        endpoint = _endpoint(shared, lake, registry, {"alarm_topic_arn": topics.critical_topic_arn, **release})
        _monitors(shared, lake, endpoint, {"alarm_topic_arn": topics.warning_topic_arn, **(monitoring or {})})


def _features(common: dict[str, Any], lake: Any, key: Any, features: list[dict[str, str]]) -> None:
    table = {"name": "mortgage_approval", "key_prefix": MODEL, "columns": [{"name": "deny", "type": "int"}]}
    catalog = components.DataCatalog(
        "catalog", {"prefix": common["prefix"], "account": ACCOUNT, "raw_bucket": lake.raw_bucket, "tables": [table]}
    )
    store = components.FeatureStore(
        "features",
        {
            **common, "model": MODEL, "features": features, "record_identifier": "application_id",
            "event_time": "event_time", "features_bucket": lake.features_bucket, "features_key_arn": key,
            "database_name": catalog.database_name,
        },
    )  # fmt: skip
    pulumi.export("feature_group", store.feature_group_name)


def _training(shared: dict[str, Any], lake: Any, registry: Any, key: Any) -> None:
    buckets = {f"{name}_bucket": getattr(lake, f"{name}_bucket") for name in ("raw", "curated", "models", "reports")}
    image = f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/mlops/steps:0123456789ab"
    wanted = {"model_package_group_arn": registry.group_arn, "signing_key_arn": key, "steps_image_uri": image}
    training = components.TrainingPipeline("training", {**shared, **buckets, **wanted})
    pulumi.export("pipeline", training.pipeline_name)
    pulumi.export("source", training.source_uri)


def _endpoint(shared: dict[str, Any], lake: Any, registry: Any, release: dict[str, Any]) -> Any:
    capture = {"capture_bucket": lake.capture_bucket}
    models = {"models_bucket": lake.models_bucket, "model_package_group_arn": registry.group_arn}
    endpoint = components.GuardedEndpoint(MODEL, {**shared, **capture, **models, **release})
    pulumi.export("endpoint", endpoint.endpoint_name)
    return endpoint


def _monitors(shared: dict[str, Any], lake: Any, endpoint: Any, more: dict[str, Any]) -> None:
    buckets = {f"{name}_bucket": getattr(lake, f"{name}_bucket") for name in ("raw", "models", "reports", "capture")}
    place = {name: shared[name] for name in ("prefix", "account", "region", "model")}
    keys = {name: shared[name] for name in ("personal_key_arn", "models_key_arn")}
    role = components.MonitoringRole(
        "monitoring", {**place, **keys, **buckets, "endpoint_name": endpoint.endpoint_name, "monitors": list(KINDS)}
    )
    args = {name: value for name, value in shared.items() if name != "account"}
    args |= {"endpoint_name": endpoint.endpoint_name, "role_arn": role.role_arn, **more}
    args |= {name: buckets[name] for name in ("models_bucket", "reports_bucket")}
    labels = {"raw_bucket": lake.raw_bucket}
    monitor = components.DataQualityMonitor("monitor", args)
    components.ModelQualityMonitor("quality", {**args, **labels})
    components.BiasMonitor("bias", {**args, **labels, "protected_attribute": "afam"})
    del args["alarm_topic_arn"]
    components.ExplainabilityMonitor("explained", {**args, "model_name": endpoint.model_name})
    pulumi.export("schedule", monitor.schedule_name)


def rollback_alarms(cloudwatch: Any, endpoint: str) -> list[dict[str, Any]]:
    """Return the alarms on what SageMaker itself measures of an endpoint; monitors' alarms read other metrics."""
    return [
        alarm
        for alarm in cloudwatch.describe_alarms()["MetricAlarms"]
        if {"Name": "EndpointName", "Value": endpoint} in alarm.get("Dimensions", [])
    ]


class Standing:
    """An account in which the components stand, applied again with whatever changes."""

    def __init__(self, account: EmbeddedAccount, environment: str = "dev") -> None:
        self.environment = environment
        self.account, self.driver = account, AwsDriver(account, seed="components")
        self.graph: ResourceGraph | None = None

    def apply(self, **options: Any) -> ResourceGraph:
        """Apply the components, as they stood or changed."""
        self.graph = run_program(
            lambda: compose(self.environment, **options),
            stack=self.environment,
            config={},
            driver=self.driver,
            previous=self.graph,
        )
        return self.graph

    def client(self, service: str) -> Any:
        """Return a boto3 client of the account."""
        return self.account.client(service)

    def register(self) -> int:
        """Register a version in the model package group, as the pipeline does."""
        made = self.client("sagemaker").create_model_package(
            ModelPackageGroupName=self.graph.stack_outputs["group"],
            ModelApprovalStatus="Approved",
            InferenceSpecification={
                "Containers": [
                    {
                        "Image": "141502667606.dkr.ecr.eu-west-1.amazonaws.com/sagemaker-scikit-learn:1.9-0-cpu-py3",
                        "ModelDataUrl": f"s3://{self.graph.stack_outputs['buckets']['models']}/{MODEL}/model.tar.gz",
                    }
                ],
                "SupportedContentTypes": ["text/csv"],
                "SupportedResponseMIMETypes": ["application/json"],
            },
        )
        return int(made["ModelPackageArn"].rsplit("/", 1)[1])
