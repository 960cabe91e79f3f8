"""Image repositories, secrets, and the functions that rotate them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pulumi

from mlops_estate.embedded.driver.mapping import At
from mlops_estate.embedded.driver.operations import Call, Extra, Inputs, Operations, Place
from mlops_estate.engine.wire import archive_bytes

LAMBDA = "arn:aws:lambda:{region}:{account}:function:{FunctionName}"


def _secret_deletion(inputs: Inputs, keys: Mapping[str, Any]) -> dict[str, Any]:
    """A window of 0 days is deletion at once; the provider's default is 30."""
    days = inputs.get("recoveryWindowInDays", 30)
    window = At(days, "recoveryWindowInDays")
    how = {"RecoveryWindowInDays": window} if days else {"ForceDeleteWithoutRecovery": True}
    return {"SecretId": keys["SecretId"], **how}


def _packed(code: Any) -> Any:
    """Return an archive as a zip file; what is none is for validation to say."""
    return archive_bytes(code) if isinstance(code, pulumi.Archive) else code


def _function(inputs: dict[str, Any], _place: Place) -> dict[str, Any]:
    """The package is sent with the call, as a zip file."""
    kept = dict(inputs)
    if "code" in inputs:
        kept["code"] = At({"zipFile": At(_packed(inputs["code"]), "code")}, "code")
    return kept


def _concurrency(inputs: Inputs, keys: Mapping[str, Any]) -> list[Call]:
    """Reserved concurrency is a setting of its own; the provider's -1 takes it away."""
    most = inputs.get("reservedConcurrentExecutions", -1)
    if most == -1:
        return [Call("DeleteFunctionConcurrency", dict(keys))]
    reserved = At(most, "reservedConcurrentExecutions")
    return [Call("PutFunctionConcurrency", {**keys, "ReservedConcurrentExecutions": reserved})]


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
    "aws:secretsmanager/secret:Secret": Operations(
        "secretsmanager", "CreateSecret", "DescribeSecret", "DeleteSecret", "UpdateSecret",
        keys={"SecretId": "response.ARN", "Name": "params.Name"}, id="{SecretId}", auto_name="name",
        auto_name_limit=512, drop=("recoveryWindowInDays",),  # used when the secret is deleted
        extras=(Extra(("recoveryWindowInDays",), lambda _i, _k: []),),
        delete_before=_secret_deletion, outputs={"arn": "{SecretId}", "name": "{Name}"},
        leaves="secret {Name} can be restored until its recovery window, if it has one, has passed",
    ),
    "aws:secretsmanager/secretPolicy:SecretPolicy": Operations(
        "secretsmanager", "PutResourcePolicy", "GetResourcePolicy", "DeleteResourcePolicy", "PutResourcePolicy",
        keys={"SecretId": "params.SecretId"}, id="{SecretId}",
        rename={"policy": "resourcePolicy", "secretArn": "secretId"},
        unread=("BlockPublicPolicy", "SecretId"), why_unread="GetResourcePolicy shows the policy alone",
    ),
    "aws:secretsmanager/secretRotation:SecretRotation": Operations(
        "secretsmanager", "RotateSecret", "DescribeSecret", "CancelRotateSecret", "RotateSecret",
        keys={"SecretId": "params.SecretId"}, id="{SecretId}", drop=("rotationEnabled",),
        unread=("RotateImmediately", "SecretId"), why_unread="they ask for a rotation, and are no property of it",
    ),
    "aws:lambda/function:Function": Operations(
        "lambda", "CreateFunction", "GetFunctionConfiguration", "DeleteFunction", "UpdateFunctionConfiguration",
        keys={"FunctionName": "params.FunctionName"}, id="{FunctionName}", auto_name="name", auto_name_limit=64,
        before=_function, update_drop=("code", "packageType", "publish", "architectures"),
        drop=("reservedConcurrentExecutions", "sourceCodeHash", "skipDestroy"),
        extras=(
            Extra(("reservedConcurrentExecutions",), _concurrency),
            Extra(("code", "architectures"), lambda i, k: [Call("UpdateFunctionCode", {
                **k, "ZipFile": At(_packed(i["code"]), "code"), "Architectures": i.get("architectures"),
            })], on_create=False),
            Extra(("sourceCodeHash",), lambda _i, _k: []),
        ),
        outputs={
            "arn": LAMBDA, "qualifiedArn": LAMBDA + ":$LATEST",
            "invokeArn": "arn:aws:apigateway:{region}:lambda:path/2015-03-31/functions/" + LAMBDA + "/invocations",
        },
        unread=("Code", "Tags", "Publish"), why_unread="GetFunctionConfiguration shows neither package nor tags",
    ),
    "aws:lambda/permission:Permission": Operations(
        "lambda", "AddPermission", "GetPolicy", "RemovePermission",
        keys={"FunctionName": "params.FunctionName", "StatementId": "params.StatementId"}, id="{StatementId}",
        rename={"function": "functionName"}, auto_name="statementId", auto_name_limit=100,
        unread=("Action", "FunctionName", "Principal", "SourceAccount", "SourceArn", "StatementId"),
        why_unread="GetPolicy shows the function's whole policy as one text",
    ),
}  # fmt: skip
