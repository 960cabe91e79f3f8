"""ECR: `aws-native` names of what the `aws` provider has.

A native repository holds its policy and its lifecycle policy; here they are its `policy` and `lifecyclePolicy`, which
the provider's repository doesn't have.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mlops_policies.tokens import Alias


def _repository(props: dict[str, Any]) -> dict[str, Any]:
    lifecycle = props.get("lifecyclePolicy")
    if isinstance(lifecycle, Mapping):
        props["lifecyclePolicy"] = lifecycle.get("lifecyclePolicyText")
    return props


ALIASES: dict[str, Alias] = {
    "aws-native:ecr:Repository": Alias(
        "aws:ecr/repository:Repository",
        {
            "repositoryName": "name",
            "encryptionConfiguration": "encryptionConfigurations",
            "emptyOnDelete": "forceDelete",
            "repositoryPolicyText": "policy",
            "lifecyclePolicy.lifecyclePolicyText": "lifecyclePolicy",
        },
        _repository,
    ),
    "aws-native:ecr:RegistryPolicy": Alias("aws:ecr/registryPolicy:RegistryPolicy", {"policyText": "policy"}),
    "aws-native:ecr:RegistryScanningConfiguration": Alias(
        "aws:ecr/registryScanningConfiguration:RegistryScanningConfiguration"
    ),
    "aws-native:ecr:RepositoryCreationTemplate": Alias(
        "aws:ecr/repositoryCreationTemplate:RepositoryCreationTemplate",
        {"appliedFor": "appliedFors", "encryptionConfiguration": "encryptionConfigurations"},
    ),
}
