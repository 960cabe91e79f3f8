"""Publishes what a pull request's own run found as comments: one for each environment, updated, never repeated.

`python -m mlops_estate.delivery.comment FOLDER`, in the privileged workflow that follows the pull request's. FOLDER
holds `ENV.md`, which the pull request's code wrote: data of unknown origin. Whom to comment on is taken from the event
alone: the one open pull request from the run's repository and branch whose head is still the commit that ran.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mlops_estate.delivery.github import BODY_CHARACTERS, BOT, GitHub, from_environment
from mlops_estate.delivery.untrusted import disarmed, read_text
from mlops_estate.faults import Fault, FaultsFound

LONGEST_FILE = 1_000_000
"""Bytes of a file that are read at most; what is published is cut to what a comment holds."""


@dataclass(frozen=True)
class Run:
    """The run of the pull request's workflow, as the event of the workflow that follows it says."""

    number: int
    url: str
    commit: str
    branch: str
    owner: str
    repository: str
    """Where the commit is from: the same repository, or a fork of it."""


def anchor(environment: str) -> str:
    """Return the first line of an environment's comment, by which the next run finds it."""
    return f"<!-- mlops-estate:change:{environment} -->"


def run_of(event: Mapping[str, Any]) -> Run:
    """Return the run that a `workflow_run` event tells of; `FaultsFound` where it tells of none of a pull request."""
    told = event.get("workflow_run") or {}
    if told.get("event") != "pull_request" or not told.get("head_repository"):
        rule = "must be of a run for a pull request whose repository is still there"
        raise FaultsFound([Fault("workflow_run.event", told.get("event"), rule, "run it after `pull-request` alone")])
    head = told["head_repository"]
    return Run(
        int(told["id"]), str(told["html_url"]), str(told["head_sha"]), str(told["head_branch"]),
        str(head["owner"]["login"]), str(head["full_name"]),
    )  # fmt: skip


def pull_request_of(github: GitHub, run: Run) -> int | None:
    """Return the open pull request that a run is of; none where it is closed or has moved on to another commit.

    The event itself names none for a fork. `FaultsFound` where several have the same head: the run says of one only.
    """
    found = [
        int(pull["number"])
        for pull in github.listed("pulls", state="open", head=f"{run.owner}:{run.branch}")
        if pull["head"]["sha"] == run.commit and (pull["head"]["repo"] or {}).get("full_name") == run.repository
    ]
    if len(found) > 1:
        rule = f"pull requests {', '.join(map(str, found))} have the same head, and the run is of one of them"
        raise FaultsFound([Fault("workflow_run.head_branch", run.branch, rule, "close all but one")])
    return found[0] if found else None


def published(text: str, environment: str, run: Run) -> str:
    """Return the comment: anchor, where the rest is from, and the rest, disarmed and cut to what a comment holds.

    Raises `FaultsFound` where the first line isn't the anchor.
    """
    first, _, rest = text.replace("\r\n", "\n").partition("\n")
    if first.rstrip() != anchor(environment):
        rule = f"the first line must be {anchor(environment)}"
        fix = "let `estate preview` write the file; nothing of it was published"
        raise FaultsFound([Fault(f"{environment}.md", first[:80], rule, fix)])
    rest = disarmed(rest).strip()
    head = (
        f"{anchor(environment)}\n<sub>`{environment}` · written by the code of this pull request at "
        f"{run.commit[:12]} in [run {run.number}]({run.url}), which holds the whole report</sub>\n\n"
    )
    room = BODY_CHARACTERS - len(head)
    if len(rest) > room:
        head = head.replace("which holds the whole report", "cut: the run holds the whole report", 1)
        room = BODY_CHARACTERS - len(head) - 2
        rest = f"{rest[:room]}\n…"
    return f"{head}{rest}"


def publish(github: GitHub, number: int, environment: str, body: str) -> str:
    """Update this workflow's own comment on an environment, else make it; return which it was."""
    for comment in github.listed(f"issues/{number}/comments"):
        own = (comment.get("user") or {}).get("login") == BOT
        if own and str(comment.get("body") or "").startswith(anchor(environment)):
            if comment["body"] == body:
                return "unchanged"
            github.patch(f"issues/comments/{int(comment['id'])}", {"body": body})
            return "updated"
    github.post(f"issues/{number}/comments", {"body": body})
    return "created"


def environments(project: Path) -> list[str]:
    """Return the environments of a checkout, by its `Pulumi.ENV.yaml`."""
    return sorted(path.name.split(".")[1] for path in project.glob("Pulumi.?*.yaml"))


def comment_all(github: GitHub, run: Run, folder: Path, names: Sequence[str]) -> list[str]:
    """Publish every environment's report that the run left; return a line on each.

    A file that is refused keeps no other from being published; `FaultsFound` then tells of all of them at the end.
    """
    number = pull_request_of(github, run)
    if number is None:
        return [f"no open pull request of {run.repository} has its head at {run.commit}: nothing to say"]
    said: list[str] = []
    faults: list[Fault] = []
    for environment in names:
        path = folder / f"{environment}.md"
        if not path.exists() and not path.is_symlink():
            said.append(f"{environment}: the run left no report")
            continue
        try:
            body = published(read_text(path, LONGEST_FILE), environment, run)
            said.append(f"{environment}: {publish(github, number, environment, body)}")
        except FaultsFound as found:
            faults += found.faults
    if faults:
        raise FaultsFound(faults)
    return said


def main(arguments: Sequence[str], environment: Mapping[str, str] = os.environ) -> int:
    """Run from the command line; 0 where everything that was left is published, 2 where something was refused."""
    try:
        said = _said(arguments, environment)
    except FaultsFound as found:
        sys.stderr.write(f"{found}\n")
        return found.exit_code
    sys.stdout.write("\n".join(said) + "\n")
    return 0


def _said(arguments: Sequence[str], environment: Mapping[str, str]) -> list[str]:
    if len(arguments) != 1:
        rule = "the folder of the reports is required"
        raise FaultsFound([Fault("FOLDER", None, rule, "python -m mlops_estate.delivery.comment FOLDER")])
    github = from_environment(environment)
    event = json.loads(Path(environment["GITHUB_EVENT_PATH"]).read_text(encoding="utf-8"))
    return comment_all(github, run_of(event), Path(arguments[0]), environments(Path.cwd()))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
