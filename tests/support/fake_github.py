"""A GitHub on loopback that holds pull requests, comments and issues, and writes down what is asked of it."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

REPOSITORY = "acme/estate"
BOT = {"login": "github-actions[bot]"}


class FakeGitHub:
    """What the server holds; a test reads and changes it."""

    def __init__(self) -> None:
        self.pulls: list[dict[str, Any]] = []
        self.issues: list[dict[str, Any]] = []
        self.comments: dict[int, list[dict[str, Any]]] = {}
        self.asked: list[tuple[str, str]] = []
        self.refuse: dict[str, int] = {}
        self.url = ""
        self._next = 100

    def environment(self, **more: str) -> dict[str, str]:
        """Return what GitHub Actions gives a step, with this server in the place of GitHub."""
        given = {"GITHUB_API_URL": self.url, "GITHUB_REPOSITORY": REPOSITORY, "GITHUB_TOKEN": "t", "GITHUB_RUN_ID": "7"}
        return given | more

    def writes(self) -> list[tuple[str, str]]:
        """Return what was asked beyond reading."""
        return [(method, path) for method, path in self.asked if method != "GET"]

    def answer(self, method: str, path: str, query: dict[str, str], data: dict[str, Any]) -> tuple[int, Any]:
        self.asked.append((method, path))
        for beginning, status in self.refuse.items():
            if f"{method} {path}".startswith(beginning):
                return status, {"message": "refused"}
        parts = path.split("/")
        if method == "GET":
            return 200, self._page(self._listed(parts, query), query)
        if method == "POST":
            return 201, self._made(parts, data)
        return self._changed(parts, data)

    def _listed(self, parts: list[str], query: dict[str, str]) -> list[dict[str, Any]]:
        if parts == ["pulls"]:
            return [pull for pull in self.pulls if pull["head"]["label"] == query["head"]]
        if parts == ["issues"]:
            return [issue for issue in self.issues
                    if issue["state"] == query["state"] and issue["user"]["login"] == query["creator"]]  # fmt: skip
        return self.comments.get(int(parts[1]), [])

    @staticmethod
    def _page(found: list[dict[str, Any]], query: dict[str, str]) -> list[dict[str, Any]]:
        size, page = int(query["per_page"]), int(query["page"])
        return found[(page - 1) * size : page * size]

    def _made(self, parts: list[str], data: dict[str, Any]) -> dict[str, Any]:
        self._next += 1
        made = {"user": BOT, **data}
        if parts == ["issues"]:
            made |= {"number": self._next, "state": "open"}
            self.issues.append(made)
        else:
            made |= {"id": self._next}
            self.comments.setdefault(int(parts[1]), []).append(made)
        return made

    def _changed(self, parts: list[str], data: dict[str, Any]) -> tuple[int, Any]:
        if parts[:2] == ["issues", "comments"]:
            found = [one for comments in self.comments.values() for one in comments if one["id"] == int(parts[2])]
        else:
            found = [one for one in self.issues if one["number"] == int(parts[1])]
        if not found:
            return 404, {"message": "Not Found"}
        found[0].update(data)
        return 200, found[0]


@contextmanager
def serving() -> Iterator[FakeGitHub]:
    """Serve one on a free port of loopback."""
    github = FakeGitHub()

    class Handler(BaseHTTPRequestHandler):
        def _handle(self) -> None:
            parts = urlsplit(self.path)
            start = f"/repos/{REPOSITORY}/"
            length = int(self.headers.get("Content-Length") or 0)
            data = json.loads(self.rfile.read(length) or b"{}")
            query = {key: values[0] for key, values in parse_qs(parts.query).items()}
            if self.headers["Authorization"] != "Bearer t" or not parts.path.startswith(start):
                status, answer = 401, {"message": "Bad credentials"}
            else:
                status, answer = github.answer(self.command, parts.path.removeprefix(start), query, data)
            content = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_PATCH = _handle  # noqa: N815 -- the names that the standard library calls

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    github.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield github
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
