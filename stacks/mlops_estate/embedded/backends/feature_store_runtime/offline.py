"""The offline store in its bucket: each record with when it was written, by the hour of its event time.

The service buffers records, and writes Parquet within 15 minutes. Here they are JSON lines, and are in the bucket as
soon as somebody lists it. Source: SageMaker Developer Guide, Offline store data format.
"""

from __future__ import annotations

import datetime
import functools
import json
from collections.abc import Mapping
from typing import Any

from moto.core.utils import utcnow
from moto.moto_api._internal import mock_random
from moto.s3.models import S3Backend

from mlops_estate.embedded.backends.derived import derived_backends

FULL = 1000
"""Records that are written without waiting for somebody to look."""


def install() -> None:
    """Write what is buffered before a bucket is listed."""
    for name in ("list_objects", "list_object_versions"):
        setattr(S3Backend, name, _flushed(getattr(S3Backend, name)))


def append(
    backend: Any, group: Mapping[str, Any], values: Mapping[str, str], at: float, *, deleted: bool = False
) -> None:
    """Keep one row for the offline store of a group; `at` is its event time in seconds since 1970."""
    now = utcnow().replace(tzinfo=datetime.UTC).isoformat()
    row = {**values, "write_time": now, "api_invocation_time": now, "is_deleted": deleted}
    uri = group["OfflineStoreConfig"]["S3StorageConfig"]["ResolvedOutputS3Uri"]
    hour = datetime.datetime.fromtimestamp(at, datetime.UTC)
    folder = f"{uri}/year={hour:%Y}/month={hour:%m}/day={hour:%d}/hour={hour:%H}"
    pending: dict[str, list[Any]] = _pending(backend)
    rows = pending.setdefault(folder, [])
    rows.append((hour, row))
    if len(rows) >= FULL:
        _write(backend, folder, pending.pop(folder))


def _pending(backend: Any) -> dict[str, list[Any]]:
    """Return the rows that are not in a bucket yet, by folder; kept with the groups they are of."""
    store = derived_backends[backend.account_id][backend.region_name]
    found: dict[str, list[Any]] = store.remembered.setdefault(("FeatureGroup", "offline"), {})
    return found


def _flushed(listing: Any) -> Any:
    @functools.wraps(listing)
    def listed(self: S3Backend, *arguments: Any, **options: Any) -> Any:
        for store in list(derived_backends[self.account_id].values()):
            pending = _pending(store)
            for folder in list(pending):
                _write(store, folder, pending.pop(folder))
        return listing(self, *arguments, **options)

    return listed


def _write(backend: Any, folder: str, rows: list[Any]) -> None:
    """Write rows as one object, named like the service's: the latest event time in it, and sixteen characters."""
    from moto.s3.models import s3_backends

    latest = max(hour for hour, _ in rows)
    name = f"{latest:%Y%m%dT%H%M%SZ}_{mock_random.get_random_string(16)}.jsonl"
    bucket, _, prefix = folder.removeprefix("s3://").partition("/")
    body = "".join(json.dumps(row) + "\n" for _, row in rows)
    store = s3_backends[backend.account_id][backend.partition]
    if bucket in store.buckets:  # the service drops what it can't write, and tells CloudWatch
        store.put_object(bucket, f"{prefix}/{name}", body.encode())
