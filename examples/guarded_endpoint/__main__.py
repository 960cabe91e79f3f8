"""A registered model served in a network you already have, released by canary and rolled back by alarms."""

import pulumi

from mlops_components import AlertTopics, DataLake, EncryptionKeys, GuardedEndpoint, ModelRegistry, PrivateNetwork

config = pulumi.Config()
region = config.get("region") or "eu-west-1"
place = {"prefix": "fraud-dev", "account": config.require("account"), "region": region}

network = PrivateNetwork(
    "network",
    {**place, "vpc_id": config.require("vpcId"), "subnet_ids": config.require_object("subnetIds")},
)
keys = EncryptionKeys("keys", {**place, "environment_class": "dev"})
lake = DataLake(
    "lake",
    {
        **place,
        "environment_class": "dev",
        "personal_key_arn": keys.personal_key_arn,
        "features_key_arn": keys.features_key_arn,
        "models_key_arn": keys.models_key_arn,
        "operations_key_arn": keys.operations_key_arn,
    },
)
alerts = AlertTopics("alerts", {**place, "key_arn": keys.operations_key_arn})
registry = ModelRegistry(
    "registry",
    {
        "account": place["account"],
        "registry_account": config.get("registryAccount") or place["account"],
        "region": region,
        "group_name": "fraud-score",
    },
)
endpoint = GuardedEndpoint(
    "fraud-score",
    {
        **place,
        "environment_class": "dev",
        "model": "score",
        "version": config.require_int("version"),
        "model_package_group_arn": registry.group_arn,
        "models_bucket": lake.models_bucket,
        "capture_bucket": lake.capture_bucket,
        "models_key_arn": keys.models_key_arn,
        "personal_key_arn": keys.personal_key_arn,
        "subnet_ids": network.subnet_ids,
        "security_group_ids": network.security_group_ids,
        "alarm_topic_arn": alerts.critical_topic_arn,
        "strategy": "canary",
        "instance_type": "ml.m5.large",
        "instance_count": 2,
        "wait_seconds": 300,
    },
)

pulumi.export("endpoint", endpoint.endpoint_name)
