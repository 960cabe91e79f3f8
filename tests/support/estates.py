"""Estates that stand in an embedded account, for tests: every request that was made, and a registered package."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mlops_estate.config import LoadedEnvironment, load_environment
from mlops_estate.embedded.account import EmbeddedAccount
from mlops_estate.embedded.driver import AwsDriver
from mlops_estate.engine.driver_api import ResourceRequest, ResourceState
from mlops_estate.up.session import EstateSession

PROJECT_DIR = Path(__file__).resolve().parents[2]


class RecordingDriver(AwsDriver):
    """Keeps the last request made for each URN."""

    def __init__(self, account: EmbeddedAccount) -> None:
        super().__init__(account)
        self.requests: dict[str, ResourceRequest] = {}

    def create(self, request: ResourceRequest) -> ResourceState:
        self.requests[request.urn] = request
        return super().create(request)


@dataclass
class Standing:
    """An estate as it stands: the session and the requests by URN."""

    session: EstateSession
    driver: RecordingDriver
    requests: list[ResourceRequest] = field(default_factory=list)


@contextmanager
def standing(environment: str) -> Iterator[Standing]:
    """Stand an environment up with version 1 of each model registered untrained: quick, and with every resource."""
    loaded: LoadedEnvironment = load_environment(environment, PROJECT_DIR)
    with EmbeddedAccount(loaded.config.estate.region) as account:
        driver = RecordingDriver(account)
        session = EstateSession(loaded, account, driver)
        graph = session.apply(dict.fromkeys(loaded.config.models))
        for outputs in graph.stack_outputs["models"].values():
            register_untrained(account, outputs["model_package_group"], graph.stack_outputs["buckets"]["models"])
        session.apply(dict.fromkeys(loaded.config.models, 1))
        yield Standing(session, driver, list(driver.requests.values()))


def register_untrained(account: EmbeddedAccount, group: str, bucket: str) -> str:
    """Register a version whose model is an empty object; return its ARN."""
    account.client("s3").put_object(Bucket=bucket, Key="untrained/model.tar.gz", Body=b"")
    image = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/model:1"
    specification: dict[str, Any] = {
        "Containers": [{"Image": image, "ModelDataUrl": f"s3://{bucket}/untrained/model.tar.gz"}],
        "SupportedContentTypes": ["text/csv"],
        "SupportedResponseMIMETypes": ["application/json"],
    }
    return account.client("sagemaker").create_model_package(
        ModelPackageGroupName=group, InferenceSpecification=specification, ModelApprovalStatus="Approved"
    )["ModelPackageArn"]
