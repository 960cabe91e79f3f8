"""Objects of the embedded account by S3 URI, for what runs locally on its behalf."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any


def split_uri(uri: str) -> tuple[str, str]:
    """Return bucket and key of an S3 URI."""
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    return bucket, key


def fetcher(s3: Any) -> Callable[[str, Path], None]:
    """Return what copies an object, or all below a prefix, into a folder."""

    def fetch(uri: str, folder: Path) -> None:
        bucket, key = split_uri(uri)
        pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=key)
        keys = [item["Key"] for page in pages for item in page.get("Contents", [])]
        if key in keys and not key.endswith("/"):
            _copy(s3, bucket, key, folder / key.rsplit("/", 1)[-1])
            return
        base = f"{key.rstrip('/')}/" if key else ""
        below = [found for found in keys if found.startswith(base) and not found.endswith("/")]
        if not below:
            raise FileNotFoundError(uri)
        for found in below:
            _copy(s3, bucket, found, folder / found[len(base) :])

    return fetch


def storer(s3: Any) -> Callable[[Path, str], None]:
    """Return what keeps a local file as an object; the bucket's own settings encrypt and lock it."""

    def store(path: Path, uri: str) -> None:
        bucket, key = split_uri(uri)
        s3.put_object(Bucket=bucket, Key=key, Body=path.read_bytes())

    return store


def _copy(s3: Any, bucket: str, key: str, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(s3.get_object(Bucket=bucket, Key=key)["Body"].read())
