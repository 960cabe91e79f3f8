"""The signing step: what it signs, and what it refuses to sign."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from tests.support.governed import FACTS, METADATA, MODEL_SHA256, documents, lay, shell
from tests.support.signatures import KEY_ARN, FakeKms, lay_run

from mlops_pipelines.governance import aws, gates
from mlops_pipelines.signing import canonical, manifest, signing
from mlops_pipelines.signing.verification import TrustedKeys, verify
from mlops_pipelines.steps import sign
from mlops_pipelines.steps.shell import Shell, StepFault

SIGNING = {**FACTS, "signing_key_arn": KEY_ARN}


@pytest.fixture
def kms(monkeypatch: pytest.MonkeyPatch) -> FakeKms:
    made = FakeKms()
    monkeypatch.setattr(aws, "client", lambda service, region=None: made)
    return made


@pytest.fixture
def given(tmp_path: Path) -> Shell:
    lay_run(tmp_path / "input")
    return shell(tmp_path, SIGNING)


def written(given: Shell, name: str) -> Any:
    return json.loads((given.output / "signature" / name).read_text())


def test_a_run_is_signed_so_that_it_can_be_verified(given: Shell, kms: FakeKms) -> None:
    bundle = given.input / "code" / "sourcedir.tar.gz"
    bundle.parent.mkdir()
    bundle.write_bytes(b"bundle")
    told = sign.assess(given)
    content = (given.output / "signature/manifest.json").read_bytes()
    document = manifest.parse(content)
    assert set(manifest.REQUIRED) < set(document["artifacts"])
    assert document["artifacts"]["model/model.tar.gz"]["sha256"] == MODEL_SHA256
    assert (document["model"], document["semantic_version"], document["execution"]) == (
        "credit", "1.0.0", FACTS["execution"]
    )  # fmt: skip
    record = written(given, "lineage.json")
    assert record["source"] == {"uri": FACTS["source"], "sha256": hashlib.sha256(b"bundle").hexdigest()}
    assert record["libraries"]["training"] == METADATA["versions"]
    assert told["manifest_sha256"] == canonical.sha256(content)
    assert told["lineage_gaps"] == ["the digest of the training image"]

    def read(name: str) -> bytes:
        root = given.output / "signature" if name == "lineage.json" else given.input
        return (root / name).read_bytes()

    trusted = TrustedKeys({KEY_ARN: signing.public_key(kms, KEY_ARN)})
    assert verify(content, written(given, "signature.json"), read=read, trusted=trusted).version == "1.0.0"


def test_manifest_and_lineage_are_the_same_bytes_each_time(given: Shell, kms: FakeKms) -> None:
    texts = []
    for _ in range(2):
        sign.assess(given)
        texts.append([(given.output / "signature" / name).read_bytes() for name in ("manifest.json", "lineage.json")])
    assert texts[0] == texts[1]


@pytest.mark.parametrize("arn", ["", "alias/signing", "arn:aws:kms:eu-west-1:123456789012:alias/signing"])
def test_the_key_has_to_be_told_by_its_arn(given: Shell, kms: FakeKms, arn: str) -> None:
    other = Shell(given.input, given.output, given.settings, given.schema, {**SIGNING, "signing_key_arn": arn})
    with pytest.raises(StepFault, match="the ARN of a KMS key is meant, and no alias"):
        sign.assess(other)


def test_every_missing_artefact_is_named(given: Shell, kms: FakeKms) -> None:
    for name in ("card/model_card.json", "model/model.tar.gz"):
        (given.input / name).unlink()
    with pytest.raises(StepFault, match=r"nothing is signed: model/model.tar.gz, card/model_card.json"):
        sign.assess(given)
    assert kms.calls == []


def test_a_model_that_the_gate_refused_is_not_signed(given: Shell, kms: FakeKms) -> None:
    refused = gates.decide(documents(evaluation__metric__value=0.1), given.settings)
    lay(given.input, {"gate": refused})
    with pytest.raises(StepFault, match=r"the gate did not let this model through, so it is not signed: quality: 0\.1"):
        sign.assess(given)
    assert kms.calls == []


@pytest.mark.parametrize(
    ("change", "told"),
    [({"evaluation__model_sha256": "0" * 64}, "evaluation.json's model_sha256"),
     ({"snapshot__settings_sha256": None}, "snapshot.json's settings_sha256 is None")],
)  # fmt: skip
def test_artefacts_of_different_runs_are_not_signed(given: Shell, kms: FakeKms, change: Any, told: str) -> None:
    found = documents(**change)
    lay(given.input, {name: found[name] for name in ("evaluation", "snapshot")})
    with pytest.raises(StepFault, match=f"not of one run, so nothing is signed: {told}"):
        sign.assess(given)
    assert kms.calls == []
    assert not (given.output / "signature/signature.json").exists()


def test_an_archive_without_metadata_is_not_signed(given: Shell, kms: FakeKms) -> None:
    (given.input / "model/model.tar.gz").write_bytes(b"no archive")
    digest = hashlib.sha256(b"no archive").hexdigest()
    lay(given.input, {"evaluation": documents(evaluation__model_sha256=digest)["evaluation"]})
    with pytest.raises(StepFault, match=r"model.tar.gz holds no readable metadata.json"):
        sign.assess(given)


def test_a_key_that_may_not_be_used_is_named_with_the_action(given: Shell, kms: FakeKms) -> None:
    def denied(**_given: Any) -> Any:
        raise ClientError({"Error": {"Code": "AccessDeniedException", "Message": "not you"}}, "Sign")

    kms.sign = denied  # type: ignore[method-assign]
    with pytest.raises(StepFault, match=f"kms:Sign on {KEY_ARN} was denied"):
        sign.assess(given)
    assert not (given.output / "signature/signature.json").exists()
