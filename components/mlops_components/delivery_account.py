"""What delivery may do to what has no name of the estate's: service-linked roles, Studio domain, adopted buckets.

It makes no application and enters none. Actions and the resource types they take: AWS service authorization reference.
"""

from collections.abc import Sequence

from mlops_components.delivery_policy import (
    BUCKET_SETTINGS,
    CODE_KEYS,
    PROJECT,
    TRAINING_CODE,
    Reach,
    service_roles_statement,
)
from mlops_components.documents import Statement, bucket_arn, statement


def account_statements(reach: Reach) -> Sequence[Statement]:
    """Return the statements. A domain's ARN holds an id and no name, so the project's tag binds it."""
    asked, owned = ({"StringEquals": {f"aws:{kind}Tag/project": PROJECT}} for kind in ("Request", "Resource"))
    verbs = ("Delete", "Describe", "Update")
    actions = [f"sagemaker:{verb}{noun}" for noun in ("Domain", "UserProfile") for verb in verbs]
    things = [reach.arn("sagemaker", f"{kind}/*") for kind in ("domain", "user-profile")]
    made = [
        service_roles_statement(reach),
        statement(
            "CreateStudio", ["sagemaker:AddTags", "sagemaker:CreateDomain", "sagemaker:CreateUserProfile"], things,
            condition=asked,
        ),
        statement("Studio", [*actions, "sagemaker:ListTags"], things, condition=owned),
    ]  # fmt: skip
    buckets = [bucket_arn(name, reach.region) for name in reach.adopted_buckets]
    if buckets:
        made.append(statement("AdoptedBuckets", BUCKET_SETTINGS, buckets))
        made.append(statement("AdoptedCode", TRAINING_CODE, [f"{arn}/{key}" for arn in buckets for key in CODE_KEYS]))
    return made
