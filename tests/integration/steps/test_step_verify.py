"""The verifying step: by KMS and by the public key, with the key that the pipeline trusts."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from tests.support.governed import FACTS, MODEL_SHA256, shell
from tests.support.signatures import KEY_ARN, OTHER_ARN, FakeKms, lay_run

from mlops_pipelines.governance import aws
from mlops_pipelines.governance.registration import refused
from mlops_pipelines.steps import sign, verify
from mlops_pipelines.steps.shell import Shell, StepFault


@pytest.fixture
def kms(monkeypatch: pytest.MonkeyPatch) -> FakeKms:
    made = FakeKms()
    monkeypatch.setattr(aws, "client", lambda service, region=None: made)
    return made


@pytest.fixture
def given(tmp_path: Path, kms: FakeKms) -> Shell:
    signed = shell(tmp_path, {**FACTS, "signing_key_arn": KEY_ARN})
    lay_run(signed.input)
    sign.assess(signed)
    shutil.copytree(signed.output / "signature", signed.input / "signature")
    kms.calls.clear()
    return signed


def with_facts(given: Shell, **facts: str) -> Shell:
    return Shell(given.input, given.output, given.settings, given.schema, {**given.facts, **facts})


def test_a_signed_run_is_verified_twice_and_told_as_text_that_the_registry_takes(given: Shell, kms: FakeKms) -> None:
    told = verify.assess(given)
    document = json.loads((given.output / "verification/verification.json").read_text())
    assert document["by"] == ["KMS", "public key"]
    assert document["verified"] is True
    assert document["summary"] == told
    assert told["key_arn"] == KEY_ARN
    assert told["model_sha256"] == MODEL_SHA256
    assert told["version"] == "1.0.0"
    assert told["signed_artifacts"] == str(len(document["artifacts"]))
    assert refused(told) == []
    assert kms.calls == [("GetPublicKey", KEY_ARN), ("Verify", KEY_ARN)]
    pem = (given.output / "verification/public_key.pem").read_text()
    assert pem.startswith("-----BEGIN PUBLIC KEY-----\n")


def test_an_artefact_changed_after_signing_is_refused_and_nothing_is_written(given: Shell) -> None:
    (given.input / "model/model.tar.gz").write_bytes(b"other")
    with pytest.raises(StepFault, match=r"the signature is refused: model/model.tar.gz was changed"):
        verify.assess(given)
    assert not (given.output / "verification").exists()


def test_the_trusted_key_is_the_facts_and_not_the_signatures(given: Shell) -> None:
    with pytest.raises(StepFault, match=f"claims key '{KEY_ARN}'; trusted are {OTHER_ARN}"):
        verify.assess(with_facts(given, signing_key_arn=OTHER_ARN))


def test_a_signature_of_another_execution_is_refused(given: Shell) -> None:
    with pytest.raises(StepFault, match=r"its pipeline execution is .*, not arn:other"):
        verify.assess(with_facts(given, execution="arn:other"))


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("manifest.json", "the manifest is missing"),
        ("signature.json", "input signature has no readable signature.json"),
        ("lineage.json", "the signed artefact lineage.json is missing"),
    ],
)
def test_a_missing_file_of_the_signature_is_named(given: Shell, name: str, told: str) -> None:
    (given.input / "signature" / name).unlink()
    with pytest.raises(StepFault, match=told):
        verify.assess(given)


def test_the_key_has_to_be_told_by_its_arn(given: Shell) -> None:
    with pytest.raises(StepFault, match="and no alias"):
        verify.assess(with_facts(given, signing_key_arn="alias/signing"))


def test_a_public_key_that_may_not_be_read_is_named_with_the_action(given: Shell, kms: FakeKms) -> None:
    def denied(**_given: Any) -> Any:
        raise ClientError({"Error": {"Code": "AccessDeniedException", "Message": "not you"}}, "GetPublicKey")

    kms.get_public_key = denied  # type: ignore[method-assign]
    with pytest.raises(StepFault, match=f"kms:GetPublicKey on {KEY_ARN} was denied"):
        verify.assess(given)
