"""Analysers by name. Source: IAM Access Analyzer API Reference; IAM user guide, Access Analyzer quotas."""

from __future__ import annotations

from typing import Any

from moto.core.base_backend import BackendDict, BaseBackend
from moto.core.utils import utcnow

from mlops_estate.embedded.backends.refusals import Refusal


class AccessAnalyzerBackend(BaseBackend):
    """The analysers of one account and region."""

    def __init__(self, region_name: str, account_id: str) -> None:
        super().__init__(region_name, account_id)
        self.analyzers: dict[str, dict[str, Any]] = {}

    def create(self, params: dict[str, Any]) -> str:
        """Make an analyser; a name is taken once, and an account has one analyser of a kind for itself."""
        name, kind = params["analyzerName"], params["type"]
        if name in self.analyzers:
            raise Refusal("ConflictException", f"Analyzer {name} already exists.")
        if any(held["type"] == kind for held in self.analyzers.values()):
            message = f"The quota of 1 analyzer of type {kind} in the Region has been reached."
            raise Refusal("ServiceQuotaExceededException", message)
        arn = f"arn:{self.partition}:access-analyzer:{self.region_name}:{self.account_id}:analyzer/{name}"
        self.analyzers[name] = {
            "arn": arn, "name": name, "type": kind, "createdAt": utcnow().isoformat() + "Z", "status": "ACTIVE",
            "tags": dict(params.get("tags") or {}),
            **({"configuration": params["configuration"]} if params.get("configuration") else {}),
        }  # fmt: skip
        return arn

    def get(self, name: str) -> dict[str, Any]:
        """Return an analyser."""
        if name not in self.analyzers:
            raise Refusal("ResourceNotFoundException", f"Analyzer {name} does not exist.")
        return self.analyzers[name]

    def delete(self, name: str) -> None:
        """Delete an analyser with its findings."""
        self.get(name)
        del self.analyzers[name]


accessanalyzer_backends = BackendDict(AccessAnalyzerBackend, "accessanalyzer")
