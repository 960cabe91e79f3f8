"""The manifest: which files make up a model version, by SHA-256 and size, and of which run they are."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mlops_pipelines.signing.canonical import canonical, measured, sha256

FORMAT = 1
MANIFEST, LINEAGE, SIGNATURE = "manifest.json", "lineage.json", "signature.json"
MODEL = "model/model.tar.gz"
"""Names of artefacts are `<input folder>/<file>`; lineage.json lies beside the manifest."""
REQUIRED = (
    MODEL, "snapshot/snapshot.json", "evaluation/evaluation.json", "gate/gate.json", "card/model_card.json",
    "optimised/optimisation.json",
)  # fmt: skip
LEFT_OUT = frozenset({".csv"})
"""Records are signed through the checksums in snapshot.json: whoever verifies a release needs no access to data."""
FOLDERS = frozenset({
    "model", "validation", "snapshot", "splits", "search", "evaluation", "fairness", "robustness", "explanations",
    "optimised", "gate", "card",
})  # fmt: skip
"""Input folders that hold artefacts of this version; any other (the code, the champion) is not signed as one."""
_SHA256 = re.compile(r"[0-9a-f]{64}")


class MalformedManifest(ValueError):  # noqa: N818 -- named for what the bytes are
    """Bytes are no manifest; the message says which rule they break."""


def files(root: Path) -> dict[str, Path]:
    """Return the artefacts below the inputs' folder by name, sorted: every file but records and hidden files."""
    found = {}
    for path in sorted(root.rglob("*")):
        parts = path.relative_to(root).parts
        hidden = any(part.startswith(".") for part in parts)
        if path.is_file() and len(parts) > 1 and not hidden and parts[0] in FOLDERS and path.suffix not in LEFT_OUT:
            found["/".join(parts)] = path
    return found


def compose(
    artifacts: Mapping[str, Path], lineage: bytes, *, model: str, version: str, execution: str | None,
    uris: Mapping[str, str],
) -> dict[str, Any]:  # fmt: skip
    """Return manifest.json of files, and of lineage.json's bytes. `uris` says where an artefact lies, by its name."""
    described: dict[str, dict[str, Any]] = {}
    for name, path in artifacts.items():
        digest, size = measured(path)
        described[name] = {"sha256": digest, "bytes": size, **({"uri": uris[name]} if name in uris else {})}
    digest = sha256(lineage)
    described[LINEAGE] = {
        "sha256": digest, "bytes": len(lineage), **({"uri": uris[LINEAGE]} if LINEAGE in uris else {})
    }  # fmt: skip
    return {
        "version": FORMAT,
        "model": model,
        "semantic_version": version,
        "execution": execution,
        "artifacts": dict(sorted(described.items())),
        "lineage_sha256": digest,
    }


def places(names: Mapping[str, Path], facts: Mapping[str, str]) -> dict[str, str]:
    """Return the S3 URI of each artefact that the facts tell of.

    `model_uri` is the archive itself; `<folder>_uri` is the prefix of a step's output, and `reports_uri` the prefix
    below which every other folder lies. Without them an artefact has no URI, and can be verified only from files.
    """
    found = {}
    for name in names:
        folder, _, rest = name.partition("/")
        if name == MODEL:
            if facts.get("model_uri"):
                found[name] = facts["model_uri"]
        elif facts.get(f"{folder}_uri"):
            found[name] = f"{facts[f'{folder}_uri'].rstrip('/')}/{rest}"
        elif facts.get("reports_uri"):
            found[name] = f"{facts['reports_uri'].rstrip('/')}/{name}"
    return found


def parse(content: bytes) -> dict[str, Any]:
    """Return the manifest that bytes hold.

    Raises `MalformedManifest` where they are not canonical JSON (one document has one form) or not of this format.
    """
    try:
        document = json.loads(content)
    except ValueError as error:
        raise MalformedManifest(f"it is no JSON: {error}") from error
    if not isinstance(document, dict) or document.get("version") != FORMAT or isinstance(document["version"], bool):
        raise MalformedManifest(f"it is not of format {FORMAT}")
    if canonical(document) != content:
        raise MalformedManifest("it is not in canonical form: sorted keys, no spaces, each key once")
    _check(document)
    return document


def _check(document: Mapping[str, Any]) -> None:
    artifacts = document.get("artifacts")
    if not isinstance(artifacts, dict) or not all(isinstance(one, dict) for one in artifacts.values()):
        raise MalformedManifest("artifacts is no object of objects")
    faults = [key for key in ("model", "semantic_version") if not isinstance(document.get(key), str)]
    faults += [f"artifacts.{name}" for name, one in artifacts.items() if not _described(one)]
    faults += [f"artifacts.{name} is missing" for name in (MODEL, LINEAGE) if name not in artifacts]
    if not faults and artifacts[LINEAGE]["sha256"] != document.get("lineage_sha256"):
        faults.append("lineage_sha256 differs from the digest of lineage.json")
    if faults:
        raise MalformedManifest(f"these entries are not as they have to be: {', '.join(faults)}")


def _described(one: Mapping[str, Any]) -> bool:
    digest, size = one.get("sha256"), one.get("bytes")
    whole = isinstance(size, int) and not isinstance(size, bool) and size >= 0
    return isinstance(digest, str) and bool(_SHA256.fullmatch(digest)) and whole
