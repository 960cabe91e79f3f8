"""What a JSON service answers where it refuses a request."""

from __future__ import annotations

from moto.core.exceptions import JsonRESTError

# By the errors' names in the services' models; any other is 400.
STATUSES = {
    "AccessDeniedException": 403,
    "ConflictException": 409,
    "InvalidAccessException": 401,
    "ResourceConflictException": 409,
    "ResourceNotFoundException": 404,
    "ServiceQuotaExceededException": 402,
}


class Refusal(JsonRESTError):  # noqa: N818 -- the service's own answer
    """A service's error by its name, with its message and the status of its model."""

    def __init__(self, error: str, message: str) -> None:
        super().__init__(error, message)
        self.code = STATUSES.get(error, 400)
