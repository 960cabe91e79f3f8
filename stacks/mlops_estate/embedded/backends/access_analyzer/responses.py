"""Requests to IAM Access Analyzer."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import unquote

from moto.core.responses import ActionResult, BaseResponse

from mlops_estate.embedded.backends.access_analyzer.models import AccessAnalyzerBackend, accessanalyzer_backends


class AccessAnalyzerResponse(BaseResponse):
    """One request."""

    def __init__(self) -> None:
        super().__init__(service_name="accessanalyzer")

    @property
    def backend(self) -> AccessAnalyzerBackend:
        """The analysers of the request's account and region."""
        found: AccessAnalyzerBackend = accessanalyzer_backends[self.current_account][self.region]
        return found

    def create_analyzer(self) -> ActionResult:
        """Make an analyser."""
        return ActionResult({"arn": self.backend.create(self._sent())})

    def get_analyzer(self) -> str:
        """Describe an analyser."""
        return json.dumps({"analyzer": self.backend.get(self._last())})

    def list_analyzers(self) -> str:
        """List the analysers, of one type where it is asked for."""
        kind = self.querystring.get("type", [None])[0]
        found = [held for held in self.backend.analyzers.values() if kind in (None, held["type"])]
        return json.dumps({"analyzers": found})

    def update_analyzer(self) -> str:
        """Change an analyser's configuration."""
        held = self.backend.get(self._last())
        held.update(self._sent())
        return json.dumps({"configuration": held.get("configuration")})

    def delete_analyzer(self) -> ActionResult:
        """Delete an analyser."""
        self.backend.delete(self._last())
        return ActionResult({})

    def tag_resource(self) -> ActionResult:
        """Set tags of an analyser."""
        self.backend.get(self._last())["tags"].update(self._sent()["tags"])
        return ActionResult({})

    def untag_resource(self) -> ActionResult:
        """Take tags of an analyser away."""
        for key in self.querystring.get("tagKeys", []):
            self.backend.get(self._last())["tags"].pop(key, None)
        return ActionResult({})

    def list_tags_for_resource(self) -> str:
        """List the tags of an analyser."""
        return json.dumps({"tags": self.backend.get(self._last())["tags"]})

    def _sent(self) -> dict[str, Any]:
        return dict(json.loads(self.body or "{}"))

    def _last(self) -> str:
        return unquote(self.path).rsplit("/", 1)[-1]
