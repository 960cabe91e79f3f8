"""SageMaker: `aws-native` names of what the `aws` provider has, and types that only `aws-native` has."""

from __future__ import annotations

from mlops_policies.tokens import Alias

ALIASES: dict[str, Alias] = {
    "aws-native:sagemaker:NotebookInstance": Alias(
        "aws:sagemaker/notebookInstance:NotebookInstance",
        {"notebookInstanceName": "name", "securityGroupIds": "securityGroups"},
    ),
}
