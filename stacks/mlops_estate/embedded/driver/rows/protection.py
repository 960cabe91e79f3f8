"""Image repositories, secrets, and the functions that rotate them."""

from __future__ import annotations

from mlops_estate.embedded.driver.mapping import At
from mlops_estate.embedded.driver.operations import Call, Extra, Operations

REPOSITORY_KEYS = {"repositoryName": "params.repositoryName"}
ROWS = {
    "aws:ecr/repository:Repository": Operations(
        "ecr", "CreateRepository", "DescribeRepositories", "DeleteRepository", root="repositories[0]",
        keys=REPOSITORY_KEYS, id="{repositoryName}", auto_name="name", auto_name_limit=256,
        drop=("forceDelete",),  # a wish about deletion
        rename={"encryptionConfigurations": "encryptionConfiguration"},
        extras=(
            Extra(("imageTagMutability",), lambda i, k: [Call("PutImageTagMutability", {
                **k, "imageTagMutability": At(i.get("imageTagMutability") or "MUTABLE", "imageTagMutability"),
            })], on_create=False),
            Extra(("imageScanningConfiguration",), lambda i, k: [Call("PutImageScanningConfiguration", {
                **k, "imageScanningConfiguration": At(i["imageScanningConfiguration"], "imageScanningConfiguration"),
            })], on_create=False),
            Extra(("forceDelete",), lambda _i, _k: []),
        ),
        delete_before=lambda i, k: {**k, "force": At(bool(i.get("forceDelete")), "forceDelete")},
        outputs={
            "arn": "arn:aws:ecr:{region}:{account}:repository/{repositoryName}", "registryId": "{account}",
            "repositoryUrl": "{account}.dkr.ecr.{region}.amazonaws.com/{repositoryName}", "name": "{repositoryName}",
        },
        unread=("tags",), why_unread="DescribeRepositories shows no tags",
    ),
    "aws:ecr/lifecyclePolicy:LifecyclePolicy": Operations(
        "ecr", "PutLifecyclePolicy", "GetLifecyclePolicy", "DeleteLifecyclePolicy", "PutLifecyclePolicy",
        keys=REPOSITORY_KEYS, id="{repositoryName}",
        rename={"policy": "lifecyclePolicyText", "repository": "repositoryName"},
    ),
    "aws:ecr/repositoryPolicy:RepositoryPolicy": Operations(
        "ecr", "SetRepositoryPolicy", "GetRepositoryPolicy", "DeleteRepositoryPolicy", "SetRepositoryPolicy",
        keys=REPOSITORY_KEYS, id="{repositoryName}", rename={"policy": "policyText", "repository": "repositoryName"},
    ),
}  # fmt: skip
