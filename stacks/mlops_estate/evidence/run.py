"""The documents of a model's run, read from the folder that the run left behind, and held against each other."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mlops_estate.faults import Fault, FaultsFound
from mlops_pipelines.training.documents import DOCUMENTS as BY_STEP

MORE: Mapping[str, str] = {
    "model_card": "pipelines-*-ModelCard/opt/ml/processing/output/card/model_card.json",
    "metadata": "pipelines-*-Train/opt/ml/model/metadata.json",
    "settings": "pipelines-*-Train/opt/ml/code/settings.json",
    "schema": "pipelines-*-Train/opt/ml/code/schema.json",
}
"""Documents beside those that the report reads: name to the place below a run's folder."""
PUBLIC_KEY = "pipelines-*-VerifySignature/opt/ml/processing/output/verification/public_key.pem"
SIGNED_INPUTS = "pipelines-*-Sign/opt/ml/processing/input"
NAMES = (*BY_STEP, *MORE)


@dataclass(frozen=True, slots=True)
class RunRecord:
    """A run's documents by name, as data and as the bytes they were read from.

    `place` is the run's folder as reports name it (relative to the project, where it lies in it). `signature` says
    whether the run's own signature holds over these very files, and `signature_why` why it could not be looked at.
    """

    place: str
    documents: Mapping[str, Any]
    contents: Mapping[str, bytes]
    public_key: bytes = b""
    signature: str = ""
    signature_why: str = ""

    def get(self, name: str, *path: str | int) -> Any:
        """Return what stands at a path of a document; None where the run has no such document or place."""
        found = self.documents.get(name)
        for key in path:
            if isinstance(found, list) and isinstance(key, int) and key < len(found):
                found = found[key]
                continue
            if not isinstance(found, dict) or key not in found:
                return None
            found = found[key]
        return found


@dataclass(slots=True)
class _Reading:
    folder: Path
    place: str
    documents: dict[str, Any] = field(default_factory=dict)
    contents: dict[str, bytes] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)


def default_folder(project_dir: Path, environment: str, model: str) -> Path:
    """Return where the last run of a model is kept."""
    return project_dir / ".estate" / environment / "runs" / model


def read_run(project_dir: Path, environment: str, model: str, folder: Path | None = None) -> RunRecord:
    """Read a run's documents. Raises `FaultsFound` with every fault: no run, unreadable or contradictory documents,
    documents of another model, a file that is not the one that the run signed.
    """
    wanted = folder or default_folder(project_dir, environment, model)
    where = "--run" if folder is not None else f".estate/{environment}/runs/{model}"
    make = f"make one: estate pipeline run {model} --local --env {environment}"
    if not wanted.is_dir():
        rule = "there is no such folder" if folder is not None else f"there is no run of {model} in {environment} yet"
        raise FaultsFound([Fault(where, str(folder) if folder is not None else None, rule, make)])
    reading = _Reading(wanted, _place(project_dir, wanted))
    for name in NAMES:
        _read(reading, name, where)
    if not reading.documents and not reading.faults:
        rule = f"the folder holds no documents of a run of {model}"
        raise FaultsFound([Fault(where, str(wanted) if folder is not None else None, rule, make)])
    signature, why = "", "the documents could not be read"
    if not reading.faults:
        reading.faults += _contradictions(reading, model, where, make)
    if not reading.faults:
        signature, why = _own_signature(reading, where, make)
    if reading.faults:
        raise FaultsFound(reading.faults, "no pack was written")
    keys = sorted(wanted.rglob(PUBLIC_KEY))
    key = keys[0].read_bytes() if keys else b""
    return RunRecord(reading.place, reading.documents, reading.contents, key, signature, why)


def _place(project_dir: Path, folder: Path) -> str:
    resolved, project = folder.resolve(), project_dir.resolve()
    return str(resolved.relative_to(project)) if resolved.is_relative_to(project) else resolved.name


def _pattern(name: str) -> str:
    if name in MORE:
        return MORE[name]
    step, output, file = BY_STEP[name]
    return f"pipelines-*-{step}/opt/ml/processing/output/{output}/{file}"


def _read(reading: _Reading, name: str, where: str) -> None:
    found = sorted(reading.folder.rglob(_pattern(name)))
    if not found:
        return
    if len(found) > 1:
        places = ", ".join(str(path.relative_to(reading.folder).parts[0]) for path in found)
        rule = f"the folder holds {name} of more than one run ({places})"
        reading.faults.append(Fault(where, str(reading.folder.name), rule, "name the run: --run DIR/run-1"))
        return
    (path,) = found
    shown, fix = str(path.relative_to(reading.folder)), "run the pipeline again; a run's files are not edited by hand"
    try:
        content = path.read_bytes()
        document = json.loads(content)
    except (OSError, ValueError) as error:
        reading.faults.append(Fault(where, shown, f"{name} is no readable JSON: {error}", fix))
        return
    if not isinstance(document, dict):
        rule = f"{name} is no JSON object but {type(document).__name__}"
        reading.faults.append(Fault(where, shown, rule, fix))
        return
    reading.documents[name], reading.contents[name] = document, content


TOLD: tuple[tuple[str, tuple[tuple[str, tuple[str, ...]], ...]], ...] = (
    ("the semantic version", (("gate", ("version",)), ("lineage", ("semantic_version",)),
                              ("manifest", ("semantic_version",)), ("verification", ("semantic_version",)))),
    ("the model archive's SHA-256", (("evaluation", ("model_sha256",)), ("lineage", ("model_sha256",)),
                                     ("manifest", ("artifacts", "model/model.tar.gz", "sha256")))),
    ("the data snapshot's SHA-256", (("snapshot", ("sha256",)), ("splits", ("snapshot_sha256",)),
                                     ("lineage", ("data", "snapshot_sha256")))),
    ("the pipeline execution", (("lineage", ("execution",)), ("manifest", ("execution",)),
                                ("verification", ("execution",)))),
    ("the settings' SHA-256", (("snapshot", ("settings_sha256",)), ("validation", ("settings_sha256",)),
                               ("lineage", ("settings_sha256",)))),
    ("the schema's SHA-256", (("snapshot", ("schema_sha256",)), ("validation", ("schema_sha256",)),
                              ("lineage", ("data", "schema_sha256")))),
    ("the signing key", (("signature", ("key_arn",)), ("verification", ("key_arn",)))),
)  # fmt: skip
"""What several documents of one run say of the same thing, so that a mixture of runs is noticed."""
NAMED = (("settings", "model"), ("lineage", "model"), ("manifest", "model"), ("verification", "model"))


def _contradictions(reading: _Reading, model: str, where: str, make: str) -> list[Fault]:
    """Return what shows that the documents are of another model, or not of one run."""
    record = RunRecord(reading.place, reading.documents, {})
    faults = [
        Fault(f"{where}: {name}.json model", said, f"the document is of another model than {model}", make)
        for name, key in NAMED
        if (said := record.get(name, key)) is not None and said != model
    ]
    for what, places in TOLD:
        said_by = {name: record.get(name, *path) for name, path in places if record.get(name, *path) is not None}
        if len(set(map(str, said_by.values()))) > 1:
            told = ", ".join(f"{name}.json {value}" for name, value in said_by.items())
            rule = f"{what} is not the same in every document, so they are not of one run"
            faults.append(Fault(where, told, rule, make))
    return faults


def _own_signature(reading: _Reading, where: str, make: str) -> tuple[str, str]:
    """Verify the run's signature over its files as they lie here; a file that was changed since is a fault."""
    from mlops_pipelines.signing.verification import SignatureRefused, TrustedKeys, verify

    inputs, keys = sorted(reading.folder.rglob(SIGNED_INPUTS)), sorted(reading.folder.rglob(PUBLIC_KEY))
    if "manifest" not in reading.contents or "signature" not in reading.documents:
        return "", "the run was not signed: it did not get to its step Sign"
    if not inputs or not keys:
        return "", "the run's folder lacks what was signed, or the public key"
    own = _signed_names(reading)

    def read(name: str) -> bytes:
        return own[name] if name in own else (inputs[0] / name).read_bytes()

    arn = str(reading.documents["signature"].get("key_arn"))
    try:
        trusted = TrustedKeys.of([arn], {arn: keys[0].read_text(encoding="utf-8")})
        verified = verify(reading.contents["manifest"], reading.documents["signature"], read=read, trusted=trusted)
    except (SignatureRefused, ValueError) as refused:
        rule = f"the run's documents are not those that it signed: {refused}"
        reading.faults.append(Fault(where, None, rule, make))
        return "", str(refused)
    return f"holds over {len(verified.artifacts)} files, by the public key of {verified.key_arn}", ""


def _signed_names(reading: _Reading) -> dict[str, bytes]:
    """Return the documents that go into the pack by the name they were signed under: those are what is verified."""
    found = {}
    for name, (_, output, file) in BY_STEP.items():
        if name in reading.contents and output not in ("signature", "verification"):
            found[f"{output}/{file}"] = reading.contents[name]
    if "model_card" in reading.contents:
        found["card/model_card.json"] = reading.contents["model_card"]
    if "lineage" in reading.contents:
        found["lineage.json"] = reading.contents["lineage"]
    return found
