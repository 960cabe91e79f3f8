"""Champion, signature and verification in an embedded account: a run is signed, registered, verified, tampered with."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from tests.support.estates import PROJECT_DIR
from tests.support.governed import ARCHIVE, EXECUTION, FACTS, MODEL_SHA256, SNAPSHOT_SHA256, documents, settings
from tests.support.signatures import lay_run

from mlops_estate.embedded.account import EmbeddedAccount
from mlops_pipelines.governance import gates, registration
from mlops_pipelines.signing import canonical, signing
from mlops_pipelines.signing.verification import SignatureRefused, Verified, verify_package
from mlops_pipelines.steps import champion, sign, verify

DEFINITION = PROJECT_DIR / "pipelines/mlops_pipelines/training/definition.json"
BUCKET, REPORTS, MODEL_URI = "estate", "s3://estate/reports/abc123", "s3://estate/models/model.tar.gz"
SNAPSHOT = "s3://estate/snapshots/abc123/snapshot"


@dataclass
class Registry:
    """An account with a signing key, a bucket, and one signed and registered version."""

    account: EmbeddedAccount
    root: Path
    key_arn: str
    group_arn: str
    metadata: dict[str, str] = field(default_factory=dict)
    arn: str = ""

    def client(self, service: str) -> Any:
        return self.account.client(service)

    def put(self, uri: str, content: bytes) -> None:
        """Write an object, with its versions kept as they are."""
        bucket, _, key = uri.removeprefix("s3://").partition("/")
        self.client("s3").put_object(Bucket=bucket, Key=key, Body=content)

    def get(self, uri: str) -> bytes:
        bucket, _, key = uri.removeprefix("s3://").partition("/")
        content: bytes = self.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read()
        return content

    def delete(self, uri: str) -> None:
        bucket, _, key = uri.removeprefix("s3://").partition("/")
        self.client("s3").delete_object(Bucket=bucket, Key=key)

    def register(self, *, execution: str = EXECUTION, model_uri: str = MODEL_URI, **metadata: str) -> dict[str, Any]:
        """Register a version and return its description."""
        self.arn = self.client("sagemaker").create_model_package(
            ModelPackageGroupName=self.group_arn,
            ModelApprovalStatus="PendingManualApproval",
            MetadataProperties={"GeneratedBy": execution},
            CustomerMetadataProperties={**self.metadata, **metadata},
            InferenceSpecification={
                "Containers": [{"Image": "i", "ModelDataUrl": model_uri}],
                "SupportedContentTypes": ["text/csv"], "SupportedResponseMIMETypes": ["application/json"],
            },
        )["ModelPackageArn"]  # fmt: skip
        return self.describe()

    def describe(self) -> dict[str, Any]:
        found: dict[str, Any] = self.client("sagemaker").describe_model_package(ModelPackageName=self.arn)
        return found

    def check(self, description: dict[str, Any] | None = None, **given: Any) -> Verified:
        """Verify a version with the account's clients, trusting the signing key."""
        own = {"s3": self.client("s3"), "kms": self.client("kms"), "trusted_key_arns": [self.key_arn]}
        return verify_package(description or self.describe(), **{**own, **given})


def run_step(step: Any, root: Path, facts: dict[str, str], output: str) -> int:
    """Run a step's command as its job does, with its output folder below the run's."""
    code = root / "settings"
    code.mkdir(exist_ok=True)
    (code / "settings.json").write_text(json.dumps(settings().as_dict()))
    (code / "schema.json").write_text('{"columns": []}')
    told = [argument for name, value in facts.items() for argument in ("--fact", f"{name}={value}")]
    folders = ["--input", str(root / "opt/ml/input"), "--output", str(root / output), "--code", str(code)]
    return int(step.main([*folders, *told]))


def signing_key(account: EmbeddedAccount) -> str:
    made = account.client("kms").create_key(KeySpec="ECC_NIST_P256", KeyUsage="SIGN_VERIFY")
    return str(made["KeyMetadata"]["Arn"])


@dataclass
class Stage:
    """A signed run that was stored: its account, folder, key, objects by URI and what is to be registered."""

    account: EmbeddedAccount
    root: Path
    key_arn: str
    objects: dict[str, bytes]
    metadata: dict[str, str]


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """Sign a run by the step, and verify it by the step."""
    root = tmp_path_factory.mktemp("run")
    with EmbeddedAccount() as account:
        account.client("s3").create_bucket(
            Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": account.region}
        )
        key_arn, inputs = signing_key(account), root / "opt/ml/input"
        lay_run(inputs)
        facts = {**FACTS, "signing_key_arn": key_arn, "model_uri": MODEL_URI, "reports_uri": REPORTS,
                 "snapshot_uri": SNAPSHOT}  # fmt: skip
        assert run_step(sign, root, facts, "signed") == 0
        shutil.copytree(root / "signed/signature", inputs / "signature")
        assert run_step(verify, root, facts, "verified") == 0
        files = [path for path in sorted(inputs.rglob("*")) if path.is_file()]
        objects = {f"{REPORTS}/{path.relative_to(inputs).as_posix()}": path.read_bytes() for path in files}
        objects[MODEL_URI] = ARCHIVE
        objects[f"{SNAPSHOT}/snapshot.json"] = (inputs / "snapshot/snapshot.json").read_bytes()
        found = {**documents(), "gate": gates.decide(documents(), settings())}
        found["verification"] = json.loads((root / "verified/verification/verification.json").read_text())
        told = {**facts, "signature_uri": f"{REPORTS}/signature"}
        metadata = registration.properties(found, told, model="credit", label="denied", protected=["sex"])
        yield Stage(account, root, key_arn, objects, metadata)


@pytest.fixture
def registry(stage: Stage, request: pytest.FixtureRequest) -> Registry:
    """Store the run as it was signed, and register it in a group of its own."""
    name = f"credit-{canonical.sha256(request.node.name.encode())[:12]}"
    group = stage.account.client("sagemaker").create_model_package_group(ModelPackageGroupName=name)
    arn = group["ModelPackageGroupArn"]
    made = Registry(stage.account, stage.root, stage.key_arn, arn, dict(stage.metadata))
    for uri, content in stage.objects.items():
        made.put(uri, content)
    made.delete(f"{SNAPSHOT}/data.csv")
    made.register()
    return made


def refuses(registry: Registry, why: str, description: dict[str, Any] | None = None, **given: Any) -> None:
    with pytest.raises(SignatureRefused, match=why):
        registry.check(description, **given)


def flipped(content: bytes) -> bytes:
    return bytes([content[0] ^ 1]) + content[1:]


def test_a_signed_and_registered_version_is_verified_by_kms_and_by_its_public_key(registry: Registry) -> None:
    found = registry.check()
    assert (found.by, found.key_arn, found.version, found.execution) == ("KMS", registry.key_arn, "1.0.0", EXECUTION)
    assert found.manifest_sha256 == registry.describe()["CustomerMetadataProperties"]["manifest_sha256"]
    pem = (registry.root / "verified/verification/public_key.pem").read_text()
    assert registry.check(kms=None, public_keys={registry.key_arn: pem}).by == "public key"


def asked_of(document: Any) -> Iterator[tuple[str, str]]:
    """Yield step and path of every Std:JsonGet in a definition."""
    if isinstance(document, dict):
        got = document.get("Std:JsonGet")
        if got:
            yield got["PropertyFile"]["Get"].split(".")[1], got["Path"]
        for value in document.values():
            yield from asked_of(value)
    elif isinstance(document, list):
        for value in document:
            yield from asked_of(value)


def test_every_text_that_the_pipeline_registers_of_gate_and_signature_is_there_and_taken(registry: Registry) -> None:
    verified = json.loads((registry.root / "verified/verification/verification.json").read_text())
    own = {"Gate": gates.decide(documents(), settings()), "VerifySignature": verified}
    asked = [(step, path) for step, path in asked_of(json.loads(DEFINITION.read_text())) if step in own]
    assert ("VerifySignature", "summary.manifest_sha256") in asked
    for step, path in asked:
        value = own[step]
        for key in path.split("."):
            value = value[key]
        if path.startswith("summary."):
            assert registration.refused({"key": value}) == []


@pytest.mark.parametrize(
    "name",
    ["evaluation/evaluation.json", "gate/gate.json", "card/model_card.json", "optimised/model.onnx",
     "optimised/optimisation.json", "fairness/fairness.json", "signature/lineage.json"],
)  # fmt: skip
def test_a_flipped_bit_in_a_stored_artefact_is_refused_and_so_is_its_absence(registry: Registry, name: str) -> None:
    uri = f"{REPORTS}/{name}"
    signed = name.removeprefix("signature/")
    registry.put(uri, flipped(registry.get(uri)))
    refuses(registry, f"^{signed} was changed")
    registry.delete(uri)
    refuses(registry, f"{uri} is missing or can't be read")


def test_a_changed_model_archive_is_refused_and_so_is_its_absence(registry: Registry) -> None:
    registry.put(MODEL_URI, flipped(ARCHIVE))
    refuses(registry, r"model/model\.tar\.gz was changed")
    registry.delete(MODEL_URI)
    refuses(registry, f"{MODEL_URI} is missing")


def test_a_package_that_serves_another_archive_than_the_signed_one_is_refused(registry: Registry) -> None:
    registry.put("s3://estate/models/other.tar.gz", b"another model")
    refuses(
        registry, r"model/model\.tar\.gz was changed", registry.register(model_uri="s3://estate/models/other.tar.gz")
    )
    claimed = registry.register(
        model_uri="s3://estate/models/other.tar.gz", model_sha256=canonical.sha256(b"another model")
    )
    refuses(registry, "its model archive's SHA-256 is", claimed)


def test_a_package_with_a_second_archive_is_refused(registry: Registry) -> None:
    described = registry.describe()
    described["AdditionalInferenceSpecifications"] = [
        {"Containers": [{"ModelDataUrl": "s3://estate/models/other.tar.gz"}]}
    ]
    refuses(registry, "the package serves 2 archives, and one is signed", described)
    described["InferenceSpecification"], described["AdditionalInferenceSpecifications"] = {}, []
    refuses(registry, "the package serves 0 archives", described)


@pytest.mark.parametrize("name", ["manifest.json", "signature.json"])
def test_a_missing_manifest_or_signature_is_refused(registry: Registry, name: str) -> None:
    registry.delete(f"{REPORTS}/signature/{name}")
    refuses(registry, f"signature/{name} is missing or can't be read")


def test_a_changed_manifest_or_signature_is_refused(registry: Registry) -> None:
    uri = f"{REPORTS}/signature/manifest.json"
    content = registry.get(uri)
    registry.put(uri, flipped(content))
    refuses(registry, "the manifest is not the signed one")
    registry.put(uri, content)
    registry.put(f"{REPORTS}/signature/signature.json", b"no json")
    refuses(registry, r"signature\.json is no JSON")


def test_a_downgraded_algorithm_is_refused(registry: Registry) -> None:
    uri = f"{REPORTS}/signature/signature.json"
    registry.put(uri, json.dumps({**json.loads(registry.get(uri)), "algorithm": "RSASSA_PKCS1_V1_5_SHA_256"}).encode())
    refuses(registry, "only ECDSA_SHA_256 is taken")


def resign(registry: Registry, key_arn: str, **changes: Any) -> dict[str, str]:
    """Store a changed manifest with a fresh signature, and return the metadata that would go with it."""
    document = {**json.loads(registry.get(f"{REPORTS}/signature/manifest.json")), **changes}
    content = canonical.canonical(document)
    registry.put(f"{REPORTS}/signature/manifest.json", content)
    signature = signing.sign(registry.client("kms"), key_arn, content)
    registry.put(f"{REPORTS}/signature/signature.json", json.dumps(signature).encode())
    return {"manifest_sha256": canonical.sha256(content)}


def test_a_manifest_that_another_key_signed_is_refused_whatever_key_it_claims(registry: Registry) -> None:
    other = signing_key(registry.account)
    described = registry.register(**resign(registry, other))
    refuses(registry, f"claims key '{other}'; trusted are {registry.key_arn}", described)
    uri = f"{REPORTS}/signature/signature.json"
    registry.put(uri, json.dumps({**json.loads(registry.get(uri)), "key_arn": registry.key_arn}).encode())
    refuses(registry, f"the signature over the manifest is not that of {registry.key_arn}", described)


def test_a_manifest_of_another_version_execution_or_model_is_refused_though_it_is_signed(registry: Registry) -> None:
    refuses(registry, "its version is 1.0.0, not 2.0.0", registry.register(version="2.0.0"))
    refuses(registry, "its pipeline execution is", registry.register(execution=f"{EXECUTION}x"))
    refuses(registry, "its model is credit, not mortgage", registry.register(model="mortgage"))
    refuses(registry, "its manifest's SHA-256 is", registry.register(manifest_sha256="0" * 64))


def test_a_lineage_record_of_another_run_is_refused_though_the_manifest_is_signed_anew(registry: Registry) -> None:
    uri = f"{REPORTS}/signature/lineage.json"
    content = canonical.canonical({**json.loads(registry.get(uri)), "execution": "arn:other"})
    registry.put(uri, content)
    artifacts = json.loads(registry.get(f"{REPORTS}/signature/manifest.json"))["artifacts"]
    artifacts["lineage.json"] = {"sha256": canonical.sha256(content), "bytes": len(content)}
    changed = resign(registry, registry.key_arn, artifacts=artifacts, lineage_sha256=canonical.sha256(content))
    refuses(registry, r"lineage\.json is of another run than the manifest", registry.register(**changed))


def test_an_artefact_without_a_place_cannot_be_verified(registry: Registry) -> None:
    artifacts = json.loads(registry.get(f"{REPORTS}/signature/manifest.json"))["artifacts"]
    del artifacts["gate/gate.json"]["uri"]
    changed = resign(registry, registry.key_arn, artifacts=artifacts)
    refuses(registry, r"does not say where gate/gate\.json lies", registry.register(**changed))


def test_an_unsigned_package_is_refused_and_what_it_lacks_named(registry: Registry) -> None:
    description = registry.describe()
    for key in ("signature_uri", "manifest_sha256", "model_sha256", "version"):
        kept = {name: value for name, value in description["CustomerMetadataProperties"].items() if name != key}
        refuses(
            registry, f"is not signed: its metadata have no {key}", {**description, "CustomerMetadataProperties": kept}
        )
    refuses(registry, "is not signed", {**description, "CustomerMetadataProperties": None})
    bad = {**description["CustomerMetadataProperties"], "signature_uri": "https://elsewhere"}
    refuses(registry, "is no S3 URI", {**description, "CustomerMetadataProperties": bad})


def test_nothing_is_verified_without_a_trusted_key(registry: Registry) -> None:
    with pytest.raises(ValueError, match="no key is trusted"):
        registry.check(trusted_key_arns=[])


def approve(registry: Registry) -> None:
    registry.client("sagemaker").update_model_package(ModelPackageArn=registry.arn, ModelApprovalStatus="Approved")


def champion_of(registry: Registry) -> dict[str, Any]:
    facts = {"model_package_group": registry.group_arn, "execution": EXECUTION}
    assert run_step(champion, registry.root, facts, "looked-up") == 0
    found: dict[str, Any] = json.loads((registry.root / "looked-up/champion/champion.json").read_text())
    return found


def test_an_approved_version_is_the_next_runs_champion_with_its_files(registry: Registry) -> None:
    assert champion_of(registry)["status"] == "none"
    approve(registry)
    registry.put(f"{SNAPSHOT}/data.csv", b"a\n1\n")
    data_sha256 = canonical.sha256(b"a\n1\n")
    registry.client("sagemaker").update_model_package(
        ModelPackageArn=registry.arn, CustomerMetadataProperties={"snapshot_sha256": data_sha256}
    )
    found = champion_of(registry)
    assert (found["status"], found["version"], found["registry_version"]) == ("found", "1.0.0", 1)
    assert found["metric"] == {"name": "roc_auc", "value": 0.8}
    assert found["files"]["model.tar.gz"]["sha256"] == MODEL_SHA256
    assert (registry.root / "looked-up/champion/data.csv").read_bytes() == b"a\n1\n"
    assert found["notes"] == []


def test_a_champion_whose_archive_was_changed_ends_the_run(
    registry: Registry, capsys: pytest.CaptureFixture[str]
) -> None:
    approve(registry)
    registry.put(MODEL_URI, b"another model")
    facts = {"model_package_group": registry.group_arn}
    assert run_step(champion, registry.root, facts, "looked-up") == 1
    assert f"{MODEL_URI} was changed: its SHA-256 is" in capsys.readouterr().err
    assert "was changed" in (registry.root / "opt/output/message").read_text()


def test_a_champion_whose_files_are_gone_is_found_with_a_note(registry: Registry) -> None:
    approve(registry)
    registry.delete(MODEL_URI)
    found = champion_of(registry)
    assert (found["status"], found["files"]) == ("found", {})
    assert found["notes"] == [
        f"{MODEL_URI} of {registry.arn} is gone",
        f"{SNAPSHOT}/data.csv of {registry.arn} is gone",
    ]
    assert found["snapshot_sha256"] == SNAPSHOT_SHA256


def test_keys_of_the_account_sign_a_digest_as_kms_does(registry: Registry) -> None:
    kms, digest = registry.client("kms"), bytes.fromhex(canonical.sha256(b"message"))
    signed = kms.sign(KeyId=registry.key_arn, Message=digest, MessageType="DIGEST", SigningAlgorithm="ECDSA_SHA_256")
    raw = {"KeyId": registry.key_arn, "Signature": signed["Signature"], "SigningAlgorithm": "ECDSA_SHA_256"}
    # A signature over a digest is that of the message: the same bytes verify as RAW.
    assert kms.verify(Message=b"message", MessageType="RAW", **raw)["SignatureValid"] is True
    with pytest.raises(ClientError, match="KMSInvalidSignatureException"):
        kms.verify(Message=b"other", MessageType="RAW", **raw)
    with pytest.raises(ClientError, match="Digest is invalid length"):
        kms.sign(KeyId=registry.key_arn, Message=b"short", MessageType="DIGEST", SigningAlgorithm="ECDSA_SHA_256")
    told = kms.get_public_key(KeyId=registry.key_arn)
    assert (told["KeySpec"], told["KeyId"]) == ("ECC_NIST_P256", registry.key_arn)
