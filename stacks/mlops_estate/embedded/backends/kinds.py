"""What a service model tells about a kind of thing: what identifies it, its ARN and plural, who may answer for it."""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from dataclasses import dataclass

from botocore.model import ServiceModel, Shape, StructureShape

from mlops_estate.embedded.validation.patterns import matches

VERBS = ("BatchDescribe", "BatchGet", "Create", "Register", "Describe", "Get", "List", "Update", "Put", "Delete",
         "Deregister", "Start", "Stop")  # fmt: skip
CREATORS = ("Create", "Register", "Put")
READERS = ("Describe", "Get")
# Things of which one name has several, by number: the member that holds it.
NUMBERS = {"ImageVersion": ("Version",)}
# ARNs whose form neither the pattern nor the members that identify the thing tell; `{id}` is generated.
# Source: Service Authorization Reference, Resource types defined by Amazon SageMaker AI.
ARN_FORMS = {
    "App": "app/{DomainId}/{UserProfileName}{SpaceName}/{AppType}/{AppName}",
    "Artifact": "artifact/{id}",
    "EndpointPolicy": "endpoint/{EndpointName}",
    "ImageVersion": "image-version/{ImageName}/{Version}",
    "MlflowApp": "mlflow-app/app-{id}",
    "ModelCardExportJob": "model-card/{ModelCardName}/export-job/{ModelCardExportJobName}",
    "ModelPackageGroupPolicy": "model-package-group/{ModelPackageGroupName}",
    "PartnerApp": "partner-app/app-{id}",
    "Workteam": "workteam/private-crowd/{WorkteamName}",
}
# Kinds whose description tells of work that nobody does here, or that AWS has ended: nobody answers for them.
NOT_DERIVED = {
    "AutoMLJob": "moto lists the jobs of its second version only",
    "ClusterExtension": "software that is installed on a cluster",
    "DeviceFleet": "SageMaker Edge Manager ended in April 2024",
    "EdgeDeploymentPlan": "SageMaker Edge Manager ended in April 2024",
    "EdgePackagingJob": "SageMaker Edge Manager ended in April 2024",
    "Job": "a job's document has a schema that only the service knows",
    "LabelingJob": "labels that people give",
    "TrainingPlan": "capacity that AWS sells by offering",
    "TrainingSession": "a session with running hardware",
}
# An ARN's own resource part: literal type, then what names the thing.
_RESOURCE = re.compile(r"(?:\[0-9\]|\\d)\{12\}:(?P<type>[a-z][a-z0-9-]*)")
_GENERATED = re.compile(r"\[(?:a-z0-9|A-Z0-9)\]\{\d+\}\$?$")


@dataclass(frozen=True)
class Kind:
    """One kind of thing.

    `keys` identify it, `optional_keys` too where they are given; `arn_form` is its ARN's resource part, with members in
    braces and `{id}` for what is generated; `description` is the output shape that describes it.
    """

    noun: str
    keys: tuple[str, ...]
    optional_keys: tuple[str, ...]
    arn_member: str
    arn_pattern: str
    arn_form: str
    description: StructureShape | None

    def key(self, row: Mapping[str, object]) -> tuple[str, ...]:
        """Return what identifies a thing, of its row or of a request's parameters."""
        return tuple(str(row.get(name) or "") for name in (*self.keys, *self.optional_keys))

    def fits(self, arn: str) -> bool:
        """Whether an ARN is one that the service gives to things of this kind."""
        return not self.arn_pattern or matches(self.arn_pattern, arn)


def split(operation: str) -> tuple[str, str]:
    """Return an operation's verb and noun."""
    verb = next((verb for verb in VERBS if operation.startswith(verb)), "")
    return verb, operation[len(verb) :]


def key_members(model: ServiceModel, noun: str) -> tuple[str, ...]:
    """Return the members that identify a thing: what its description asks for, else what its creation demands."""
    for verb in ("Describe", "Get", "Delete", "Create", "Put"):
        if f"{verb}{noun}" in model.operation_names:
            shape = model.operation_model(f"{verb}{noun}").input_shape
            required = tuple(
                name
                for name in (shape.required_members if shape else [])
                if shape and shape.members[name].type_name == "string"
            )
            if required:
                return required
    return (f"{noun}Name",)


def creator(model: ServiceModel, noun: str) -> str:
    """Return the operation that creates a kind of thing, or ""."""
    return next((f"{verb}{noun}" for verb in CREATORS if f"{verb}{noun}" in model.operation_names), "")


def derivable(model: ServiceModel, noun: str) -> bool:
    """Whether a store can answer for a kind: the service both creates it and describes it."""
    reads = any(f"{verb}{noun}" in model.operation_names for verb in READERS)
    return bool(creator(model, noun)) and reads and noun not in NOT_DERIVED


def plural(noun: str) -> str:
    """Return what the service's list operation calls a kind."""
    return f"{noun[:-1]}ies" if noun.endswith("y") else f"{noun}s"


@functools.cache
def singular(model: ServiceModel, nouns: str) -> str:
    """Return the kind that a list operation lists, or ""."""
    known = {split(operation)[1] for operation in model.operation_names}
    return next((noun for noun in sorted(known) if plural(noun) == nouns), "")


def hyphened(noun: str) -> str:
    """Return a noun as an ARN's resource type writes it."""
    return "-".join(re.findall(r"[A-Z]+(?![a-z])|[A-Z][a-z0-9]+", noun)).lower()


@functools.cache
def kind_of(model: ServiceModel, noun: str) -> Kind:
    """Return what the model tells about a kind of thing."""
    keys = key_members(model, noun)
    reader = next((f"{verb}{noun}" for verb in READERS if f"{verb}{noun}" in model.operation_names), "")
    description = model.operation_model(reader).output_shape if reader else None
    made = creator(model, noun)
    created = model.operation_model(made) if made else None
    sent = created.input_shape.members if created and created.input_shape else {}
    asked = model.operation_model(reader).input_shape if reader else None
    optional = tuple(
        name
        for name, shape in (asked.members if asked else {}).items()
        if name not in keys and name in sent and shape.type_name == "string"
    )
    member, shape = _arn_member(noun, created.output_shape if created else None, description)
    pattern = str(shape.metadata.get("pattern", "")) if shape else ""
    found, generated = _RESOURCE.search(pattern), _GENERATED.search(pattern)
    arn_type = found["type"] if found else hyphened(noun)
    named = ["{id}"] if generated else [f"{{{name}}}" for name in keys]
    form = ARN_FORMS.get(noun) or "/".join([arn_type, *named])
    return Kind(noun, keys, optional + NUMBERS.get(noun, ()), member, pattern, form, _described(noun, description))


def _described(noun: str, output: StructureShape | None) -> StructureShape | None:
    """Return the shape that describes a thing: the whole output, or its one member of the kind's own name."""
    inner = output.members.get(noun) if output else None
    return inner if isinstance(inner, StructureShape) else output


def _arn_member(noun: str, *outputs: StructureShape | None) -> tuple[str, Shape | None]:
    """Return the member that holds a thing's own ARN; a noun's last words may stand for it (`TrackingServerArn`)."""
    for output in outputs:
        inner = _described(noun, output)
        members = inner.members if inner else {}
        arns = [name for name in members if name.endswith("Arn")]
        about = {name: name.removesuffix("Arn") for name in arns}
        best = [name for name in arns if about[name] == noun] or [
            name for name in arns if noun.endswith(about[name]) or noun.startswith(about[name])
        ]
        if best:
            return best[0], members[best[0]]
    return f"{noun}Arn", None
