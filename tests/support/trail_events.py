"""CloudTrail records as the services write them, and the table that Athena makes of them, in DuckDB."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import duckdb
import sqlglot
from sqlglot import exp

from mlops_components.audit_sql import COLUMNS, PARTITIONS, TABLE

ACCOUNT, REGION = "123456789012", "eu-west-1"
TODAY = "2026-03-31"


def assumed(role: str, session: str = "jane") -> dict[str, Any]:
    """Return the identity of somebody who works as a role."""
    arn = f"arn:aws:iam::{ACCOUNT}:role/{role}"
    issuer = {"type": "Role", "principalId": "AROA", "arn": arn, "accountId": ACCOUNT, "userName": role}
    return {
        "type": "AssumedRole",
        "principalId": f"AROA:{session}",
        "arn": f"arn:aws:sts::{ACCOUNT}:assumed-role/{role}/{session}",
        "accountId": ACCOUNT,
        "sessionContext": {"sessionIssuer": issuer, "attributes": {"mfaAuthenticated": "true"}},
    }


ROOT = {"type": "Root", "principalId": ACCOUNT, "arn": f"arn:aws:iam::{ACCOUNT}:root", "accountId": ACCOUNT}
USER = {"type": "IAMUser", "principalId": "AIDA", "arn": f"arn:aws:iam::{ACCOUNT}:user/kim", "userName": "kim"}


def event(
    source: str,
    name: str,
    who: Mapping[str, Any],
    request: Mapping[str, Any] | None = None,
    *,
    time: str = "2026-03-30T10:00:00Z",
    resources: Sequence[str] = (),
    **more: Any,
) -> dict[str, Any]:
    """Return a record of one call to `source`.amazonaws.com."""
    return {
        "eventVersion": "1.11",
        "userIdentity": dict(who),
        "eventTime": time,
        "eventSource": f"{source}.amazonaws.com",
        "eventName": name,
        "awsRegion": REGION,
        "sourceIPAddress": "10.0.0.1",
        "requestParameters": dict(request) if request is not None else None,
        "responseElements": None,
        "readOnly": name.startswith(("Get", "Describe", "List", "Decrypt")),
        "resources": [{"ARN": arn, "accountId": ACCOUNT} for arn in resources],
        "eventType": "AwsApiCall",
        **more,
    }


def answers(sql: str, events: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return the rows with which a query answers over these records; `TODAY` is the current date.

    The table has the columns and types of the component's, so a query that names another fails.
    """
    kinds = {name: _duck(kind) for name, kind in {**COLUMNS, **PARTITIONS}.items()}
    tree = sqlglot.parse_one(sql, read="athena")
    tree = tree.transform(lambda node: exp.cast(exp.Literal.string(TODAY), "date") if _today(node) else node)
    with duckdb.connect() as base:
        columns = ", ".join(f'"{name}" {kind}' for name, kind in kinds.items())
        base.execute(f"CREATE TABLE {TABLE} ({columns})")
        for record in events:
            row = {**_row(record), "region": record["awsRegion"], "day": record["eventTime"][:10].replace("-", "/")}
            casts = ", ".join(f"from_json(?, '{json.dumps(_shape(kind))}')" for kind in kinds.values())
            base.execute(f"INSERT INTO {TABLE} SELECT {casts}", [json.dumps(row.get(name)) for name in kinds])
        found = base.execute(tree.sql(dialect="duckdb"))
        names = [column[0] for column in found.description]
        return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def _today(node: exp.Expression) -> bool:
    return isinstance(node, exp.CurrentDate)


def _duck(kind: str) -> str:
    """Return DuckDB's spelling of a Hive type."""
    return sqlglot.exp.DataType.build(kind, dialect="hive").sql(dialect="duckdb")


def _shape(kind: str) -> Any:
    """Return a type as DuckDB's JSON reader takes it."""

    def shape(node: exp.DataType) -> Any:
        if node.this == exp.DataType.Type.STRUCT:
            return {field.name: shape(field.args["kind"]) for field in node.expressions}
        if node.this in (exp.DataType.Type.ARRAY, exp.DataType.Type.LIST):
            return [shape(node.expressions[0])]
        return node.sql(dialect="duckdb")

    return shape(exp.DataType.build(kind, dialect="duckdb"))


def _row(record: Mapping[str, Any]) -> dict[str, Any]:
    """Return a record as the table's serialiser reads it: names in lower case, requests and answers as JSON text."""
    row: dict[str, Any] = {}
    for name, value in record.items():
        key = name.lower()
        as_text = COLUMNS.get(key) == "string" and not isinstance(value, str) and value is not None
        row[key] = json.dumps(value) if as_text else _lower(value)
    return row


def _lower(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name.lower(): _lower(item) for name, item in value.items()}
    return [_lower(item) for item in value] if isinstance(value, list) else value
