"""Clients of AWS for the steps that call it, and failures that name the action, the resource and the fix.

boto3 is loaded when a client is made, never at import: the training job's container has none.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from mlops_pipelines.steps.shell import StepFault

DENIED = frozenset({"AccessDenied", "AccessDeniedException", "403", "UnauthorizedOperation"})
GONE = frozenset({"NoSuchKey", "NoSuchBucket", "NoSuchVersion", "404", "NotFound"})
CHUNK_BYTES = 1 << 20


def client(service: str, region: str | None = None) -> Any:
    """Return a boto3 client; `region` and the endpoint are the environment's where they are not given.

    With AWS_ENDPOINT_URL (a run on this machine) S3 is addressed by path: no bucket has a host name there.
    """
    import boto3
    from botocore.config import Config

    style: Any = {"addressing_style": "path"} if os.environ.get("AWS_ENDPOINT_URL") else {}
    config = Config(retries={"mode": "standard", "max_attempts": 5}, s3=style)
    return boto3.client(service, region_name=region or None, config=config)


@contextlib.contextmanager
def calling(action: str, resource: str) -> Iterator[None]:
    """Turn what AWS answers to one call into a `StepFault` that names the IAM action and the resource."""
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        yield
    except ClientError as error:
        code = error.response.get("Error", {}).get("Code", "")
        message = error.response.get("Error", {}).get("Message", "")
        if code in DENIED:
            raise StepFault(
                f"{action} on {resource} was denied ({message or code}): allow it in the step's role and, where the "
                "resource is another account's or encrypted, in its own policy and its key's"
            ) from error
        raise StepFault(f"{action} on {resource} failed with {code}: {message}") from error
    except BotoCoreError as error:
        raise StepFault(f"{action} on {resource} could not be called: {error}") from error


def split_uri(uri: str) -> tuple[str, str]:
    """Return bucket and key of an S3 URI. Raises `StepFault` for anything else."""
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    if not uri.startswith("s3://") or not bucket or not key:
        raise StepFault(f"{uri!r} is no S3 URI of an object: s3://bucket/key is meant")
    return bucket, key


def download(s3: Any, uri: str, path: Path) -> str | None:
    """Write an object to a file, whole or not at all, and return its SHA-256; None where the object is gone.

    Raises `StepFault` where it can't be read. S3 answers "denied" for an object that is not there too, to a caller
    that may not list the bucket (API reference, GetObject).
    """
    from botocore.exceptions import ClientError

    bucket, key = split_uri(uri)
    digest = hashlib.sha256()
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.partial")
    with calling("s3:GetObject", uri):
        try:
            body = s3.get_object(Bucket=bucket, Key=key)["Body"]
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") in GONE:
                return None
            raise
        with partial.open("wb") as file:
            for chunk in body.iter_chunks(CHUNK_BYTES):
                digest.update(chunk)
                file.write(chunk)
    partial.replace(path)
    return digest.hexdigest()
