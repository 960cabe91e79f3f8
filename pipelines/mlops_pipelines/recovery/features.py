"""The online store rebuilt from the offline store: AWS can't back the online store up.

Source: SageMaker developer guide, "Offline store data format" (columns added to each record, partitions by event time),
"Delete records" (soft and hard deletion); API reference, PutRecord and DeleteRecord (TargetStores, DeletionMode).
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

MOST_AT_ONCE = 100
"""Identifiers in one BatchGetRecord (API reference)."""
_ATHENA_WAITS = ("QUEUED", "RUNNING")


class UnreadableStore(ValueError):  # noqa: N818 -- what stops a rebuild
    """The offline store can't be read this way; the message says how it can."""


@dataclass(frozen=True, slots=True)
class FeatureGroup:
    """What of a feature group a rebuild needs. `offline_uri` is where its records are, `table` its Glue table."""

    name: str
    identifier: str
    event_time: str
    features: tuple[str, ...]
    offline_uri: str
    database: str = ""
    table: str = ""


@dataclass(frozen=True, slots=True)
class RebuiltStore:
    """How many records were written, removed because the offline store says so, and left as they stood."""

    written: int
    removed: int
    unchanged: int


def describe_group(sagemaker: Any, name: str) -> FeatureGroup:
    """Return a feature group as the service describes it; `UnreadableStore` where it has no offline store."""
    found = sagemaker.describe_feature_group(FeatureGroupName=name)
    offline = found.get("OfflineStoreConfig")
    if not offline:
        raise UnreadableStore(f"feature group {name} has no offline store to rebuild from")
    catalog = offline.get("DataCatalogConfig") or {}
    return FeatureGroup(
        name=name,
        identifier=found["RecordIdentifierFeatureName"],
        event_time=found["EventTimeFeatureName"],
        features=tuple(item["FeatureName"] for item in found["FeatureDefinitions"]),
        offline_uri=offline["S3StorageConfig"]["ResolvedOutputS3Uri"],
        database=catalog.get("Database", ""),
        table=catalog.get("TableName", ""),
    )


def offline_rows(s3: Any, uri: str) -> Iterator[dict[str, Any]]:
    """Yield the rows of an offline store kept as JSON lines, as the embedded account keeps it.

    AWS writes Parquet or Iceberg, which this refuses with `UnreadableStore`: `athena_rows` reads those.
    """
    bucket, _, prefix = uri.removeprefix("s3://").partition("/")
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=f"{prefix.rstrip('/')}/"):
        for item in page.get("Contents", []):
            if not item["Key"].endswith(".jsonl"):
                rule = f"s3://{bucket}/{item['Key']} is no JSON lines file"
                raise UnreadableStore(f"{rule}; query the offline store's table instead (athena_rows)")
            body = s3.get_object(Bucket=bucket, Key=item["Key"])["Body"].read().decode()
            yield from map(json.loads, body.splitlines())


def query(group: FeatureGroup) -> str:
    """Return the Athena query of every row; which is the latest is decided by `latest_records`, here as everywhere."""
    named = [f'"{name}"' for name in (*group.features, "write_time", "api_invocation_time", "is_deleted")]
    return f'SELECT {", ".join(named)} FROM "{group.database}"."{group.table}"'  # noqa: S608 -- names of the group


def athena_rows(
    athena: Any, group: FeatureGroup, *, output_uri: str, wait: Callable[[float], None] = time.sleep
) -> Iterator[dict[str, Any]]:
    """Yield the rows of an offline store in AWS, by a query whose result is kept below `output_uri`.

    Raises `UnreadableStore` with Athena's reason where the query fails.
    """
    started = athena.start_query_execution(
        QueryString=query(group), ResultConfiguration={"OutputLocation": output_uri}
    )["QueryExecutionId"]
    while True:
        status = athena.get_query_execution(QueryExecutionId=started)["QueryExecution"]["Status"]
        if status["State"] not in _ATHENA_WAITS:
            break
        wait(2.0)
    if status["State"] != "SUCCEEDED":
        raise UnreadableStore(f"Athena says {status['State']}: {status.get('StateChangeReason', 'no reason given')}")
    header: list[str] | None = None
    for page in athena.get_paginator("get_query_results").paginate(QueryExecutionId=started):
        for row in page["ResultSet"]["Rows"]:
            values = [item.get("VarCharValue") for item in row["Data"]]
            if header is None:
                header = [str(value) for value in values]
                continue
            yield {name: value for name, value in zip(header, values, strict=True) if value is not None}


def latest_records(
    rows: Iterable[Mapping[str, Any]], group: FeatureGroup, as_of: datetime | None = None
) -> dict[str, Mapping[str, Any]]:
    """Return the latest row of each identifier by event time, deleted ones among them.

    Rows of the same event time are told apart by when they were written. With `as_of`, what was written after it is
    passed over: so a wrong deletion or a wrong write is undone.
    """
    found: dict[str, Mapping[str, Any]] = {}
    ranks: dict[str, tuple[float, float]] = {}
    for row in rows:
        written = moment(row["api_invocation_time"])
        if as_of is not None and written > as_of.timestamp():
            continue
        identifier = str(row[group.identifier])
        rank = (moment(row[group.event_time]), written)
        if identifier not in ranks or rank >= ranks[identifier]:
            found[identifier], ranks[identifier] = row, rank
    return found


def rebuild_online_store(
    runtime: Any,
    group: FeatureGroup,
    rows: Iterable[Mapping[str, Any]],
    *,
    as_of: datetime | None = None,
    on_record: Callable[[int, int], None] = lambda _number, _total: None,
) -> RebuiltStore:
    """Bring the latest record of each identifier back to the online store, as of now or of a moment.

    A record that stands as it should is left alone. Any other is deleted for good first, as a record, or the trace of a
    deletion, with a later event time would win over the one brought back. Only the online store is touched: the offline
    store keeps its history and gets no second copy. An identifier that only the online store knows isn't found.
    """
    known = list(rows)
    wanted = latest_records(known, group, as_of)
    newest = latest_records(known, group)
    identifiers = sorted(newest)
    counts = {"written": 0, "removed": 0, "unchanged": 0}
    done = 0
    for start in range(0, len(identifiers), MOST_AT_ONCE):
        some = identifiers[start : start + MOST_AT_ONCE]
        standing = online_records(runtime, group.name, some)
        for identifier in some:
            record = values_of(wanted.get(identifier), group)
            counts[_bring_back(runtime, group, identifier, record, standing.get(identifier), newest[identifier])] += 1
            done += 1
            on_record(done, len(identifiers))
    return RebuiltStore(**counts)


def _bring_back(
    runtime: Any,
    group: FeatureGroup,
    identifier: str,
    record: Mapping[str, str] | None,
    standing: Mapping[str, str] | None,
    newest: Mapping[str, Any],
) -> str:
    """Make one record what it should be, and return what was done."""
    if record == standing:
        return "unchanged"
    online = {"FeatureGroupName": group.name, "TargetStores": ["OnlineStore"]}
    runtime.delete_record(
        **online,
        RecordIdentifierValueAsString=identifier,
        EventTime=str(newest[group.event_time]),
        DeletionMode="HardDelete",
    )
    if record is None:
        return "removed"
    values = [{"FeatureName": name, "ValueAsString": value} for name, value in record.items()]
    runtime.put_record(**online, Record=values)
    return "written"


def online_records(runtime: Any, group: str, identifiers: Sequence[str]) -> dict[str, dict[str, str]]:
    """Return the records of the online store by identifier, of at most 100 (BatchGetRecord); those it lacks are left
    out. Raises `UnreadableStore` where the service leaves one unanswered."""
    asked = [{"FeatureGroupName": group, "RecordIdentifiersValueAsString": list(identifiers)}]
    answer = runtime.batch_get_record(Identifiers=asked)
    if unanswered := [*answer.get("Errors", []), *answer.get("UnprocessedIdentifiers", [])]:
        raise UnreadableStore(f"the online store of {group} doesn't answer: {unanswered[0]}")
    return {
        item["RecordIdentifierValueAsString"]: {
            value["FeatureName"]: value["ValueAsString"] for value in item["Record"]
        }
        for item in answer["Records"]
    }


def values_of(row: Mapping[str, Any] | None, group: FeatureGroup) -> dict[str, str] | None:
    """Return the features of an offline row as the online store holds them; None for a deleted or missing one."""
    if row is None or is_deleted(row):
        return None
    return {name: str(row[name]) for name in group.features if row.get(name) not in (None, "")}


def is_deleted(row: Mapping[str, Any]) -> bool:
    """Whether a row marks a deletion: a boolean, or Athena's text for it."""
    return str(row.get("is_deleted", "")).lower() == "true"


def moment(value: Any) -> float:
    """Return a time of the offline store as seconds since 1970: ISO 8601, Athena's timestamp (UTC), or a number."""
    text = str(value).strip()
    if re.fullmatch(r"[+-]?\d+(\.\d+)?([eE][+-]?\d+)?", text):
        return float(text)
    text = re.sub(r" UTC$|Z$", "+00:00", text)
    found = datetime.fromisoformat(text)
    return (found if found.tzinfo else datetime.fromisoformat(f"{text}+00:00")).timestamp()
