"""A small client of GitHub's REST API, of the standard library alone: what comments and issues take."""

from __future__ import annotations

import json
import os
import re
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator, Mapping
from typing import Any

from mlops_estate.faults import Fault, FaultsFound

BOT = "github-actions[bot]"
"""Who writes with a workflow's own token (GitHub docs, "GITHUB_TOKEN")."""
BODY_CHARACTERS = 65_536
"""Longest body of an issue or comment ("body is too long (maximum is 65536 characters)", GitHub answers otherwise)."""
PAGE = 100
"""Entries asked for at once, the most that a page holds (GitHub REST docs, "Using pagination")."""
MOST_PAGES = 50
"""Pages that are read at most, so that a loop ends whatever the server answers."""
_REPOSITORY = re.compile(r"[A-Za-z0-9._-]+/[A-Za-z0-9._-]+")


class GitHub:
    """One repository through the REST API; every refusal is a `FaultsFound` with path and status."""

    def __init__(self, api: str, repository: str, token: str) -> None:
        self._base = f"{api.rstrip('/')}/repos/{repository}"
        self._token = token

    def get(self, path: str, **query: str | int) -> Any:
        """Return the answer to GET `path`, which begins after the repository."""
        return self._ask("GET", f"{path}?{urllib.parse.urlencode(query)}" if query else path)

    def listed(self, path: str, **query: str | int) -> Iterator[dict[str, Any]]:
        """Yield every entry of a list, page by page."""
        for page in range(1, MOST_PAGES + 1):
            entries = self.get(path, **query, per_page=PAGE, page=page)
            yield from entries
            if len(entries) < PAGE:
                return

    def post(self, path: str, data: Mapping[str, Any]) -> Any:
        """Create what `data` says."""
        return self._ask("POST", path, data)

    def patch(self, path: str, data: Mapping[str, Any]) -> Any:
        """Change what `data` says."""
        return self._ask("PATCH", path, data)

    def _ask(self, method: str, path: str, data: Mapping[str, Any] | None = None) -> Any:
        request = urllib.request.Request(  # noqa: S310 -- the address is GITHUB_API_URL, checked to be http(s)
            f"{self._base}/{path}",
            data=None if data is None else json.dumps(data).encode(),
            method=method,
            headers={
                "Accept": "application/vnd.github+json",
                "Authorization": f"Bearer {self._token}",
                "Content-Type": "application/json",
                "X-GitHub-Api-Version": "2022-11-28",
            },
        )
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310 -- as above
                return json.loads(answer.read() or b"null")
        except urllib.error.HTTPError as error:
            said = error.read(2000).decode("utf-8", "replace")
            fix = "look at the job's permissions, and whether what it names is still there"
            raise FaultsFound([Fault(f"{method} {path}", error.code, f"GitHub refused: {said}", fix)]) from None
        except (urllib.error.URLError, TimeoutError, ValueError) as error:
            fix = "run the job again"
            raise FaultsFound([Fault(f"{method} {path}", None, f"GitHub did not answer: {error}", fix)]) from None


def from_environment(environment: Mapping[str, str] = os.environ) -> GitHub:
    """Return the repository that a workflow runs in, by `GITHUB_API_URL`, `GITHUB_REPOSITORY` and `GITHUB_TOKEN`."""
    faults = []
    api = environment.get("GITHUB_API_URL", "https://api.github.com")
    if not api.startswith(("https://", "http://127.0.0.1:")):
        faults.append(Fault("GITHUB_API_URL", api, "must be an https address", "leave what GitHub Actions sets"))
    repository = environment.get("GITHUB_REPOSITORY", "")
    if not _REPOSITORY.fullmatch(repository):
        faults.append(Fault("GITHUB_REPOSITORY", repository, "must be OWNER/NAME", "leave what GitHub Actions sets"))
    token = environment.get("GITHUB_TOKEN", "")
    if not token:
        faults.append(Fault("GITHUB_TOKEN", None, "is required", "give the step `GITHUB_TOKEN: ${{ github.token }}`"))
    if faults:
        raise FaultsFound(faults)
    return GitHub(api, repository, token)
