"""Recording lineage through a SageMaker client that is handed in: what is there already is left, or brought up to date.

Nothing here imports an AWS library: any client with boto3's methods and `exceptions` will do.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from mlops_pipelines.lineage.entities import Entity, Lineage, Link


@dataclass
class Recorded:
    """What a recording did: the ARN of each entity, how many entities and associations are new."""

    arns: dict[tuple[str, ...], str] = field(default_factory=dict)
    entities: int = 0
    associations: int = 0


def record(client: Any, lineage: Lineage) -> Recorded:
    """Record entities and associations; recording the same again creates nothing."""
    done = Recorded()
    for entity in lineage.entities:
        found = _find(client, entity)
        if found is None:
            answer = getattr(client, f"create_{entity.kind}")(**entity.creation())
            done.arns[entity.key] = answer[_arn_member(entity)]
            done.entities += 1
        else:
            done.arns[entity.key] = found[_arn_member(entity)]
            _bring_up_to_date(client, entity, found)
    for link in lineage.links:
        done.associations += _associate(client, link, done.arns)
    return done


def find_arn(client: Any, entity: Entity) -> str | None:
    """Return the ARN of an entity, or None where it has not been recorded."""
    found = _find(client, entity)
    return None if found is None else str(found[_arn_member(entity)])


def _arn_member(entity: Entity) -> str:
    return f"{entity.kind.capitalize()}Arn"


def _find(client: Any, entity: Entity) -> Mapping[str, Any] | None:
    """Return an entity's description. An artifact's name is no identity: it is found by source, type and checksum."""
    if entity.kind != "artifact":
        noun = entity.kind.capitalize()
        try:
            described: Mapping[str, Any] = getattr(client, f"describe_{entity.kind}")(**{f"{noun}Name": entity.name})
        except client.exceptions.ResourceNotFound:
            return None
        return described
    pages = client.get_paginator("list_artifacts").paginate(SourceUri=entity.source_uri, ArtifactType=entity.type)
    for page in pages:
        for summary in page["ArtifactSummaries"]:
            if entity.source().get("SourceTypes", []) == (summary["Source"].get("SourceTypes") or []):
                found: Mapping[str, Any] = client.describe_artifact(ArtifactArn=summary["ArtifactArn"])
                return found
    return None


def _bring_up_to_date(client: Any, entity: Entity, found: Mapping[str, Any]) -> None:
    wanted = entity.creation()["Properties"]
    held = found.get("Properties") or {}
    if wanted.items() <= held.items():
        return
    named = (
        {"ArtifactArn": found["ArtifactArn"]}
        if entity.kind == "artifact"
        else {f"{entity.kind.capitalize()}Name": entity.name}
    )
    getattr(client, f"update_{entity.kind}")(**named, Properties={**held, **wanted})


def _associate(client: Any, link: Link, arns: Mapping[tuple[str, ...], str]) -> int:
    """Add an association; return 1 where it is new."""
    ends = {"SourceArn": arns[link.source.key], "DestinationArn": arns[link.destination.key]}
    held = client.list_associations(**ends, AssociationType=link.type)["AssociationSummaries"]
    if held:
        return 0
    client.add_association(**ends, AssociationType=link.type)
    return 1
