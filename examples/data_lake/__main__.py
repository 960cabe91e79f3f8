"""Keys and buckets for another team's data, without the rest of the estate."""

import pulumi

from mlops_components import DataLake, EncryptionKeys

config = pulumi.Config()
place = {
    "prefix": "fraud-dev",
    "account": config.require("account"),
    "region": config.get("region") or "eu-west-1",
    "environment_class": "dev",
}

keys = EncryptionKeys("keys", {**place})
lake = DataLake(
    "lake",
    {
        **place,
        "personal_key_arn": keys.personal_key_arn,
        "features_key_arn": keys.features_key_arn,
        "models_key_arn": keys.models_key_arn,
        "operations_key_arn": keys.operations_key_arn,
        "capture_retention_days": 3,
    },
)

pulumi.export("raw", lake.raw_bucket)
pulumi.export("snapshots", lake.curated_bucket)
