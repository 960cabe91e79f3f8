"""What made a version, and what serves it, as lineage entities and associations: pure functions of descriptions.

    records -> snapshot -> training -> model -> approval -> deployment -> endpoint
               code, image ----^         |---> model group

Types are those that SageMaker gives what it tracks by itself, where it has one (developer guide, Lineage tracking
entities); names are the estate's own, so its records never meet the service's.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Kind = Literal["artifact", "action", "context"]
LONGEST_NAME = 120
LONGEST_VALUE = 2500
MOST_PROPERTIES = 30
"""Limits of CreateArtifact, CreateAction and CreateContext: names, property values, properties of one entity."""


@dataclass(frozen=True)
class Entity:
    """One entity; an artifact is known by where it lies and its checksum, an action or context by its name."""

    kind: Kind
    name: str
    type: str
    source_uri: str
    checksum: str = ""
    properties: Mapping[str, str] = field(default_factory=dict)
    commit: str = ""
    generated_by: str = ""

    @property
    def key(self) -> tuple[str, ...]:
        """What tells it from all others."""
        return (self.kind, self.source_uri, self.checksum) if self.kind == "artifact" else (self.kind, self.name)

    def source(self) -> dict[str, Any]:
        """Return `Source`, as the three create operations take it; a SHA-256 is a `Custom` identifier."""
        types = {"SourceTypes": [{"SourceIdType": "Custom", "Value": self.checksum}]} if self.checksum else {}
        return {"SourceUri": self.source_uri, **types}

    def creation(self) -> dict[str, Any]:
        """Return the parameters of CreateArtifact, CreateAction or CreateContext."""
        noun = self.kind.capitalize()
        made: dict[str, Any] = {
            f"{noun}Name": self.name,
            f"{noun}Type": self.type,
            "Source": self.source(),
            "Properties": kept_properties(self.properties),
        }
        metadata = {"CommitId": self.commit, "GeneratedBy": self.generated_by}
        if self.kind != "context" and any(metadata.values()):
            made["MetadataProperties"] = {name: value for name, value in metadata.items() if value}
        return {**made, "Status": "Completed"} if self.kind == "action" else made


@dataclass(frozen=True)
class Link:
    """An association between two entities; `type` says how (API reference, AddAssociation)."""

    source: Entity
    destination: Entity
    type: Literal["ContributedTo", "AssociatedWith", "DerivedFrom", "Produced"]


@dataclass(frozen=True)
class Lineage:
    """Associations to be recorded; their ends are the entities."""

    links: tuple[Link, ...]

    @property
    def entities(self) -> tuple[Entity, ...]:
        """Every entity once, in the order of its first mention."""
        ends = [end for link in self.links for end in (link.source, link.destination)]
        return tuple({entity.key: entity for entity in ends}.values())


def entity_name(*parts: str) -> str:
    """Return a name that the service takes: letters, digits and single inner hyphens, 120 characters at most.

    What is cut off or replaced is told apart by a hash of the whole.
    """
    whole = "-".join(parts)
    name = re.sub(r"[^a-zA-Z0-9]+", "-", whole).strip("-")
    if name == whole and len(name) <= LONGEST_NAME:
        return name
    digest = hashlib.sha256(whole.encode()).hexdigest()[:12]
    return f"{name[: LONGEST_NAME - 13].rstrip('-')}-{digest}".lstrip("-")


def kept_properties(properties: Mapping[str, str]) -> dict[str, str]:
    """Return the properties that have a value, each cut to the longest the service takes."""
    given = {name: str(value)[:LONGEST_VALUE] for name, value in properties.items() if value not in ("", None)}
    if len(given) > MOST_PROPERTIES:
        raise ValueError(f"an entity has at most {MOST_PROPERTIES} properties, not {len(given)}")
    return given


def of_package(package: Mapping[str, Any], input_uri: str) -> Lineage:
    """Return what made a version, from its description (DescribeModelPackage) and where the records came from.

    Raises `KeyError` naming the property that the training pipeline records and the package lacks.
    """
    said, container = package["CustomerMetadataProperties"], package["InferenceSpecification"]["Containers"][0]
    group = _group(package)
    metadata = package.get("MetadataProperties") or {}
    run = metadata.get("GeneratedBy") or package["ModelPackageArn"]
    told = {"label": said["label"], "commit": said["commit"], "seed": said["seed"]}
    records = Entity("artifact", entity_name(group, "records"), "DataSet", input_uri, properties={"stage": "raw"})
    snapshot = Entity(
        "artifact", entity_name(group, "snapshot", said["snapshot_sha256"][:12]), "DataSet",
        f"{said['snapshot_uri']}/data.csv", said["snapshot_sha256"],
        {"stage": "snapshot", "label": said["label"], "sha256": said["snapshot_sha256"]},
    )  # fmt: skip
    code = Entity("artifact", entity_name(group, "code"), "Code", said["source"])
    image = Entity("artifact", entity_name(group, "image"), "Image", container["Image"])
    training = Entity(
        "action", entity_name(group, "training", run.rsplit("/", 1)[-1], said["model_sha256"][:12]), "TrainingJob", run,
        properties=told, commit=said["commit"], generated_by=run,
    )  # fmt: skip
    model = Entity(
        "artifact", entity_name(group, "model", said["model_sha256"][:12]), "Model", container["ModelDataUrl"],
        said["model_sha256"],
        {"sha256": said["model_sha256"], **{key: said.get(key, "") for key in ("metric", "score", "version")}},
    )  # fmt: skip
    approval = _approval(package)
    models = Entity("context", entity_name(group), "ModelGroup", package["ModelPackageArn"].rsplit("/", 1)[0])
    links = [
        Link(records, snapshot, "DerivedFrom"),
        Link(snapshot, training, "ContributedTo"),
        Link(code, training, "ContributedTo"),
        Link(image, training, "ContributedTo"),
        Link(training, model, "Produced"),
        Link(model, models, "AssociatedWith"),
    ]
    if package.get("ModelApprovalStatus") == "Approved":
        links.append(Link(model, approval, "ContributedTo"))
    return Lineage(tuple(links))


def _group(package: Mapping[str, Any]) -> str:
    """Return the group's name; one of another account is told as an ARN."""
    return str(package["ModelPackageGroupName"]).rsplit("/", 1)[-1]


def _approval(package: Mapping[str, Any]) -> Entity:
    group, version = _group(package), str(package["ModelPackageVersion"])
    why = {"version": version, "description": package.get("ApprovalDescription") or ""}
    return Entity(
        "action", entity_name(group, "approval", version), "Approval", package["ModelPackageArn"], properties=why
    )


def of_endpoint(package: Mapping[str, Any], endpoint: Mapping[str, Any]) -> Lineage:
    """Return what an endpoint serves, from the version's description and its own (DescribeEndpoint).

    Each release is an action of its own; the endpoint's property `deployment` names the live one, so that a later
    question starts from what is served now.
    """
    version = str(package["ModelPackageVersion"])
    deployment = Entity(
        "action", entity_name(endpoint["EndpointName"], "deployment", version), "ModelDeployment",
        package["ModelPackageArn"],
        properties={"version": version, "endpoint_config": endpoint.get("EndpointConfigName") or ""},
    )  # fmt: skip
    serving = Entity(
        "context", entity_name(endpoint["EndpointName"], "endpoint"), "Endpoint", endpoint["EndpointArn"],
        properties={"endpoint": endpoint["EndpointName"], "version": version, "deployment": deployment.name},
    )  # fmt: skip
    return Lineage((Link(_approval(package), deployment, "ContributedTo"), Link(deployment, serving, "AssociatedWith")))
