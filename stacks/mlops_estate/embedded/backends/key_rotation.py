"""The period of a key's rotation, which moto takes and forgets.

GetKeyRotationStatus answers `RotationPeriodInDays` where rotation is on (KMS API reference); it is 365 unless
EnableKeyRotation named another.
"""

from __future__ import annotations

import json
from typing import Any

DEFAULT_DAYS = 365


def install() -> None:
    """Let moto's keys remember their period."""
    from moto.kms.responses import KmsResponse

    enable, status = KmsResponse.enable_key_rotation, KmsResponse.get_key_rotation_status

    def key(response: Any) -> Any:
        return response.kms_backend.keys[response.kms_backend.get_key_id(response._get_param("KeyId"))]

    def enable_key_rotation(self: Any) -> str:
        answer: str = enable(self)
        key(self).rotation_period = self._get_param("RotationPeriodInDays") or DEFAULT_DAYS
        return answer

    def get_key_rotation_status(self: Any) -> str:
        answer = json.loads(status(self))
        if answer["KeyRotationEnabled"]:
            answer["RotationPeriodInDays"] = getattr(key(self), "rotation_period", DEFAULT_DAYS)
        return json.dumps(answer)

    KmsResponse.enable_key_rotation = enable_key_rotation
    KmsResponse.get_key_rotation_status = get_key_rotation_status
