"""Rotates a random key in Secrets Manager: create, set, test and finish, each of which may be called again.

A rotation makes a version labelled AWSPENDING and moves AWSCURRENT to it at the end; the version before it keeps
AWSPREVIOUS, so that what was made with it can still be checked. Nobody but the readers of the secret holds the key, so
there is no service to set it in. A step that fails leaves AWSCURRENT where it was, and Secrets Manager calls it again.

The value is made here, never printed, and never put into an error.
Source: Secrets Manager user guide, "Lambda rotation functions" and "Rotation by Lambda function".
"""

import base64
import binascii
import os
import secrets
from typing import Any

import boto3

SHORTEST_KEY = 32
"""Bytes: an HMAC key is at least as long as its hash's output (RFC 2104, section 3; here SHA-256)."""


class RotationRefused(Exception):  # noqa: N818 -- named for what it says
    """The call does not fit the state of the secret; nothing was changed."""


def handle(event: dict[str, str], _context: object) -> None:
    """Do one step of a rotation; the event names the step, the secret and the version that is being made."""
    rotate(boto3.client("secretsmanager"), event, int(os.environ.get("KEY_BYTES", SHORTEST_KEY)))


def rotate(client: Any, event: dict[str, str], key_bytes: int = SHORTEST_KEY) -> None:
    """Do one step of a rotation with a client of Secrets Manager. Raises `RotationRefused`."""
    secret, version = event["SecretId"], event["ClientRequestToken"]
    # The user guide spells the steps with underscores, the service and AWS's own templates without.
    step = event["Step"].replace("_", "").lower()
    if step not in _STEPS:
        raise RotationRefused(f"{event['Step']!r} is no step of a rotation")
    described = client.describe_secret(SecretId=secret)
    if described.get("RotationEnabled") is False:
        raise RotationRefused("rotation is switched off for the secret")
    labels = described.get("VersionIdsToStages", {}).get(version)
    if labels is None:
        raise RotationRefused(f"the secret has no version {version}")
    if "AWSCURRENT" in labels:
        _release(client, secret, version, labels)
        return
    if "AWSPENDING" not in labels:
        raise RotationRefused(f"version {version} is not being made")
    _STEPS[step](client, secret, version, key_bytes)


def _create(client: Any, secret: str, version: str, key_bytes: int) -> None:
    """Give the version a value, unless an earlier try has."""
    if _value(client, secret, version) is None:
        made = base64.b64encode(secrets.token_bytes(max(key_bytes, SHORTEST_KEY))).decode()
        client.put_secret_value(
            SecretId=secret, ClientRequestToken=version, SecretString=made, VersionStages=["AWSPENDING"]
        )


def _set(_client: Any, _secret: str, _version: str, _key_bytes: int) -> None:
    """Do nothing: no service but its readers holds the key."""


def _test(client: Any, secret: str, version: str, key_bytes: int) -> None:
    """Make sure that the version holds a key of the right length."""
    value = _value(client, secret, version)
    if value is None:
        raise RotationRefused(f"version {version} has no value")
    try:
        length = len(base64.b64decode(value, validate=True))
    except (binascii.Error, ValueError):
        raise RotationRefused(f"version {version} is not base64") from None
    if length < max(key_bytes, SHORTEST_KEY):
        raise RotationRefused(f"version {version} is too short")


def _finish(client: Any, secret: str, version: str, key_bytes: int) -> None:
    """Move AWSCURRENT to the version, once more tested, and take AWSPENDING from it."""
    _test(client, secret, version, key_bytes)
    stages = client.describe_secret(SecretId=secret)["VersionIdsToStages"]
    current = next((known for known, labels in stages.items() if "AWSCURRENT" in labels), None)
    before = {"RemoveFromVersionId": current} if current else {}
    client.update_secret_version_stage(SecretId=secret, VersionStage="AWSCURRENT", MoveToVersionId=version, **before)
    _release(client, secret, version, ["AWSPENDING"])


def _release(client: Any, secret: str, version: str, labels: list[str]) -> None:
    """Take AWSPENDING from a version that is current: the rotation is over."""
    if "AWSPENDING" in labels:
        client.update_secret_version_stage(SecretId=secret, VersionStage="AWSPENDING", RemoveFromVersionId=version)


def _value(client: Any, secret: str, version: str) -> str | None:
    """Return the version's value; None where it has none yet."""
    try:
        found = client.get_secret_value(SecretId=secret, VersionId=version, VersionStage="AWSPENDING")
    except client.exceptions.ResourceNotFoundException:
        return None
    return str(found["SecretString"])


_STEPS = {"createsecret": _create, "setsecret": _set, "testsecret": _test, "finishsecret": _finish}
