"""Lineage: associations between actions, artifacts, contexts and what else has an ARN, and queries along them."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from botocore.model import ListShape
from moto.core.responses import ActionResult
from moto.core.utils import camelcase_to_underscores, utcnow
from moto.sagemaker.exceptions import ValidationError
from moto.sagemaker.models import sagemaker_backends
from moto.sagemaker.responses import SageMakerResponse

from mlops_estate.embedded.backends.derived import (
    DerivedBackend,
    ResourceNotFound,
    instant,
    members,
    plain_params,
)
from mlops_estate.embedded.backends.sagemaker import OURS, derived
from mlops_estate.embedded.validation import service_model, validate_call

LINEAGE = {"action": "Action", "artifact": "Artifact", "context": "Context"}
# What an ARN's resource type is called in a query's answer where it is no lineage entity of its own.
CHECKED = (
    "CreateAction", "CreateArtifact", "CreateContext", "UpdateAction", "UpdateArtifact", "UpdateContext",
    "AddAssociation", "DeleteAssociation", "ListAssociations", "QueryLineage",
)  # fmt: skip
COMPONENTS = {"experiment-trial-component": "TrialComponent", "experiment-trial": "Trial", "experiment": "Experiment"}


def install() -> None:
    """Add the operations; artifacts may be deleted by their source."""
    SageMakerResponse.add_association = _add
    SageMakerResponse.delete_association = _delete
    SageMakerResponse.list_associations = _list
    SageMakerResponse.query_lineage = _query
    for noun in LINEAGE.values():
        setattr(SageMakerResponse, f"list_{noun.lower()}s", _list_entities(noun))
    OURS.update({"AddAssociation", "DeleteAssociation", "ListAssociations", "QueryLineage"})
    for name in ("delete_artifact", "delete_action", "delete_context"):
        _refusing(name, getattr(SageMakerResponse, name))
    for operation in CHECKED:
        _checking(operation)


def _checking(operation: str) -> None:
    """Refuse what the service model does: names, types of sources, directions, how many properties, how deep."""
    name = camelcase_to_underscores(operation)
    method = getattr(SageMakerResponse, name)

    @functools.wraps(method)
    def checked(self: Any) -> ActionResult:
        faults = validate_call("sagemaker", operation, plain_params(self.body))
        if faults:
            said = "; ".join(f"Value {fault.value!r} at {fault.path!r}: {fault.rule}" for fault in faults)
            raise ValidationError(message=f"{len(faults)} validation error(s) detected: {said}")
        result: ActionResult = method(self)
        return result

    setattr(SageMakerResponse, name, checked)


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
        return {**row, "Name": row.get(f"{noun}Name"), "Type": row.get(f"{noun}Type"), "LineageType": noun}
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
    if ends["SourceArn"] == ends["DestinationArn"]:
        raise ValidationError(message=f"{ends['SourceArn']} cannot be associated with itself.")
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
    """List associations by source, destination, their types, the association's and time, the latest first."""
    params = plain_params(self.body)
    filters = ("SourceArn", "DestinationArn", "SourceType", "DestinationType", "AssociationType")
    wanted = {name: params[name] for name in filters if name in params}
    found = [
        row
        for row in _associations(self).values()
        if wanted.items() <= row.items() and within(row, params, {"Created": "CreationTime"})
    ]
    if params.get("SortOrder", "Descending") == "Descending":
        found.reverse()
    found.sort(
        key=lambda row: str(row.get(params.get("SortBy", ""), "")), reverse=params.get("SortOrder") != "Ascending"
    )
    return ActionResult(page(found, params, "AssociationSummaries", 100))


def _list_entities(noun: str) -> Any:
    def listed(self: Any) -> ActionResult:
        """List entities by source, type and time, the latest first unless asked by name or ascending."""
        params = plain_params(self.body)
        found = [
            row
            for row in derived(self).rows.get(noun, {}).values()
            if params.get("SourceUri") in (None, row["Source"]["SourceUri"])
            and params.get(f"{noun}Type") in (None, row[f"{noun}Type"])
            and within(row, params, {"Created": "CreationTime"})
        ]
        if params.get("SortBy") == "Name":
            found.sort(key=lambda row: str(row.get(f"{noun}Name", "")))
        if params.get("SortOrder", "Descending") == "Descending":
            found.reverse()
        output = service_model("sagemaker").operation_model(f"List{noun}s").output_shape
        assert output is not None
        shown = output.members[f"{noun}Summaries"]
        assert isinstance(shown, ListShape)
        return ActionResult(page([members(shown.member, row, "") for row in found], params, f"{noun}Summaries", 100))

    return listed


def _query(self: Any) -> ActionResult:
    """Walk from the start along associations: ascendants are sources, descendants destinations, ten steps at most.

    Filters choose what is returned, not what is walked through. With edges, what lies on the way to a result is
    returned too (API reference, QueryLineage: IncludeEdges).
    """
    params = plain_params(self.body)
    starts, filters = params.get("StartArns") or [], params.get("Filters") or {}
    for arn in starts:
        _entity(self, arn)
    reached, ways = walk(
        _associations(self), starts, params.get("Direction", "Both"), int(params.get("MaxDepth") or 10)
    )
    entities = {arn: _entity(self, arn) for arn in reached}
    matched = [arn for arn, entity in entities.items() if _passes(entity, filters)]
    shown: list[Edge] = []
    if params.get("IncludeEdges", True):
        shown = on_the_way(ways, matched)
        ends = {arn for edge in shown for arn in edge} - set(starts)
        matched += sorted(ends - set(matched))
    vertices = [{"Arn": arn, "Type": entities[arn]["Type"], "LineageType": entities[arn]["LineageType"]}
                for arn in matched]  # fmt: skip
    drawn = []
    for source, destination in shown:
        kind = _associations(self)[source, destination].get("AssociationType")
        edge = {"SourceArn": source, "DestinationArn": destination}
        drawn.append({**edge, "AssociationType": kind} if kind else edge)
    return ActionResult({**page(vertices, params, "Vertices", 50), "Edges": drawn})


Edge = tuple[str, str]


def walk(
    associations: Iterable[Edge], starts: Sequence[str], direction: str, depth: int
) -> tuple[list[str], dict[str, list[Edge]]]:
    """Return what is reached from the starts, nearest first, and the associations followed, by direction.

    An association is (source, destination). `Both` goes up and down from the starts, and does not turn on the way:
    siblings are not relatives.
    """
    pairs = list(associations)
    reached: dict[str, None] = {}
    ways: dict[str, list[Edge]] = {"Ascendants": [], "Descendants": []}
    for way, near, far in (("Ascendants", 1, 0), ("Descendants", 0, 1)):
        if direction not in (way, "Both"):
            continue
        frontier, seen = list(starts), set(starts)
        for _ in range(depth):
            followed = [pair for pair in pairs if pair[near] in frontier]
            ways[way] += followed
            frontier = list(dict.fromkeys(pair[far] for pair in followed if pair[far] not in seen))
            seen.update(frontier)
            reached |= dict.fromkeys(frontier)
    return [arn for arn in reached if arn not in starts], ways


def on_the_way(ways: Mapping[str, Sequence[Edge]], wanted: Iterable[str]) -> list[Edge]:
    """Return the associations between the starts and what is wanted: every one that was followed leads to a start."""
    kept: dict[Edge, None] = {}
    for way, near, far in (("Ascendants", 0, 1), ("Descendants", 1, 0)):
        frontier = set(wanted)
        seen: set[str] = set()
        while frontier:
            here = [edge for edge in ways[way] if edge[near] in frontier]
            kept |= dict.fromkeys(here)
            seen |= frontier
            frontier = {edge[far] for edge in here} - seen
    return list(kept)


def _passes(entity: Mapping[str, Any], filters: Mapping[str, Any]) -> bool:
    """Whether an entity passes every filter; of several properties one is enough (API reference, QueryFilters)."""
    types, lineage_types, pairs = filters.get("Types"), filters.get("LineageTypes"), filters.get("Properties")
    held = entity.get("Properties") or {}
    return (
        (not types or entity["Type"] in types)
        and (not lineage_types or entity["LineageType"] in lineage_types)
        and (not pairs or any(held.get(name) == value for name, value in pairs.items()))
        and within(entity, filters, {"Created": "CreationTime", "Modified": "LastModifiedTime"})
    )


def within(row: Mapping[str, Any], params: Mapping[str, Any], times: Mapping[str, str]) -> bool:
    """Whether a row's times lie after `...After` and before `...Before`."""
    for what, member in times.items():
        held = row.get(member)
        after, before = params.get(f"{what}After"), params.get(f"{what}Before")
        if after is not None and (held is None or held <= instant(after)):
            return False
        if before is not None and (held is None or held >= instant(before)):
            return False
    return True


def page(items: list[Any], params: Mapping[str, Any], member: str, most: int) -> dict[str, Any]:
    """Return one page of a list, with a token where there is more."""
    start = int(params.get("NextToken") or 0)
    end = start + int(params.get("MaxResults") or most)
    return {member: items[start:end], **({"NextToken": str(end)} if end < len(items) else {})}
