"""Keeps one issue for one trouble: opened when it is found, updated while it lasts, closed when it is gone.

`python -m mlops_estate.delivery.issue open KEY TITLE FILE` and `... close KEY`, where KEY is such as `drift:prod` and
FILE holds what was found as plain text.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from mlops_estate.delivery.github import BODY_CHARACTERS, BOT, GitHub, from_environment
from mlops_estate.delivery.untrusted import fenced
from mlops_estate.faults import Fault, FaultsFound

_KEY = re.compile(r"[a-z0-9-]+(:[A-Za-z0-9._-]+)*")
_COLOURS = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
_SPARE = 2_000
"""Characters left for what stands around the text."""


def anchor(key: str) -> str:
    """Return the first line of the issue's body, by which the next run finds it."""
    return f"<!-- mlops-estate:{key} -->"


def find(github: GitHub, key: str) -> int | None:
    """Return the number of the open issue of a trouble, of those that workflows opened."""
    for issue in github.listed("issues", state="open", creator=BOT):
        if "pull_request" not in issue and str(issue.get("body") or "").startswith(anchor(key)):
            return int(issue["number"])
    return None


def keep_open(github: GitHub, key: str, title: str, text: str, run_url: str) -> str:
    """Open the issue of a trouble, or bring the one that is open up to date; return what was done."""
    text = _COLOURS.sub("", text)
    if len(text) > BODY_CHARACTERS - _SPARE:
        text = text[: BODY_CHARACTERS - _SPARE] + "\n… (cut: the run's log has the rest)"
    head = f"Found by [this run]({run_url}). Closed by the first run that finds it gone."
    body = f"{anchor(key)}\n{head}\n\n{fenced(text)}\n"
    number = find(github, key)
    if number is None:
        return f"opened #{github.post('issues', {'title': title, 'body': body})['number']}"
    github.patch(f"issues/{number}", {"title": title, "body": body})
    return f"updated #{number}"


def close(github: GitHub, key: str, run_url: str) -> str:
    """Close the issue of a trouble, if one is open; return what was done."""
    number = find(github, key)
    if number is None:
        return "none is open"
    github.post(f"issues/{number}/comments", {"body": f"Gone, says [this run]({run_url})."})
    github.patch(f"issues/{number}", {"state": "closed", "state_reason": "completed"})
    return f"closed #{number}"


def main(arguments: Sequence[str], environment: Mapping[str, str] = os.environ) -> int:
    """Run from the command line; 0 where the issue is as it should be, 2 where something was refused."""
    try:
        sys.stdout.write(f"{_done(arguments, environment)}\n")
    except FaultsFound as found:
        sys.stderr.write(f"{found}\n")
        return found.exit_code
    return 0


def _done(arguments: Sequence[str], environment: Mapping[str, str]) -> str:
    what, key = (*arguments[:2], "", "")[:2]
    if (what, len(arguments)) not in {("open", 4), ("close", 2)}:
        rule = "the command line is wrong"
        fix = "write `open KEY TITLE FILE` or `close KEY`"
        raise FaultsFound([Fault("mlops_estate.delivery.issue", " ".join(arguments), rule, fix)])
    if not _KEY.fullmatch(key):
        raise FaultsFound([Fault("KEY", key, "must be words and names joined by colons", "write such as drift:prod")])
    github = from_environment(environment)
    run = (
        f"{environment.get('GITHUB_SERVER_URL', 'https://github.com')}/{environment['GITHUB_REPOSITORY']}"
        f"/actions/runs/{environment.get('GITHUB_RUN_ID', '')}"
    )
    if what == "close":
        return close(github, key, run)
    try:
        text = Path(arguments[3]).read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        rule = f"cannot be read: {error.strerror}"
        raise FaultsFound([Fault("FILE", arguments[3], rule, "name the file of what was found")]) from None
    return keep_open(github, key, arguments[2], text, run)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
