"""The two questions of an auditor: which data made the model behind an endpoint, and which endpoints data reached."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from mlops_pipelines.lineage.entities import Entity, entity_name
from mlops_pipelines.lineage.recording import find_arn

DEEPEST = 10
"""How many associations a query follows: the most that QueryLineage takes; from records to endpoint there are six."""


@dataclass(frozen=True)
class DataSet:
    """Data behind a model: where it lies, its SHA-256 ("" where none is recorded), `raw` or `snapshot`."""

    uri: str
    sha256: str
    stage: str


def data_behind(client: Any, endpoint_name: str) -> list[DataSet]:
    """Return the data that made the model which an endpoint serves now, snapshots first.

    Raises `LookupError` where nothing has been recorded for the endpoint.
    """
    live = _live_deployment(client, endpoint_name)
    found = []
    for vertex in _walk(client, live, "Ascendants", "DataSet"):
        artifact = client.describe_artifact(ArtifactArn=vertex["Arn"])
        told = artifact.get("Properties") or {}
        found.append(DataSet(artifact["Source"]["SourceUri"], told.get("sha256", ""), told.get("stage", "")))
    return sorted(found, key=lambda item: (item.stage != "snapshot", item.uri))


def endpoints_of(client: Any, uri: str, sha256: str = "") -> list[str]:
    """Return the endpoints that now serve a model made of data, in alphabetical order.

    `sha256` tells snapshots at one place apart. Raises `LookupError` where the data have not been recorded.
    """
    arn = find_arn(client, Entity("artifact", "", "DataSet", uri, sha256))
    if arn is None:
        raise LookupError(f"no lineage is recorded of the data {uri}")
    reached = {vertex["Arn"] for vertex in _walk(client, arn, "Descendants", "ModelDeployment")}
    found = set()
    for vertex in _walk(client, arn, "Descendants", "Endpoint"):
        endpoint = _context(client, vertex["Arn"])
        if endpoint and _live_deployment(client, endpoint) in reached:
            found.add(endpoint)
    return sorted(found)


def _live_deployment(client: Any, endpoint_name: str) -> str:
    try:
        context = client.describe_context(ContextName=entity_name(endpoint_name, "endpoint"))
    except client.exceptions.ResourceNotFound:
        raise LookupError(f"no lineage is recorded of the endpoint {endpoint_name}") from None
    action = client.describe_action(ActionName=context["Properties"]["deployment"])
    return str(action["ActionArn"])


def _context(client: Any, arn: str) -> str:
    """Return the endpoint that a context stands for, "" for a context that the service made."""
    return str((client.describe_context(ContextName=arn).get("Properties") or {}).get("endpoint", ""))


def _walk(client: Any, start: str, direction: str, kind: str) -> Iterator[Mapping[str, Any]]:
    """Yield the entities of one type that a query reaches, page by page."""
    asked: dict[str, Any] = {
        "StartArns": [start],
        "Direction": direction,
        "IncludeEdges": False,
        "Filters": {"Types": [kind]},
        "MaxDepth": DEEPEST,
    }
    while True:
        page = client.query_lineage(**asked)
        yield from page.get("Vertices") or []
        if not page.get("NextToken"):
            return
        asked["NextToken"] = page["NextToken"]
