"""One pack: evidence.json, its page, the copies of the source documents, and the seal."""

from __future__ import annotations

import functools
import json
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

from mlops_estate.evidence import estate_sections, operation_sections, run_sections
from mlops_estate.evidence.judging import Known, assess
from mlops_estate.evidence.model import DOCUMENTS, FORMAT, VERSION, Material, Section, Signer
from mlops_estate.evidence.seal import EVIDENCE, HEAD, MANIFEST, SIGNATURE, seal
from mlops_estate.graph_models import models_of
from mlops_pipelines.signing.canonical import sha256

PAGE = "evidence.html"
_PACKAGE_LEFT_OUT = frozenset({"ResponseMetadata", "ModelCard"})
"""Of DescribeModelPackage: what is of the call, and the card, which is a document of its own."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """What all packs of a model share: sections, documents, and what is known for judging."""

    material: Material
    sections: list[Section]
    documents: dict[str, bytes]
    known: Known


@dataclass(frozen=True, slots=True)
class Written:
    """A pack that was written. `manifest_sha256` names its contents."""

    framework: str
    folder: Path
    facts: int
    gaps: int
    controls: dict[str, int]
    manifest_sha256: str


@functools.cache
def schema() -> dict[str, Any]:
    """Return the JSON Schema of evidence.json."""
    text = resources.files(__package__).joinpath("evidence.schema.json").read_text(encoding="utf-8")
    found: dict[str, Any] = json.loads(text)
    return found


def prepare(material: Material) -> Prepared:
    """Return what all packs of a model share."""
    sections = [
        section
        for source in (run_sections, estate_sections, operation_sections)
        for section in source.sections(material)
    ]
    return Prepared(material, sections, documents_of(material), Known.of(material, sections))


def documents_of(material: Material) -> dict[str, bytes]:
    """Return the source documents by file name: those of the run as they are, the others as canonical data."""
    found = {f"{name}.json": content for name, content in material.run.contents.items()}
    if material.run.public_key:
        found["run_public_key.pem"] = material.run.public_key
    if material.provenance is not None:
        found[material.provenance.name] = material.provenance.read_bytes()
    data = {
        "configuration.json": _configuration(material),
        "history.json": dict(material.history),
        "outputs.json": _masked(material, dict(material.outputs)),
        "resources.json": _resources(material),
        "run.json": {"place": material.run.place, "signature": material.run.signature,
                     "signature_why": material.run.signature_why},
    }  # fmt: skip
    if material.package is not None:
        data["registry.json"] = {key: value for key, value in material.package.items() if key not in _PACKAGE_LEFT_OUT}
    if material.drill is not None:
        data["drill.json"] = dict(material.drill)
    return {**found, **{name: _json(value) for name, value in data.items()}}


def _json(value: Any) -> bytes:
    return (json.dumps(value, indent=1, sort_keys=True, default=str) + "\n").encode()


def _masked(material: Material, value: Any) -> Any:
    from mlops_estate.graph_file import masked

    return masked(material.graph, value)


def _configuration(material: Material) -> dict[str, Any]:
    """Return the model's block and what of the estate's block facts are taken from, every default filled in."""
    estate = material.environment.config.estate
    people = estate.people.model_dump(mode="json")
    return {
        "environment": f"{material.environment.name} ({material.environment.config.environment_class})",
        "model": material.model,
        "block": material.configuration.model_dump(mode="json"),
        "owner": material.configuration.card.owner or estate.owner,
        "people": people,
        "alerts": estate.alerts.model_dump(mode="json"),
        "runbooks": str(estate.runbooks) if estate.runbooks else None,
        "permissions_boundary_arn": estate.permissions_boundary_arn,
    }


def _resources(material: Material) -> dict[str, Any]:
    """Return the model's resources and those of no single model by URN, secrets masked."""
    from mlops_estate.graph_file import as_dict

    owner = models_of(material.graph)
    keys = ("type", "name", "inputs", "parent", "protect", "retain_on_delete", "source", "status")
    return {
        node["urn"]: {key: node[key] for key in keys}
        for node in as_dict(material.graph)["nodes"]
        if owner[node["urn"]] in ("", material.model)
    }


def evidence_of(prepared: Prepared, framework: str, signer: Signer | None, unsigned_because: str) -> dict[str, Any]:
    """Return evidence.json of one framework, without its list of documents."""
    material, check = prepared.material, prepared.material.check
    controls = check.framework_data(framework)
    rules = {rule for control in controls["controls"] for rule in control["rules"]}
    findings = [finding for finding in map(check.finding_data, check.findings) if finding["rule"] in rules]
    sections = [section.as_dict() for section in prepared.sections]
    assessments = assess(prepared.known, framework)
    gaps = [{"section": section["id"], **gap} for section in sections for gap in section["gaps"]]
    return {
        "format": FORMAT,
        "version": VERSION,
        "date": material.date.isoformat(),
        "environment": {"name": material.environment.name, "class": str(material.environment.config.environment_class)},
        "model": {
            "name": material.model,
            "risk": material.configuration.risk,
            "semantic_version": material.run.get("gate", "version"),
            "registry_version": (material.package or {}).get("ModelPackageVersion"),
            "sha256": material.run.get("evaluation", "model_sha256"),
            "run": material.run.place,
        },
        "framework": {"id": framework, **{key: controls[key] for key in ("title", "version", "source", "scope")}},
        "basis": "standing resources" if material.standing else "declared resources, nothing of which stands",
        "signing": _signing(signer, unsigned_because),
        "summary": {
            "facts": sum(len(section["facts"]) for section in sections),
            "gaps": len(gaps),
            "controls": controls["summary"],
            "findings": len(findings),
        },
        "sections": sections,
        "assessments": assessments,
        "controls": controls["controls"],
        "findings": findings,
        "exemptions": check.as_dict()["exemptions"],
        "gaps": gaps,
        "notes": sorted(set(check.notes)),
    }


def _signing(signer: Signer | None, unsigned_because: str) -> dict[str, Any]:
    if signer is None:
        return {"signed": False, "why": unsigned_because, "key_arn": None, "fingerprint": None, "account": None}
    return {"signed": True, "why": "", "key_arn": signer.key_arn, "fingerprint": signer.fingerprint,
            "account": signer.account}  # fmt: skip


def files_of(prepared: Prepared, framework: str, signer: Signer | None, unsigned_because: str) -> dict[str, bytes]:
    """Return every file of a pack by name, sealed."""
    from mlops_estate.evidence.page import page

    evidence = _masked(prepared.material, evidence_of(prepared, framework, signer, unsigned_because))
    controls = {key: evidence[key] for key in ("framework", "controls", "findings", "exemptions")}
    controls["rules"] = dict(sorted(prepared.known.rules.items()))
    documents = {**prepared.documents, "controls.json": _json(controls)}
    signed = {item["sha256"] for item in (prepared.material.run.get("manifest", "artifacts") or {}).values()}
    evidence["documents"] = [
        {"file": f"{DOCUMENTS}/{name}", "sha256": digest, "bytes": len(content), "signed_by_run": digest in signed}
        for name, content in sorted(documents.items())
        for digest in [sha256(content)]
    ]
    files = {f"{DOCUMENTS}/{name}": content for name, content in documents.items()}
    files[EVIDENCE] = (json.dumps(evidence, indent=1) + "\n").encode()
    files[PAGE] = page(json.loads(files[EVIDENCE])).encode()
    head = dict(zip(HEAD, (evidence["model"]["name"], evidence["environment"]["name"], framework, evidence["date"]),
                    strict=True))  # fmt: skip
    return seal(files, head, signer)


def write(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write a pack, whole or not at all; a pack that stands there is replaced."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    made = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.name}."))
    try:
        made.chmod(0o755)
        for name, content in sorted(files.items()):
            path = made / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        if folder.exists():
            shutil.rmtree(folder)
        made.replace(folder)
    except BaseException:
        shutil.rmtree(made, ignore_errors=True)
        raise


def write_packs(
    prepared: Prepared, frameworks: Sequence[str], output: Path, signer: Signer | None, unsigned_because: str
) -> list[Written]:
    """Write a pack for each framework, each in a folder of its name below `output`."""
    written = []
    for framework in frameworks:
        files = files_of(prepared, framework, signer, unsigned_because)
        write(output / framework, files)
        evidence = json.loads(files[EVIDENCE])
        summary = evidence["summary"]
        written.append(Written(framework, output / framework, summary["facts"], summary["gaps"], summary["controls"],
                               sha256(files[MANIFEST])))  # fmt: skip
        assert (SIGNATURE in files) == (signer is not None)
    return written
