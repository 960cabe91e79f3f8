"""KMS: `aws-native` names of what the `aws` provider has."""

from __future__ import annotations

from mlops_policies.tokens import Alias

_RENAMES = {"keyPolicy": "policy", "pendingWindowInDays": "deletionWindowInDays"}

ALIASES: dict[str, Alias] = {
    # `origin` has no counterpart: the provider has other types for keys with imported material.
    "aws-native:kms:Key": Alias(
        "aws:kms/key:Key", {**_RENAMES, "keySpec": "customerMasterKeySpec", "enabled": "isEnabled"}
    ),
    "aws-native:kms:ReplicaKey": Alias("aws:kms/replicaKey:ReplicaKey", _RENAMES),
    "aws-native:kms:Alias": Alias("aws:kms/alias:Alias", {"aliasName": "name"}),
}
