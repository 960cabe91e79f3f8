"""Compile the training pipeline with the SageMaker SDK and keep it as `definition.json`.

    python -m mlops_pipelines.training.compile [--check]

Runs in an environment made from `requirements-compile.lock`. The result does not depend on the machine: fake keys, an
empty SDK configuration, no network (a call is an error), and code given as a content-hashed S3 URI. `--check` writes
nothing and returns 1 when the kept definition is not what the SDK builds.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import re
import socket
import sys
import tempfile
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from mlops_pipelines.training.rendering import DEFINITION, PLACEHOLDERS

SENTINELS: Mapping[str, int | float] = {
    "training_max_runtime_seconds": 900_000_001,
    "training_max_wait_seconds": 900_000_002,
    "seed": 900_000_003,
}
"""Numbers that stand for placeholders, since the SDK takes no text where the service wants a number."""
_STAND_IN = re.compile(r"(?:s3://|arn:aws:iam::000000000000:role/)open/([a-z_]+)")
LISTS = ("subnet_ids", "security_group_ids")
REGION = "eu-west-1"


def compiled() -> str:
    """Return the text of the definition as the SDK of this environment builds it. Raises `ImportError` without it."""
    with tempfile.TemporaryDirectory() as folder:
        _hold_still(Path(folder))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the SDK warns about itself
            logging.disable(logging.CRITICAL)
            try:
                definition = _built()
            finally:
                logging.disable(logging.NOTSET)
    return json.dumps(with_placeholders(definition), indent=1, ensure_ascii=False) + "\n"


def with_placeholders(definition: Mapping[str, Any]) -> dict[str, Any]:
    """Return the definition with stand-ins turned into placeholders.

    Raises `ValueError` if a placeholder does not occur afterwards, or one occurs that nobody fills.
    """
    names = {number: name for name, number in SENTINELS.items()}

    def visit(node: Any) -> Any:
        if isinstance(node, dict):
            # The container learns its region from AWS_REGION; the SDK would set the one the definition is compiled in.
            return {key: visit(item) for key, item in node.items() if key != "SAGEMAKER_REGION"}
        if isinstance(node, list):
            return next((f"${{{name}}}" for name in LISTS if node == [f"${{{name}}}"]), [visit(item) for item in node])
        if isinstance(node, (int, float)) and not isinstance(node, bool) and node in names:
            return f"${{{names[node]}}}"
        return _STAND_IN.sub(r"${\1}", node) if isinstance(node, str) else node

    result: dict[str, Any] = visit(definition)
    for step in result["Steps"]:
        if step["Type"] == "Training":
            step["Arguments"]["EnableManagedSpotTraining"] = "${use_spot}"
    for parameter in result["Parameters"]:
        if "EnumValues" in parameter:  # the SDK wants the default among them
            parameter["EnumValues"] = [value for value in parameter["EnumValues"] if not value.startswith("${")]
    text = json.dumps(result)
    if unused := sorted(name for name in PLACEHOLDERS if f"${{{name}}}" not in text):
        raise ValueError(f"the definition does not use {', '.join(unused)}")
    if text.count("${") != sum(text.count(f"${{{name}}}") for name in PLACEHOLDERS):
        raise ValueError("the definition has a placeholder that is not in PLACEHOLDERS")
    return result


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the definition, or compare with `--check`; return the exit code (2 without the SDK)."""
    parser = argparse.ArgumentParser(description="Compile the training pipeline with the SageMaker SDK.")
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 if definition.json is not current")
    check = parser.parse_args(arguments).check
    try:
        text = compiled()
    except ImportError as error:
        _say(f"{error}: run this with the Python of an environment made from requirements-compile.lock")
        return 2
    if not check:
        DEFINITION.write_text(text, encoding="utf-8")
        _say(f"wrote {DEFINITION.name}")
        return 0
    if DEFINITION.exists() and DEFINITION.read_text(encoding="utf-8") == text:
        _say(f"{DEFINITION.name} is current")
        return 0
    _say(f"{DEFINITION.name} is not what the SDK builds: run `python -m mlops_pipelines.training.compile`")
    return 1


def _built() -> dict[str, Any]:
    import boto3
    from sagemaker.core.workflow.pipeline_context import PipelineSession

    from mlops_pipelines.training.definition import build

    keys = boto3.Session(aws_access_key_id="none", aws_secret_access_key="none", region_name=REGION)  # noqa: S106
    session = PipelineSession(boto_session=keys, default_bucket="none")
    session._default_bucket = "none"  # the SDK would otherwise ask S3 whether the bucket exists
    definition: dict[str, Any] = json.loads(build(session, dict(SENTINELS)).definition())
    return definition


def _hold_still(folder: Path) -> None:
    settings = folder / "config.yaml"
    settings.write_text(
        "SchemaVersion: '1.0'\nSageMaker:\n  PythonSDK:\n    Modules:\n      TelemetryOptOut: true\n", encoding="utf-8"
    )
    for variable in [name for name in os.environ if name.startswith(("AWS_", "SAGEMAKER_"))]:
        del os.environ[variable]
    os.environ.update(
        AWS_DEFAULT_REGION=REGION,  # the SDK cannot be imported without a region
        AWS_EC2_METADATA_DISABLED="true",
        AWS_CONFIG_FILE=os.devnull,
        AWS_SHARED_CREDENTIALS_FILE=os.devnull,
        SAGEMAKER_VALIDATE_ROLE="false",
        SAGEMAKER_ADMIN_CONFIG_OVERRIDE=str(settings),
        SAGEMAKER_USER_CONFIG_OVERRIDE=str(settings),
    )

    def refuse(*_arguments: Any, **_options: Any) -> Any:
        raise OSError("compiling the definition must not use the network")

    socket.socket.connect = refuse  # type: ignore[method-assign]
    socket.getaddrinfo = refuse


def _say(line: str) -> None:
    print(line, file=sys.stderr)  # noqa: T201 -- a command's message


if __name__ == "__main__":
    sys.exit(main())
