"""Rotation of secrets: the deployed function's own code is run in this process, step by step, as Lambda would run it.

moto invokes rotation functions in containers, forgets the version of a secret that has no value yet, and can't move
AWSCURRENT to the first one. Here the package that the function was deployed with is imported and its handler called,
with the function's environment. A rotation is asynchronous at AWS: a step that fails leaves the version pending and is
no error of RotateSecret; the next call reattempts it and says so (Secrets Manager API Reference, RotateSecret).
"""

from __future__ import annotations

import functools
import importlib.util
import io
import json
import os
import sys
import tempfile
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest import mock

from moto.awslambda.models import LambdaFunction
from moto.awslambda.utils import get_backend
from moto.moto_api._internal import mock_random
from moto.secretsmanager.exceptions import (
    InvalidParameterException,
    InvalidRequestException,
    ResourceNotFoundException,
    SecretNotFoundException,
    SecretsManagerClientError,
)
from moto.secretsmanager.models import SecretsManagerBackend

STEPS = ("createSecret", "setSecret", "testSecret", "finishSecret")
PRINCIPAL = "secretsmanager.amazonaws.com"


class AccessDenied(SecretsManagerClientError):  # noqa: N818 -- named for the error's code
    """Secrets Manager may not invoke the function."""

    def __init__(self, message: str) -> None:
        super().__init__("AccessDeniedException", message)


def install() -> None:
    """Mend moto's rotation, and let functions keep their logging configuration."""
    SecretsManagerBackend.rotate_secret = rotate_secret
    SecretsManagerBackend.update_secret_version_stage = _labelling(SecretsManagerBackend.update_secret_version_stage)
    _logging()


def rotate_secret(
    self: Any,
    secret_id: str,
    client_request_token: str | None = None,
    rotation_lambda_arn: str | None = None,
    rotation_rules: Mapping[str, Any] | None = None,
    rotate_immediately: bool = True,
) -> str:
    """Answer RotateSecret."""
    if not self._is_valid_identifier(secret_id):
        raise SecretNotFoundException
    secret = self.secrets[secret_id]
    if secret.is_deleted():
        raise InvalidRequestException("You tried to perform the operation on a secret that's currently marked deleted.")
    arn = rotation_lambda_arn or secret.rotation_lambda_arn
    if not arn:
        raise InvalidRequestException(
            "You tried to enable rotation on a secret that doesn't already have a Lambda function ARN configured and "
            "you didn't include such an ARN as a parameter in this call."
        )
    function = _function(self, arn, secret.arn)
    days = (rotation_rules or {}).get("AutomaticallyAfterDays")
    if days is not None and not 1 <= days <= 1000:
        raise InvalidParameterException("RotationRules.AutomaticallyAfterDays must be within 1-1000.")
    secret.rotation_requested = secret.rotation_enabled = True
    secret.rotation_lambda_arn = arn
    secret.auto_rotate_after_days = days or secret.auto_rotate_after_days
    if pending := _pending(secret):
        _run(secret, function, pending)
        raise InvalidRequestException("A previous rotation isn't complete. That rotation will be reattempted.")
    if rotate_immediately or not secret.versions:
        token = client_request_token or str(mock_random.uuid4())
        created = int(_now())
        secret.versions[token] = {"createdate": created, "version_id": token, "version_stages": ["AWSPENDING"]}
        _run(secret, function, token)
    answer: str = secret.to_short_dict()
    return answer


def _now() -> float:
    from moto.core.utils import utcnow

    return float(utcnow().timestamp())


def _function(backend: Any, arn: str, secret_arn: str) -> LambdaFunction:
    """Return the rotation function; it has to be there, and to let Secrets Manager invoke it for this secret."""
    try:
        function: LambdaFunction = get_backend(backend.account_id, backend.region_name).get_function(arn)
    except Exception as error:
        raise ResourceNotFoundException(f"Resource not found for ARN '{arn}'.") from error
    told = {"aws:sourceaccount": backend.account_id, "aws:sourcearn": secret_arn}
    if not any(_lets_in(statement, told) for statement in function.policy.statements):
        raise AccessDenied(
            "Secrets Manager cannot invoke the specified Lambda function. Ensure that the function policy grants "
            f"access to the principal {PRINCIPAL}."
        )
    return function


def _lets_in(statement: Mapping[str, Any], told: Mapping[str, str]) -> bool:
    from mlops_estate.embedded.iam import condition_holds

    named = statement.get("Principal") == {"Service": PRINCIPAL}
    return named and statement["Effect"] == "Allow" and condition_holds(statement.get("Condition"), told)


def _pending(secret: Any) -> str:
    """Return the version of a rotation that is not complete, or nothing."""
    found = (
        version
        for version, kept in secret.versions.items()
        if "AWSPENDING" in kept["version_stages"] and "AWSCURRENT" not in kept["version_stages"]
    )
    return next(found, "")


def _run(secret: Any, function: LambdaFunction, token: str) -> None:
    """Call the function for each step; what it raises ends the attempt, as at AWS, and is in nobody's answer."""
    with _loaded(function) as handle:
        for step in STEPS:
            event = {"Step": step, "SecretId": secret.arn, "ClientRequestToken": token}
            try:
                handle(event, None)
            except Exception as error:  # noqa: BLE001 -- whatever a function's code raises
                secret.rotation_failure = f"{step}: {type(error).__name__}: {error}"
                return
    secret.rotation_failure = ""
    secret.last_rotation_date = int(_now())
    secret.next_rotation_date = secret.last_rotation_date + secret.auto_rotate_after_days * 86_400


@contextmanager
def _loaded(function: LambdaFunction) -> Iterator[Any]:
    """Import the package that a function was deployed with, and give its handler, in the function's environment."""
    module_name, _, handler = function.handler.rpartition(".")
    with tempfile.TemporaryDirectory(prefix="estate-function-") as folder:
        with zipfile.ZipFile(io.BytesIO(function.code_bytes)) as package:
            package.extractall(folder)
        specification = importlib.util.spec_from_file_location(
            f"_estate_function_{module_name}", Path(folder) / f"{module_name}.py"
        )
        if specification is None or specification.loader is None:
            raise InvalidRequestException(f"the function's package has no {module_name}.py")
        module = importlib.util.module_from_spec(specification)
        with mock.patch.dict(os.environ, {**function.environment_vars, "AWS_DEFAULT_REGION": function.region}):
            sys.modules[module.__name__] = module
            try:
                specification.loader.exec_module(module)
                yield getattr(module, handler)
            finally:
                del sys.modules[module.__name__]


def _labelling(update: Any) -> Any:
    @functools.wraps(update)
    def labelled(
        self: Any, secret_id: str, version_stage: str, remove_from_version_id: str, move_to_version_id: str
    ) -> Any:
        """Move a label; the first value of a secret gets AWSCURRENT from nobody, and is what is read from then on."""
        secret = self.secrets.get(secret_id)
        held = [kept for kept in secret.versions.values() if version_stage in kept["version_stages"]] if secret else []
        if secret is not None and move_to_version_id in secret.versions and not held:
            secret.versions[move_to_version_id]["version_stages"].append(version_stage)
            answer = secret.arn, secret.name
        else:
            answer = update(self, secret_id, version_stage, remove_from_version_id, move_to_version_id)
        if secret is not None and version_stage == "AWSCURRENT" and move_to_version_id:
            secret.set_default_version_id(move_to_version_id)
        return answer

    return labelled


def _logging() -> None:
    """Lambda tells where a function logs (API Reference, FunctionConfiguration); moto forgets it."""
    make, configuration, update = (
        LambdaFunction.__init__,
        LambdaFunction.get_configuration,
        LambdaFunction.update_configuration,
    )

    @functools.wraps(make)
    def made(self: Any, account_id: str, spec: dict[str, Any], region: str, version: str | int = 1) -> None:
        make(self, account_id, spec, region, version)
        self.logging_config = spec.get("LoggingConfig") or {
            "LogFormat": "Text",
            "LogGroup": f"/aws/lambda/{self.function_name}",
        }

    @functools.wraps(configuration)
    def configured(self: Any, on_create: bool = False) -> dict[str, Any]:
        return {**configuration(self, on_create), "LoggingConfig": self.logging_config}

    @functools.wraps(update)
    def updated(self: Any, config_updates: dict[str, Any]) -> dict[str, Any]:
        self.logging_config = config_updates.get("LoggingConfig") or self.logging_config
        result: dict[str, Any] = json.loads(json.dumps(update(self, config_updates)))
        return {**result, "LoggingConfig": self.logging_config}

    LambdaFunction.__init__, LambdaFunction.get_configuration = made, configured
    LambdaFunction.update_configuration = updated
