"""Buckets and the data catalogue."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from mlops_estate.embedded.driver.adoption import bucket_as_inputs
from mlops_estate.embedded.driver.mapping import At
from mlops_estate.embedded.driver.operations import Adoption, Call, Extra, Inputs, Operations, Place

BUCKET_KEYS = {"Bucket": "params.Bucket"}


def _bucket(inputs: dict[str, Any], place: Place) -> dict[str, Any]:
    """us-east-1 is the one region that takes no location constraint."""
    kept = {key: value for key, value in inputs.items() if key != "tags"}
    if place.region != "us-east-1":
        kept["createBucketConfiguration"] = {"locationConstraint": place.region}
    return kept


def _bucket_tags(inputs: Inputs, keys: Mapping[str, Any]) -> list[Call]:
    tags = [{"Key": key, "Value": At(value, f"tags.{key}")} for key, value in (inputs.get("tags") or {}).items()]
    if not tags:
        return [Call("DeleteBucketTagging", dict(keys))]
    return [Call("PutBucketTagging", {**keys, "Tagging": {"TagSet": tags}})]


def _inside(member: str, **fixed: Any) -> Callable[[dict[str, Any], Place], dict[str, Any]]:
    """Put every input but the bucket into one structure, as `PutBucketX(Bucket, X={...})` wants it."""

    def before(inputs: dict[str, Any], _place: Place) -> dict[str, Any]:
        rest = {key: At(value, key) for key, value in inputs.items() if key not in {"bucket", "expectedBucketOwner"}}
        return {"bucket": At(inputs.get("bucket"), "bucket"), member: At({**fixed, **rest}, "")}

    return before


def _settings(name: str, member: str, *, put: str = "", delete: str = "", root: str = "@", **fixed: Any) -> Operations:
    """Return the row of one of a bucket's settings: put, get, and delete where S3 has it."""
    return Operations(
        "s3", put or f"Put{name}", f"Get{name}", delete, put or f"Put{name}", root=root, keys=BUCKET_KEYS,
        id="{Bucket}", noun=name, before=_inside(member, **fixed),
    )  # fmt: skip


def _lifecycle(inputs: dict[str, Any], _place: Place) -> dict[str, Any]:
    """A rule's single transitions are lists at S3; a rule without a filter holds for every object."""
    rules = []
    for index, rule in enumerate(inputs.get("rules") or []):
        path = f"rules[{index}]"
        moved = {key: At(value, f"{path}.{key}") for key, value in rule.items()}
        moved.setdefault("filter", At({"prefix": ""}, f"{path}.filter"))
        if rule.get("filter") == {}:
            moved["filter"] = At({"prefix": ""}, f"{path}.filter")
        rules.append(At(moved, path))
    return {"bucket": At(inputs.get("bucket"), "bucket"), "lifecycleConfiguration": {"rules": rules}}


def _logging(inputs: dict[str, Any], _place: Place) -> dict[str, Any]:
    enabled = {key: At(value, key) for key, value in inputs.items() if key != "bucket"}
    return {"bucket": At(inputs.get("bucket"), "bucket"), "bucketLoggingStatus": {"loggingEnabled": At(enabled, "")}}


def _object(inputs: dict[str, Any], _place: Place) -> dict[str, Any]:
    """An object's content comes as text, base64, or a Pulumi asset."""
    import base64

    from mlops_estate.engine.wire import asset_bytes, is_described

    kept = {
        key: value for key, value in inputs.items() if key not in {"content", "contentBase64", "source", "kmsKeyId"}
    }
    if "content" in inputs:
        kept["body"] = At(str(inputs["content"]).encode(), "content")
    elif "contentBase64" in inputs:
        kept["body"] = At(base64.b64decode(inputs["contentBase64"]), "contentBase64")
    elif "source" in inputs:
        source = inputs["source"]
        # A record keeps an asset's hash, not its bytes: it is passed on as it is.
        kept["body"] = At(source if is_described(source) else asset_bytes(source), "source")
    if "kmsKeyId" in inputs:
        kept["sSEKMSKeyId"] = At(inputs["kmsKeyId"], "kmsKeyId")
    if kept.get("tags"):
        pairs = "&".join(f"{key}={value}" for key, value in kept.pop("tags").items())
        kept["tagging"] = At(pairs, "tags")
    return kept


def _table(inputs: dict[str, Any], _place: Place) -> dict[str, Any]:
    rest = {key: At(value, key) for key, value in inputs.items() if key not in {"databaseName", "catalogId"}}
    return {"databaseName": At(inputs.get("databaseName"), "databaseName"), "tableInput": At(rest, "")}


GLUE = "arn:aws:glue:{region}:{account}"
ROWS = {
    "aws:s3/bucket:Bucket": Operations(
        "s3", "CreateBucket", "HeadBucket", "DeleteBucket", keys=BUCKET_KEYS, id="{Bucket}", before=_bucket,
        auto_name="bucket", auto_name_limit=63,
        drop=("forceDestroy",),  # a wish about deletion
        rename={"objectLockEnabled": "objectLockEnabledForBucket"},
        extras=(Extra(("tags",), _bucket_tags), Extra(("forceDestroy",), lambda _i, _k: [])),
        outputs={
            "arn": "arn:aws:s3:::{Bucket}", "bucket": "{Bucket}", "bucketDomainName": "{Bucket}.s3.amazonaws.com",
            "bucketRegionalDomainName": "{Bucket}.s3.{region}.amazonaws.com", "bucketRegion": "{region}",
        },
        before_delete="empty_bucket",
        unread=("Bucket", "CreateBucketConfiguration", "ObjectLockEnabledForBucket"),
        why_unread="HeadBucket only says that it is there",
        adoption=Adoption("Bucket", bucket_as_inputs),
    ),
    "aws:s3/bucketVersioning:BucketVersioning": Operations(
        "s3", "PutBucketVersioning", "GetBucketVersioning", "", "PutBucketVersioning", keys=BUCKET_KEYS, id="{Bucket}",
    ),
    "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock": _settings(
        "PublicAccessBlock", "publicAccessBlockConfiguration", delete="DeletePublicAccessBlock",
    ),
    "aws:s3/bucketOwnershipControls:BucketOwnershipControls": Operations(
        "s3", "PutBucketOwnershipControls", "GetBucketOwnershipControls", "DeleteBucketOwnershipControls",
        "PutBucketOwnershipControls", keys=BUCKET_KEYS, id="{Bucket}",
        before=lambda i, _p: {
            "bucket": At(i.get("bucket"), "bucket"),
            "ownershipControls": {"rules": At([i["rule"]] if i.get("rule") else None, "rule")},
        },
    ),
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": _settings(
        "BucketEncryption", "serverSideEncryptionConfiguration", delete="DeleteBucketEncryption",
    ),
    "aws:s3/bucketPolicy:BucketPolicy": Operations(
        "s3", "PutBucketPolicy", "GetBucketPolicy", "DeleteBucketPolicy", "PutBucketPolicy",
        keys=BUCKET_KEYS, id="{Bucket}",
    ),
    "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration": Operations(
        "s3", "PutBucketLifecycleConfiguration", "GetBucketLifecycleConfiguration", "DeleteBucketLifecycle",
        "PutBucketLifecycleConfiguration", keys=BUCKET_KEYS, id="{Bucket}", before=_lifecycle,
    ),
    "aws:s3/bucketLogging:BucketLogging": Operations(
        "s3", "PutBucketLogging", "GetBucketLogging", "PutBucketLogging", "PutBucketLogging",
        keys=BUCKET_KEYS, id="{Bucket}", before=_logging,
        delete_before=lambda _i, k: {"Bucket": k["Bucket"], "BucketLoggingStatus": {}},
    ),
    "aws:s3/bucketObjectLockConfiguration:BucketObjectLockConfiguration": Operations(
        "s3", "PutObjectLockConfiguration", "GetObjectLockConfiguration", "", "PutObjectLockConfiguration",
        keys=BUCKET_KEYS, id="{Bucket}",
        before=_inside("objectLockConfiguration", objectLockEnabled="Enabled"),
    ),
    "aws:s3/bucketObjectv2:BucketObjectv2": Operations(
        "s3", "PutObject", "HeadObject", "", "PutObject", noun="Object", before_delete="delete_every_version",
        keys={"Bucket": "params.Bucket", "Key": "params.Key"}, id="{Bucket}/{Key}", before=_object,
        drop=("forceDestroy",), outputs={"arn": "arn:aws:s3:::{Bucket}/{Key}", "key": "{Key}", "bucket": "{Bucket}"},
        unread=("Body", "Bucket", "Key", "Tagging"), why_unread="HeadObject shows an object's headers",
    ),
    "aws:glue/catalogDatabase:CatalogDatabase": Operations(
        "glue", "CreateDatabase", "GetDatabase", "DeleteDatabase", "UpdateDatabase", root="Database",
        keys={"Name": "params.DatabaseInput.Name"}, id="{account}:{Name}",
        outputs={"arn": GLUE + ":database/{Name}", "name": "{Name}", "catalogId": "{account}"},
    ),
    "aws:glue/catalogTable:CatalogTable": Operations(
        "glue", "CreateTable", "GetTable", "DeleteTable", "UpdateTable", root="Table",
        keys={"DatabaseName": "params.DatabaseName", "Name": "params.TableInput.Name"},
        id="{account}:{DatabaseName}:{Name}", before=_table,
        outputs={"arn": GLUE + ":table/{DatabaseName}/{Name}", "name": "{Name}", "catalogId": "{account}"},
    ),
    "aws:glue/dataCatalogEncryptionSettings:DataCatalogEncryptionSettings": Operations(
        "glue", "PutDataCatalogEncryptionSettings", "GetDataCatalogEncryptionSettings", "",
        "PutDataCatalogEncryptionSettings", id="{account}",
        leaves="the Glue catalogue keeps its encryption settings: the service has no call to remove them",
    ),
}  # fmt: skip
