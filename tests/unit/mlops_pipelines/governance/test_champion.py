"""Which version is the champion, which the latest, and what is taken of the champion's files."""

from __future__ import annotations

import hashlib
import io
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError
from botocore.response import StreamingBody
from hypothesis import given
from hypothesis import strategies as st

from mlops_pipelines.governance import aws, champion
from mlops_pipelines.governance.champion import Registered
from mlops_pipelines.steps.shell import StepFault

GROUP = "arn:aws:sagemaker:eu-west-1:999999999999:model-package-group/credit"
OWN = "arn:aws:sagemaker:eu-west-1:123456789012:pipeline/credit/execution/1"
ELSEWHERE = "arn:aws:sagemaker:eu-west-1:210987654321:pipeline/credit/execution/1"


def error(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": f"it is {code}"}}, "Operation")


class FakeRegistry:
    """SageMaker's registry as far as the champion step asks, two versions a page."""

    def __init__(self, *packages: dict[str, Any], denied: str = "") -> None:
        self.packages, self.denied = packages, denied
        self.asked: list[str] = []

    def get_paginator(self, operation: str) -> FakeRegistry:
        assert operation == "list_model_packages"
        return self

    def paginate(self, *, ModelPackageGroupName: str) -> Any:  # noqa: N803
        if self.denied == "list":
            raise error("AccessDeniedException")
        self.asked.append(ModelPackageGroupName)
        keys = ("ModelPackageArn", "ModelPackageVersion", "ModelApprovalStatus", "ModelPackageStatus")
        listed = [{key: one[key] for key in keys} for one in self.packages]
        for start in range(0, max(len(listed), 1), 2):
            yield {"ModelPackageSummaryList": listed[start : start + 2]}

    def describe_model_package(self, *, ModelPackageName: str) -> Any:  # noqa: N803
        if self.denied == "describe":
            raise error("AccessDeniedException")
        self.asked.append(ModelPackageName)
        return next(one for one in self.packages if one["ModelPackageArn"] == ModelPackageName)


class FakeStore:
    """S3 as far as GetObject goes."""

    def __init__(self, objects: dict[str, bytes], code: str = "NoSuchKey") -> None:
        self.objects, self.code = objects, code

    def get_object(self, *, Bucket: str, Key: str) -> Any:  # noqa: N803
        content = self.objects.get(f"s3://{Bucket}/{Key}")
        if content is None:
            raise error(self.code)
        return {"Body": StreamingBody(io.BytesIO(content), len(content))}


def package(number: int, approval: str = "Approved", status: str = "Completed", **metadata: str) -> dict[str, Any]:
    return {
        "ModelPackageArn": f"arn:aws:sagemaker:eu-west-1:999999999999:model-package/credit/{number}",
        "ModelPackageVersion": number,
        "ModelApprovalStatus": approval,
        "ModelPackageStatus": status,
        "InferenceSpecification": {
            "Containers": [{"Image": "i", "ModelDataUrl": f"s3://models/{number}/model.tar.gz"}]
        },
        "CustomerMetadataProperties": metadata,
        "MetadataProperties": {"GeneratedBy": OWN},
    }


def document(*packages: dict[str, Any]) -> dict[str, Any]:
    return champion.document(champion.registered(FakeRegistry(*packages), GROUP))


def test_an_empty_group_has_no_champion_and_no_latest() -> None:
    found = document()
    assert (found["status"], found["latest"], found["highest_version"], found["notes"]) == ("none", None, None, [])


def test_the_newest_approved_version_is_the_champion_and_the_newest_not_rejected_the_latest() -> None:
    data = {"snapshot_sha256": "d" * 64, "schema_sha256": "e" * 64, "metric": "f1", "score": "0.71"}
    found = document(
        package(1, version="1.0.0"), package(2, version="1.1.0", **data),
        package(3, "PendingManualApproval", version="1.2.0"), package(4, "Rejected", version="1.3.0"),
    )  # fmt: skip
    assert found["status"] == "found"
    assert (found["registry_version"], found["version"]) == (2, "1.1.0")
    assert found["package_arn"].endswith("credit/2")
    assert found["model_uri"] == "s3://models/2/model.tar.gz"
    assert (found["snapshot_sha256"], found["schema_sha256"]) == ("d" * 64, "e" * 64)
    assert found["metric"] == {"name": "f1", "value": 0.71}
    assert (found["latest"]["registry_version"], found["latest"]["version"]) == (3, "1.2.0")
    assert found["highest_version"] == "1.3.0"


def test_versions_beyond_the_first_page_count() -> None:
    found = document(*(package(number, version=f"1.{number}.0") for number in range(1, 8)))
    assert found["registry_version"] == 7
    assert found["registered"] == 7


def test_a_group_of_another_account_is_asked_for_by_its_arn() -> None:
    registry = FakeRegistry(package(1))
    champion.registered(registry, GROUP)
    assert registry.asked[0] == GROUP


def test_a_version_whose_creation_failed_or_that_is_quarantined_is_no_champion() -> None:
    found = document(package(1), package(2, status="Failed"), package(3, quarantined="rolled back"))
    assert found["registry_version"] == 1
    assert found["latest"]["registry_version"] == 3


def test_a_version_of_an_older_pipeline_has_nulls_and_its_auc() -> None:
    found = document(package(1, auc="0.77"))
    assert (found["version"], found["snapshot_sha256"], found["schema_sha256"]) == (None, None, None)
    assert found["metric"] == {"name": "roc_auc", "value": 0.77}
    assert found["latest"]["version"] is None
    assert "has no semantic version" in found["notes"][0]


@pytest.mark.parametrize("score", ["", "good", "nan", "inf"])
def test_a_score_that_is_no_number_is_null(score: str) -> None:
    assert document(package(1, metric="f1", score=score))["metric"] is None


def test_a_version_registered_by_hand_is_handled() -> None:
    bare = {key: value for key, value in package(1).items() if key.startswith("Model")}
    found = document(bare)
    assert (found["status"], found["model_uri"], found["metric"]) == ("found", None, None)
    malformed = document(package(1, version="v1"))
    assert (malformed["version"], malformed["highest_version"]) == (None, None)
    assert "the malformed version 'v1'" in malformed["notes"][0]


def test_versions_none_of_which_is_approved_are_noted() -> None:
    assert document(package(1, "Rejected"))["notes"] == ["none of 1 registered versions is approved"]


def test_only_the_newest_hundred_are_described_and_an_older_champion() -> None:
    pending = [package(number, "PendingManualApproval") for number in range(3, 140)]
    registry = FakeRegistry(package(1), package(2), *pending)
    found = champion.registered(registry, GROUP)
    assert len(found) == 101
    assert champion.document(found)["registry_version"] == 2


@pytest.mark.parametrize(
    ("denied", "told"),
    [
        ("list", f"sagemaker:ListModelPackages on {GROUP} was denied"),
        ("describe", "sagemaker:DescribeModelPackage on arn:"),
    ],
)
def test_a_registry_that_may_not_be_read_is_named_with_the_action(denied: str, told: str) -> None:
    with pytest.raises(StepFault, match=told):
        champion.registered(FakeRegistry(package(1), denied=denied), GROUP)


MODEL, DATA = b"model" * 1000, b"a,b\n1,2\n"


def one(**metadata: str) -> Registered:
    return Registered("arn:pkg/1", 1, "Approved", "s3://models/1/model.tar.gz", metadata, OWN)


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


STORED = {"s3://models/1/model.tar.gz": MODEL, "s3://snapshots/1/data.csv": DATA}


def test_the_champions_files_are_downloaded_and_checked(tmp_path: Path) -> None:
    told = one(model_sha256=digest(MODEL), snapshot_sha256=digest(DATA), snapshot_uri="s3://snapshots/1/")
    files, notes = champion.fetch(FakeStore(STORED), told, tmp_path)
    assert notes == []
    assert (tmp_path / "model.tar.gz").read_bytes() == MODEL
    assert (tmp_path / "data.csv").read_bytes() == DATA
    assert files["data.csv"] == {"sha256": digest(DATA), "uri": "s3://snapshots/1/data.csv"}
    assert {path.name for path in tmp_path.iterdir()} == {"model.tar.gz", "data.csv"}


@pytest.mark.parametrize("key", ["model_sha256", "snapshot_sha256"])
def test_a_changed_file_ends_the_step_and_is_not_kept(tmp_path: Path, key: str) -> None:
    right = {"model_sha256": digest(MODEL), "snapshot_sha256": digest(DATA), "snapshot_uri": "s3://snapshots/1"}
    with pytest.raises(StepFault, match=r"was changed: its SHA-256 is .* but arn:pkg/1 was registered with 000"):
        champion.fetch(FakeStore(STORED), one(**{**right, key: "0" * 64}), tmp_path)
    assert not (tmp_path / {"model_sha256": "model.tar.gz", "snapshot_sha256": "data.csv"}[key]).exists()


def test_files_that_are_gone_are_noted(tmp_path: Path) -> None:
    files, notes = champion.fetch(FakeStore({}), one(snapshot_uri="s3://snapshots/1"), tmp_path)
    assert files == {}
    assert notes == [
        "s3://models/1/model.tar.gz of arn:pkg/1 is gone",
        "s3://snapshots/1/data.csv of arn:pkg/1 is gone",
    ]


def test_files_whose_place_or_checksum_is_not_recorded_are_noted(tmp_path: Path) -> None:
    files, notes = champion.fetch(FakeStore(STORED), one(), tmp_path)
    assert set(files) == {"model.tar.gz"}
    assert notes == [
        "arn:pkg/1 has no model_sha256: its model.tar.gz was taken as it is",
        "arn:pkg/1 does not say where its data.csv lies",
    ]  # fmt: skip


def test_an_object_that_may_not_be_read_is_named_with_the_action(tmp_path: Path) -> None:
    with pytest.raises(StepFault, match=r"s3:GetObject on s3://models/1/model.tar.gz was denied"):
        champion.fetch(FakeStore({}, "AccessDenied"), one(), tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_the_data_of_a_champion_of_another_account_stay_there(tmp_path: Path) -> None:
    foreign = Registered("arn:pkg/1", 1, "Approved", "s3://models/1/model.tar.gz",
                         {"snapshot_uri": "s3://snapshots/1"}, ELSEWHERE)  # fmt: skip
    files, notes = champion.fetch(FakeStore(STORED), foreign, tmp_path, OWN)
    assert set(files) == {"model.tar.gz"}
    assert "the data of arn:pkg/1 stay in the account that made it, 210987654321" in notes
    assert set(champion.fetch(FakeStore(STORED), foreign, tmp_path, "")[0]) == {"model.tar.gz", "data.csv"}


@pytest.mark.parametrize("uri", ["https://host/key", "s3://", "s3://bucket", "s3://bucket/", "bucket/key"])
def test_what_is_no_uri_of_an_object_is_refused(uri: str) -> None:
    with pytest.raises(StepFault, match="is no S3 URI"):
        aws.split_uri(uri)


def test_other_failures_of_aws_are_told_without_a_traceback() -> None:
    with (
        pytest.raises(StepFault, match="kms:Sign on key failed with ThrottlingException: it is Throttling"),
        aws.calling("kms:Sign", "key"),
    ):
        raise error("ThrottlingException")
    with pytest.raises(StepFault, match="kms:Sign on key could not be called"), aws.calling("kms:Sign", "key"):
        raise EndpointConnectionError(endpoint_url="https://kms")


@given(
    st.lists(st.tuples(st.sampled_from(["Approved", "Rejected", "PendingManualApproval"]), st.booleans()), max_size=8)
)
def test_the_champion_is_always_approved_and_no_newer_approved_version_stands(rows: list[tuple[str, bool]]) -> None:
    packages = [
        package(number, approval, **({"quarantined": "yes"} if bad else {}))
        for number, (approval, bad) in enumerate(rows, start=1)
    ]
    found = document(*packages)
    good = [number for number, (approval, bad) in enumerate(rows, start=1) if approval == "Approved" and not bad]
    standing = [number for number, (approval, _) in enumerate(rows, start=1) if approval != "Rejected"]
    assert found["registry_version"] == max(good, default=None)
    assert (found["latest"] or {}).get("registry_version") == max(standing, default=None)
