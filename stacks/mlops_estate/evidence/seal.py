"""The seal of a pack: a manifest of every file's SHA-256, signed by the key that signs models, and its verification.

The manifest has a format of its own, so that a signature over a pack can never pass for one over a model
(`mlops_pipelines.signing.manifest.parse` refuses it) nor the other way round.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mlops_estate.evidence.model import Signer
from mlops_pipelines.signing import verification
from mlops_pipelines.signing.canonical import canonical, sha256

FORMAT, VERSION = "mlops-estate/evidence-manifest", 1
MANIFEST, SIGNATURE, PUBLIC_KEY, EVIDENCE = "manifest.json", "signature.json", "public_key.pem", "evidence.json"
HEAD = ("model", "environment", "framework", "date")
"""What the manifest says of the pack, as evidence.json does."""
_SHA256 = re.compile(r"[0-9a-f]{64}")
_NAME = re.compile(r"(?!.*(^|/)\.\.?(/|$))[A-Za-z0-9._-]+(/[A-Za-z0-9._-]+)*")


@dataclass(slots=True)
class Verdict:
    """Whether a pack is what was signed. `refusals` says everything that is wrong; empty where nothing is."""

    folder: str
    head: dict[str, str] = field(default_factory=dict)
    files: int = 0
    key_arn: str = ""
    fingerprint: str = ""
    refusals: list[str] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """Whether nothing is wrong."""
        return not self.refusals

    def as_dict(self) -> dict[str, Any]:
        """Return the verdict as JSON data."""
        return {"ok": self.ok, "folder": self.folder, **self.head, "files": self.files, "key_arn": self.key_arn,
                "fingerprint": self.fingerprint, "refusals": self.refusals}  # fmt: skip


def fingerprint(public_key: str) -> str:
    """Return the SHA-256 of a public key (PEM) as DER, in hexadecimal. Raises `ValueError` for no public key."""
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key

    try:
        key = load_pem_public_key(public_key.encode())
    except UnsupportedAlgorithm as error:
        raise ValueError(str(error)) from error
    return hashlib.sha256(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).hexdigest()


def seal(files: Mapping[str, bytes], head: Mapping[str, str], signer: Signer | None) -> dict[str, bytes]:
    """Return a pack's files with its manifest, and with public key and signature where there is a signer."""
    from mlops_pipelines.signing.signing import sign

    whole = dict(files)
    if signer is not None:
        whole[PUBLIC_KEY] = signer.public_key.encode()
    manifest = canonical(
        {
            "format": FORMAT,
            "version": VERSION,
            **{key: head[key] for key in HEAD},
            "files": {
                name: {"sha256": sha256(content), "bytes": len(content)} for name, content in sorted(whole.items())
            },
        }
    )
    sealed = {**whole, MANIFEST: manifest}
    if signer is not None:
        signature = sign(signer.kms, signer.key_arn, manifest)
        sealed[SIGNATURE] = json.dumps(signature, indent=1).encode() + b"\n"
    return sealed


def is_pack(folder: Path) -> bool:
    """Whether a folder looks like a pack: it has an evidence.json of ours, or a manifest of ours."""
    for name, wanted in ((MANIFEST, FORMAT), (EVIDENCE, "mlops-estate/evidence")):
        try:
            document = json.loads((folder / name).read_bytes())
        except (OSError, ValueError):
            continue
        if isinstance(document, dict) and document.get("format") == wanted:
            return True
    return False


def verify_pack(folder: Path, expected_fingerprint: str = "") -> Verdict:
    """Verify a pack: the signature by the public key in it, every file's SHA-256, no file missing or too many.

    A key that lies in the pack proves that the pack is whole, not whose it is: `expected_fingerprint`, from whoever
    holds the key, does. Nothing is raised for a wrong pack: the verdict says what is wrong.
    """
    verdict = Verdict(folder.name)
    content = _read(folder, MANIFEST, verdict)
    _check_signature(folder, content, verdict, expected_fingerprint)
    if content is None:
        return verdict
    document = _parsed(content, verdict)
    if document is not None:
        verdict.head = {key: document[key] for key in HEAD}
        _check_files(folder, document["files"], verdict)
        _check_head(folder, document, verdict)
    return verdict


def _read(folder: Path, name: str, verdict: Verdict) -> bytes | None:
    path = folder / name
    if path.is_symlink():
        verdict.refusals.append(f"{name} is a link, and leads out of the pack")
        return None
    try:
        return path.read_bytes()
    except OSError:
        what = "the pack is not signed: signature.json is missing" if name == SIGNATURE else f"{name} is missing"
        verdict.refusals.append(what)
        return None


def _check_signature(folder: Path, manifest: bytes | None, verdict: Verdict, expected: str) -> None:
    signature, key = _read(folder, SIGNATURE, verdict), _read(folder, PUBLIC_KEY, verdict)
    if signature is None or key is None:
        return
    try:
        claimed = json.loads(signature)
        pem = key.decode("ascii")
        verdict.fingerprint = fingerprint(pem)
        arn = claimed["key_arn"]
        trusted = verification.TrustedKeys.of([arn], {arn: pem})
    except (ValueError, KeyError, TypeError) as error:
        verdict.refusals.append(f"{SIGNATURE} or {PUBLIC_KEY} can't be read: {error}")
        return
    verdict.key_arn = arn
    if expected and expected.lower().replace(":", "") != verdict.fingerprint:
        verdict.refusals.append(
            f"the key in the pack is not the expected one: its fingerprint is {verdict.fingerprint}"
        )
    if manifest is None:
        return
    try:
        verification.check_signature(sha256(manifest), claimed, trusted, None)
    except verification.SignatureRefused as refused:
        verdict.refusals.append(str(refused))


def _parsed(content: bytes, verdict: Verdict) -> dict[str, Any] | None:
    """Return the manifest that bytes hold, or say why they hold none."""
    try:
        document = json.loads(content)
    except ValueError as error:
        verdict.refusals.append(f"{MANIFEST} is no JSON: {error}")
        return None
    wrong = ""
    if not isinstance(document, dict) or (document.get("format"), document.get("version")) != (FORMAT, VERSION):
        wrong = f"it is not of format {FORMAT}, version {VERSION}"
    elif canonical(document) != content:
        wrong = "it is not in canonical form: sorted keys, no spaces, each key once"
    elif not all(isinstance(document.get(key), str) for key in HEAD):
        wrong = f"it does not say {', '.join(HEAD)}"
    elif not isinstance(document.get("files"), dict) or not all(map(_described, document["files"].items())):
        wrong = "its list of files is not as it has to be"
    if wrong:
        verdict.refusals.append(f"{MANIFEST} can't be used: {wrong}")
        return None
    found: dict[str, Any] = document
    return found


def _described(entry: tuple[str, Any]) -> bool:
    name, one = entry
    if not _NAME.fullmatch(name) or not isinstance(one, dict) or set(one) != {"sha256", "bytes"}:
        return False
    digest, size = one["sha256"], one["bytes"]
    whole = isinstance(size, int) and not isinstance(size, bool) and size >= 0
    return isinstance(digest, str) and bool(_SHA256.fullmatch(digest)) and whole


def _check_files(folder: Path, files: Mapping[str, Mapping[str, Any]], verdict: Verdict) -> None:
    there = {path.relative_to(folder).as_posix(): path for path in sorted(folder.rglob("*"))
             if path.is_symlink() or not path.is_dir()}  # fmt: skip
    for name, described in sorted(files.items()):
        path = there.pop(name, None)
        if path is None:
            verdict.refusals.append(f"{name} is missing")
            continue
        if path.is_symlink():
            verdict.refusals.append(f"{name} is a link, and leads out of the pack")
            continue
        content = path.read_bytes()
        verdict.files += 1
        if (sha256(content), len(content)) != (described["sha256"], described["bytes"]):
            verdict.refusals.append(
                f"{name} was changed: its SHA-256 is {sha256(content)} ({len(content)} bytes), the manifest says "
                f"{described['sha256']} ({described['bytes']} bytes)"
            )
    more = sorted(set(there) - {MANIFEST, SIGNATURE})
    verdict.refusals += [f"{name} is in the folder, and not in the manifest" for name in more]


def _check_head(folder: Path, document: Mapping[str, Any], verdict: Verdict) -> None:
    """Refuse a seal that says another model, environment, framework, date or key than the evidence, which is signed.

    The key's ARN in signature.json is not signed itself: only evidence.json ties it to the pack.
    """
    try:
        evidence = json.loads((folder / EVIDENCE).read_bytes())
        said = [
            evidence["model"]["name"],
            evidence["environment"]["name"],
            evidence["framework"]["id"],
            evidence["date"],
        ]
        key = (evidence["signing"]["key_arn"], evidence["signing"]["fingerprint"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        verdict.refusals.append(f"{EVIDENCE} can't be read: {error!r}")
        return
    if said != [document[name] for name in HEAD]:
        verdict.refusals.append(f"{MANIFEST} is of another pack: {EVIDENCE} says {', '.join(map(str, said))}")
    if verdict.fingerprint and key != (verdict.key_arn, verdict.fingerprint):
        told = f"{EVIDENCE} says {key[0]} with fingerprint {key[1]}"
        verdict.refusals.append(f"the signature claims another key than the evidence: {told}")
