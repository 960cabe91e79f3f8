"""An AWS account in this process, or the same account served by another one."""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Iterator
from types import TracebackType
from typing import Any

import boto3
from botocore.config import Config

from mlops_estate.embedded.network_guard import NetworkGuard

ACCOUNT_ID = "123456789012"
# Parameters are checked by our own validation, which knows more; retrying a back end in this process is pointless.
CONFIG = Config(parameter_validation=False, retries={"max_attempts": 1}, s3={"addressing_style": "path"})
INSTANCE_HEADER = "x-estate-account"
"""Every answer of a served account says which one it is: ports are used again, graphs on disk outlive accounts."""
FAKE = {"aws_access_key_id": "embedded", "aws_secret_access_key": "embedded", "aws_session_token": "embedded"}


class EmbeddedAccount:
    """An empty AWS account that lives as long as the `with` block.

    `region` is where its regional services are; `seed` makes generated ids repeat from run to run. Nothing in the
    block can reach the network, and no credentials of the user's are read. `instance` tells it from every other. Only
    one may stand in a process at a time: moto's state is the process's.
    """

    account_id = ACCOUNT_ID

    def __init__(self, region: str = "eu-west-1", seed: int = 0) -> None:
        self.region = region
        self.instance = secrets.token_hex(8)
        self._seed = seed
        self._clients: dict[str, Any] = {}
        self._stack = contextlib.ExitStack()

    def __enter__(self) -> EmbeddedAccount:
        """Stand the account up."""
        from moto import mock_aws
        from moto.moto_api._internal import mock_random

        from mlops_estate.embedded import backends

        backends.install()
        self._stack.enter_context(_clean_environment(self.region))
        self._stack.enter_context(NetworkGuard())
        core = {"reset_boto3_session": False, "mock_credentials": False}
        # State machines run in moto's interpreter; the alternative is that every execution succeeds at once.
        machines = {"execute_state_machine": True}
        self._stack.enter_context(mock_aws(config={"core": core, "stepfunctions": machines}))
        mock_random.seed(self._seed)
        self._session = boto3.session.Session(region_name=self.region, **FAKE)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Take the account down; everything in it is gone."""
        from mlops_estate.embedded.backends.runtime import forget_handlers

        forget_handlers()
        self._clients.clear()
        self._stack.close()

    def client(self, service: str) -> Any:
        """Return a boto3 client of a service, the same each time."""
        if service not in self._clients:
            self._clients[service] = self._session.client(service, config=CONFIG)
        return self._clients[service]

    def client_inside(self, service: str, endpoint_id: str) -> Any:
        """Return a client of a service for what runs in a network, and reaches S3 through that endpoint of it."""
        return _inside(self._session.client(service, config=CONFIG), endpoint_id)

    def begin(self, urn: str) -> None:
        """Make the ids generated from here on depend on the resource alone: the order of creation may vary."""
        from moto.moto_api._internal import mock_random

        mock_random.seed(f"{self._seed}\n{urn}")

    def backend_of(self, service: str, operation: str) -> str:
        """Return what answers an operation: "moto" or "gap filler"."""
        from mlops_estate.embedded.backends import answered_here

        return "gap filler" if answered_here(service, operation) else "moto"


class RemoteAccount:
    """An embedded account that another process serves on loopback (`estate serve`, `estate up --serve`)."""

    account_id = ACCOUNT_ID
    _instance = ""

    def __init__(self, endpoint_url: str, region: str) -> None:
        self.endpoint_url = endpoint_url
        self.region = region
        self._session = boto3.session.Session(region_name=region, **FAKE)
        self._clients: dict[str, Any] = {}

    def client(self, service: str) -> Any:
        """Return a boto3 client of a service, the same each time."""
        if service not in self._clients:
            self._clients[service] = self._session.client(service, config=CONFIG, endpoint_url=self.endpoint_url)
            self._clients[service].meta.events.register("before-call", self._to_the_address)
        return self._clients[service]

    def _to_the_address(self, params: dict[str, Any], **_more: Any) -> None:
        """S3 Control puts the account before the host, which an address on this machine has none of."""
        params["url"] = params["url"].replace(f"//{self.account_id}.", "//", 1)

    def client_inside(self, service: str, endpoint_id: str) -> Any:
        """Return a client of a service for what runs in a network, and reaches S3 through that endpoint of it."""
        client = self._session.client(service, config=CONFIG, endpoint_url=self.endpoint_url)
        return _inside(client, endpoint_id)

    @property
    def instance(self) -> str:
        """Which account it is of all that were served at this address; empty where the server is no account of ours.

        Raises botocore's errors where nothing answers.
        """
        if not self._instance:
            answer = self.client("sts").get_caller_identity()
            self._instance = str(answer["ResponseMetadata"]["HTTPHeaders"].get(INSTANCE_HEADER, ""))
        return self._instance

    def begin(self, urn: str) -> None:
        """Do nothing: the ids are the other process's."""

    def backend_of(self, service: str, operation: str) -> str:
        """Return what answers an operation: "moto" or "gap filler"."""
        from mlops_estate.embedded import backends

        backends.install()
        return "gap filler" if backends.answered_here(service, operation) else "moto"


def _inside(client: Any, endpoint_id: str) -> Any:
    from mlops_estate.embedded.backends.request_context import client_header

    def say(params: dict[str, Any], **_more: Any) -> None:
        params["headers"].update(client_header(endpoint_id))

    client.meta.events.register("before-call", say)
    return client


@contextlib.contextmanager
def _clean_environment(region: str) -> Iterator[None]:
    """Hide the user's AWS settings for the time being, and give libraries fake credentials."""
    before = {key: value for key, value in os.environ.items() if key.startswith("AWS_")}
    for key in before:
        del os.environ[key]
    os.environ.update(
        AWS_ACCESS_KEY_ID="embedded",
        AWS_SECRET_ACCESS_KEY="embedded",  # noqa: S106 -- there is nothing to authenticate to
        AWS_SESSION_TOKEN="embedded",  # noqa: S106 -- as above
        AWS_DEFAULT_REGION=region,
        AWS_EC2_METADATA_DISABLED="true",
        # The user's own files must not be read.
        AWS_CONFIG_FILE=os.devnull,
        AWS_SHARED_CREDENTIALS_FILE=os.devnull,
    )
    try:
        yield
    finally:
        for key in [key for key in os.environ if key.startswith("AWS_")]:
            del os.environ[key]
        os.environ.update(before)
