"""Lineage: associations between actions, artifacts, contexts and what else has an ARN, and queries along them."""

from __future__ import annotations

from typing import Any

from moto.core.responses import ActionResult
from moto.core.utils import utcnow
from moto.sagemaker.exceptions import ValidationError
from moto.sagemaker.models import sagemaker_backends
from moto.sagemaker.responses import SageMakerResponse

from mlops_estate.embedded.backends.derived import DerivedBackend, ResourceNotFound, plain_params
from mlops_estate.embedded.backends.sagemaker import OURS, derived

LINEAGE = {"action": "Action", "artifact": "Artifact", "context": "Context"}
# What an ARN's resource type is called in a query's answer where it is no lineage entity of its own.
COMPONENTS = {"experiment-trial-component": "TrialComponent", "experiment-trial": "Trial", "experiment": "Experiment"}


def install() -> None:
    """Add the operations; artifacts may be deleted by their source."""
    SageMakerResponse.add_association = _add
    SageMakerResponse.delete_association = _delete
    SageMakerResponse.list_associations = _list
    SageMakerResponse.query_lineage = _query
    OURS.update({"AddAssociation", "DeleteAssociation", "ListAssociations", "QueryLineage"})
    for name in ("delete_artifact", "delete_action", "delete_context"):
        _refusing(name, getattr(SageMakerResponse, name))


def _associations(self: Any) -> dict[tuple[str, str], dict[str, Any]]:
    rows: dict[Any, dict[str, Any]] = derived(self).rows.setdefault("Association", {})
    return rows


def _refusing(name: str, delete: Any) -> None:
    """Find an artifact by its source, and refuse to delete what still has associations."""

    def deleted(self: Any) -> ActionResult:
        params = plain_params(self.body)
        store = derived(self)
        noun = LINEAGE[name.removeprefix("delete_")]
        if noun == "Artifact" and "ArtifactArn" not in params:
            uri = (params.get("Source") or {}).get("SourceUri")
            rows = store.rows.get("Artifact", {}).values()
            arn = next((row["Arn"] for row in rows if row["Source"]["SourceUri"] == uri), None)
            if arn is None:
                raise ResourceNotFound(f"There is no artifact with the source {uri}.")
            self.body = f'{{"ArtifactArn": "{arn}"}}'
        else:
            arn = params.get("ArtifactArn") or store.rows.get(noun, {}).get((params.get(f"{noun}Name", ""),), {}).get(
                "Arn"
            )
        if arn and any(arn in key for key in _associations(self)):
            raise ValidationError(message=f"Cannot delete {arn}: delete its associations first.")
        result: ActionResult = delete(self)
        return result

    deleted.__doc__ = f"Answer {name}."
    setattr(SageMakerResponse, name, deleted)


def _entity(self: Any, arn: str) -> dict[str, Any]:
    """Return an entity's name, type and lineage type; `ResourceNotFound` where there is none with this ARN."""
    store: DerivedBackend = derived(self)
    resource = arn.split(":", 5)[-1]
    kind = resource.split("/", 1)[0]
    if kind in LINEAGE:
        row = next((row for row in store.rows.get(LINEAGE[kind], {}).values() if row["Arn"] == arn), None)
        if row is None:
            raise ResourceNotFound(f"Association entity {arn} does not exist.")
        noun = LINEAGE[kind]
        return {"Name": row.get(f"{noun}Name"), "Type": row.get(f"{noun}Type"), "LineageType": noun}
    if kind not in COMPONENTS:
        raise ValidationError(message=f"{arn} is no lineage entity: an action, artifact, context or trial component")
    held = sagemaker_backends[self.current_account][self.region]
    stores = (held.trial_components, held.trials, held.experiments)
    if not any(getattr(item, "arn", "") == arn for items in stores for item in items.values()):
        raise ResourceNotFound(f"Association entity {arn} does not exist.")
    return {"Name": resource.split("/", 1)[1], "Type": COMPONENTS[kind], "LineageType": COMPONENTS[kind]}


def _add(self: Any) -> ActionResult:
    """Associate two entities; adding the same again changes nothing."""
    params = plain_params(self.body)
    ends = {"SourceArn": params["SourceArn"], "DestinationArn": params["DestinationArn"]}
    source, destination = (_entity(self, arn) for arn in ends.values())
    shown = {"SourceType": source["Type"], "SourceName": source["Name"],
             "DestinationType": destination["Type"], "DestinationName": destination["Name"]}  # fmt: skip
    row = {**params, **{key: value for key, value in shown.items() if value}, "CreationTime": utcnow()}
    _associations(self).setdefault((params["SourceArn"], params["DestinationArn"]), row)
    return ActionResult(ends)


def _delete(self: Any) -> ActionResult:
    params = plain_params(self.body)
    if _associations(self).pop((params["SourceArn"], params["DestinationArn"]), None) is None:
        raise ResourceNotFound(f"{params['SourceArn']} and {params['DestinationArn']} are not associated.")
    return ActionResult(params)


def _list(self: Any) -> ActionResult:
    """List associations by source, destination, their types and the association's, the latest first."""
    params = plain_params(self.body)
    filters = ("SourceArn", "DestinationArn", "SourceType", "DestinationType", "AssociationType")
    wanted = {name: params[name] for name in filters if name in params}
    found = [row for row in _associations(self).values() if wanted.items() <= row.items()]
    if params.get("SortOrder", "Descending") == "Descending":
        found.reverse()
    start = int(params.get("NextToken") or 0)
    end = start + int(params.get("MaxResults") or 100)
    return ActionResult(
        {"AssociationSummaries": found[start:end], **({"NextToken": str(end)} if end < len(found) else {})}
    )


def _query(self: Any) -> ActionResult:
    """Walk from the start along associations: ascendants are sources, descendants destinations, ten steps at most.

    Source: SageMaker API Reference, QueryLineage.
    """
    params = plain_params(self.body)
    starts, direction = params.get("StartArns") or [], params.get("Direction", "Both")
    filters = params.get("Filters") or {}
    seen, edges, frontier = set(starts), [], set(starts)
    for _ in range(int(params.get("MaxDepth") or 10)):
        reached = set()
        for (source, destination), row in _associations(self).items():
            down = source in frontier and direction in {"Descendants", "Both"}
            up = destination in frontier and direction in {"Ascendants", "Both"}
            if down or up:
                edge = {"SourceArn": source, "DestinationArn": destination}
                edge.update({"AssociationType": row["AssociationType"]} if "AssociationType" in row else {})
                edges += [edge] if edge not in edges else []
                reached.add(destination if down else source)
        frontier = reached - seen
        seen |= reached
    vertices = []
    for arn in sorted(seen - set(starts)):
        entity = _entity(self, arn)
        if _passes(entity, filters):
            vertices.append({"Arn": arn, "Type": entity["Type"], "LineageType": entity["LineageType"]})
    shown = edges if params.get("IncludeEdges", True) else []
    return ActionResult({"Vertices": vertices[: int(params.get("MaxResults") or 50)], "Edges": shown})


def _passes(entity: dict[str, Any], filters: dict[str, Any]) -> bool:
    types, lineage_types = filters.get("Types"), filters.get("LineageTypes")
    return (not types or entity["Type"] in types) and (not lineage_types or entity["LineageType"] in lineage_types)
