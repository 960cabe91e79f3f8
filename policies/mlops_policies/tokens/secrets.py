"""Secrets Manager: `aws-native` names of what the `aws` provider has."""

from __future__ import annotations

from mlops_policies.tokens import Alias

ALIASES: dict[str, Alias] = {
    "aws-native:secretsmanager:Secret": Alias("aws:secretsmanager/secret:Secret", {"replicaRegions": "replicas"}),
    "aws-native:secretsmanager:RotationSchedule": Alias("aws:secretsmanager/secretRotation:SecretRotation"),
    "aws-native:secretsmanager:ResourcePolicy": Alias(
        "aws:secretsmanager/secretPolicy:SecretPolicy", {"resourcePolicy": "policy", "secretId": "secretArn"}
    ),
}
