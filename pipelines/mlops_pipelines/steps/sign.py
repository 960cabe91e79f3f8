"""Sign: put the digests of everything that the run made into a manifest, and sign it with the model-signing key.

Facts: `signing_key_arn` (required); `commit`, `execution`, `image`, `training_image`, `source`, `input` for lineage;
`model_uri`, `reports_uri` and `<folder>_uri` for where the artefacts lie (prefixes of this execution); `region`. The
source bundle's checksum is taken of input `code`, which runs here, else from the fact `source_sha256`. Writes
manifest.json, lineage.json and, last, signature.json. Nothing is signed that was not evaluated and let through.
"""

from __future__ import annotations

import sys
import tarfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from mlops_pipelines.governance import aws
from mlops_pipelines.signing import canonical, lineage, manifest, signing
from mlops_pipelines.steps import shell as shells
from mlops_pipelines.steps.shell import Shell, StepFault


def assess(shell: Shell) -> dict[str, Any]:
    """Write the signature's folder. Raises `StepFault` for what is missing, of another run, or refused."""
    key_arn = shell.facts.get("signing_key_arn", "")
    if not signing.is_key_arn(key_arn):
        raise StepFault(f"the fact signing_key_arn is {key_arn!r}: the ARN of a KMS key is meant, and no alias")
    artifacts = manifest.files(shell.input)
    if missing := [name for name in manifest.REQUIRED if name not in artifacts]:
        raise StepFault(f"these artefacts are not among the inputs, so nothing is signed: {', '.join(missing)}")
    version = _agreed(shell, artifacts[manifest.MODEL])
    training = _training(artifacts[manifest.MODEL])
    record = lineage.record(
        shell.settings, shell.read("snapshot", "snapshot.json"), training, _facts(shell), version=version,
        model_sha256=canonical.measured(artifacts[manifest.MODEL])[0],
    )  # fmt: skip
    folder = shell.output / "signature"
    lineage_bytes = canonical.write(folder / manifest.LINEAGE, record)
    composed = manifest.compose(
        artifacts, lineage_bytes, model=shell.settings.model, version=version, execution=record["execution"],
        uris=manifest.places(artifacts, shell.facts),
    )  # fmt: skip
    signed = canonical.write(folder / manifest.MANIFEST, composed)
    try:
        with aws.calling("kms:Sign", key_arn):
            signature = signing.sign(aws.client("kms", shell.facts.get("region")), key_arn, signed)
    except ValueError as error:
        raise StepFault(str(error)) from error
    shell.write("signature", manifest.SIGNATURE, signature)
    return {
        "artifacts": len(composed["artifacts"]), "manifest_sha256": signature["digest"], "version": version,
        "lineage_gaps": lineage.gaps(record),
    }  # fmt: skip


def _agreed(shell: Shell, archive: Path) -> str:
    """Return the version that the gate gave. Raises `StepFault` where documents are of another model or settings."""
    gate = shell.read("gate", "gate.json")
    if gate.get("passed") is not True:
        raise StepFault(f"the gate did not let this model through, so it is not signed: {gate.get('reason')}")
    digest, _ = canonical.measured(archive)
    pairs: Mapping[str, tuple[Any, Any]] = {
        "evaluation.json's model_sha256": (shell.read("evaluation", "evaluation.json").get("model_sha256"), digest),
        "snapshot.json's settings_sha256": (
            shell.read("snapshot", "snapshot.json").get("settings_sha256"), shell.settings.sha256()
        ),
    }  # fmt: skip
    faults = [f"{what} is {found}, not {wanted}" for what, (found, wanted) in pairs.items() if found != wanted]
    if faults:
        raise StepFault(f"the artefacts are not of one run, so nothing is signed: {'; '.join(faults)}")
    return str(gate["version"])


def _facts(shell: Shell) -> dict[str, str]:
    """Return the facts, with the checksum of the source bundle that this very step was unpacked from."""
    bundle = shell.input / "code" / "sourcedir.tar.gz"
    measured = {"source_sha256": canonical.measured(bundle)[0]} if bundle.is_file() else {}
    return {**shell.facts, **measured}


def _training(archive: Path) -> dict[str, Any]:
    try:
        return lineage.training_metadata(archive)
    except (tarfile.TarError, KeyError, ValueError, OSError) as error:
        raise StepFault(f"{archive.name} holds no readable metadata.json: {error}") from error


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the step from the command line."""
    return shells.run(__doc__, assess, arguments)


if __name__ == "__main__":
    sys.exit(main())
