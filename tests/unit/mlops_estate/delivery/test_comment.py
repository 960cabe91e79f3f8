"""The comment on a pull request: on whom, what of an untrusted text, and that it is updated, not repeated."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from tests.support.fake_github import BOT, serving

from mlops_estate.delivery.comment import Run, anchor, environments, main, published, run_of
from mlops_estate.delivery.github import BODY_CHARACTERS
from mlops_estate.faults import FaultsFound

ROOT = Path(__file__).resolve().parents[4]
COMMIT = "a" * 40
RUN = Run(5, "https://github.com/acme/estate/actions/runs/5", COMMIT, "feature", "visitor", "visitor/estate")
EVENT = {
    "workflow_run": {
        "id": 5, "html_url": RUN.url, "head_sha": COMMIT, "head_branch": "feature", "event": "pull_request",
        "head_repository": {"full_name": "visitor/estate", "owner": {"login": "visitor"}},
        "pull_requests": [{"number": 666}],
    }
}  # fmt: skip


@pytest.fixture
def github():
    with serving() as made:
        made.pulls = [pull(12)]
        yield made


def pull(number, commit=COMMIT, repository="visitor/estate"):
    where = {"full_name": repository} if repository else None
    return {"number": number, "head": {"label": "visitor:feature", "sha": commit, "repo": where}}


@pytest.fixture
def ask(github, tmp_path, monkeypatch):
    """Write reports as a run would leave them, and publish them from a checkout with dev and prod."""
    folder, project = tmp_path / "change", tmp_path / "project"
    folder.mkdir()
    project.mkdir()
    for name in ("dev", "prod"):
        (project / f"Pulumi.{name}.yaml").write_text("config: {}\n")
    (project / "Pulumi.yaml").write_text("name: x\n")
    monkeypatch.chdir(project)
    event = tmp_path / "event.json"

    def publish(told=EVENT, **reports):
        event.write_text(json.dumps(told))
        for name, text in reports.items():
            (folder / f"{name}.md").write_bytes(text if isinstance(text, bytes) else text.encode())
        return main([str(folder)], github.environment(GITHUB_EVENT_PATH=str(event)))

    publish.folder = folder
    return publish


def report(environment, text="2 to add"):
    return f"{anchor(environment)}\n{text}\n"


def test_each_environment_gets_one_comment_that_says_where_it_is_from(github, ask):
    assert ask(dev=report("dev", "one"), prod=report("prod", "two")) == 0
    bodies = [comment["body"] for comment in github.comments[12]]
    assert [body.splitlines()[0] for body in bodies] == [anchor("dev"), anchor("prod")]
    assert bodies[0].endswith("\n\none")
    assert RUN.url in bodies[0]
    assert "written by the code of this pull request at aaaaaaaaaaaa" in bodies[0]


def test_a_second_run_updates_the_comment(github, ask):
    ask(dev=report("dev", "one"))
    ask(dev=report("dev", "two"))
    (comment,) = github.comments[12]
    assert comment["body"].endswith("two")
    assert [method for method, _ in github.writes()] == ["POST", "PATCH"]


def test_an_unchanged_report_writes_nothing(github, ask, capsys):
    ask(dev=report("dev"))
    ask(dev=report("dev"))
    assert len(github.writes()) == 1
    assert "dev: unchanged" in capsys.readouterr().out


def test_the_comment_is_found_on_a_later_page(github, ask):
    others = [{"id": number, "user": {"login": "person"}, "body": "hm"} for number in range(230)]
    github.comments[12] = [*others, {"id": 500, "user": BOT, "body": report("dev", "old")}]
    ask(dev=report("dev", "new"))
    assert github.writes() == [("PATCH", "issues/comments/500")]


def test_a_persons_comment_with_the_anchor_is_left_alone(github, ask):
    github.comments[12] = [{"id": 1, "user": {"login": "visitor"}, "body": report("dev", "mine")}]
    ask(dev=report("dev"))
    assert github.comments[12][0]["body"] == report("dev", "mine")
    assert len(github.comments[12]) == 2


def test_the_comment_of_another_environment_is_left_alone(github, ask):
    ask(prod=report("prod"))
    before = github.comments[12][0]["body"]
    ask(dev=report("dev"))
    assert github.comments[12][0]["body"] == before


def test_the_number_is_never_taken_from_the_run(github, ask):
    """Neither from the event's own list, which a fork leaves empty, nor from what the run left."""
    (ask.folder / "number").write_text("666")
    ask(dev=report("dev", "pull request 666"))
    assert list(github.comments) == [12]


@pytest.mark.parametrize(
    "pulls",
    [[], [pull(12, commit="b" * 40)], [pull(12, repository="other/estate")], [pull(12, repository=None)]],
    ids=["closed", "moved on", "of another fork", "fork deleted"],
)  # fmt: skip
def test_nothing_is_said_where_the_head_is_not_what_ran(github, ask, capsys, pulls):
    github.pulls = pulls
    assert ask(dev=report("dev")) == 0
    assert github.writes() == []
    assert "nothing to say" in capsys.readouterr().out


def test_two_pull_requests_of_one_head_are_refused(github, ask, capsys):
    github.pulls = [pull(12), pull(13)]
    assert ask(dev=report("dev")) == 2
    assert github.writes() == []
    assert "12, 13" in capsys.readouterr().err


@pytest.mark.parametrize("event", ["push", "pull_request_target", "schedule", None])
def test_only_runs_for_pull_requests_are_commented(github, ask, event):
    assert ask(told={"workflow_run": {**EVENT["workflow_run"], "event": event}}, dev=report("dev")) == 2
    assert github.asked == []


def test_a_run_whose_fork_is_gone_is_refused():
    with pytest.raises(FaultsFound, match="still there"):
        run_of({"workflow_run": {**EVENT["workflow_run"], "head_repository": None}})


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        (report("prod"), "the first line must be <!-- mlops-estate:change:dev -->"),
        ("hello\n" + report("dev"), "the first line must be"),
        (b"\xff\xfe", "must be UTF-8"),
        (report("dev") + "x" * 1_000_001, "at most 1000000 bytes"),
        ("", "the first line must be"),
    ],
    ids=["another's anchor", "late anchor", "not text", "too long", "empty"],
)
def test_a_report_that_is_none_is_refused_and_the_others_published(github, ask, capsys, text, rule):
    assert ask(dev=text, prod=report("prod")) == 2
    assert rule in capsys.readouterr().err
    assert [comment["body"].splitlines()[0] for comment in github.comments[12]] == [anchor("prod")]


def test_a_link_to_a_file_outside_is_refused(github, ask, tmp_path, capsys):
    (tmp_path / "secret").write_text(report("dev", "a secret of the runner"))
    (ask.folder / "dev.md").symlink_to(tmp_path / "secret")
    assert ask() == 2
    assert github.writes() == []
    assert "plain file" in capsys.readouterr().err


def test_files_of_unknown_environments_are_not_published(github, ask):
    ask(dev=report("dev"), other=report("other"))
    assert len(github.comments[12]) == 1


def test_a_run_without_reports_is_fine(github, ask, capsys):
    assert ask() == 0
    assert capsys.readouterr().out == "dev: the run left no report\nprod: the run left no report\n"


def test_a_comment_is_cut_to_what_github_takes():
    body = published(report("dev", "é" * 200_000), "dev", RUN)
    assert len(body) == BODY_CHARACTERS
    assert body.endswith("…")
    assert "cut: the run holds the whole report" in body


def test_a_comment_that_just_fits_is_not_cut():
    head = len(published(report("dev", "x"), "dev", RUN)) - 1
    fits = published(report("dev", "x" * (BODY_CHARACTERS - head)), "dev", RUN)
    assert len(fits) == BODY_CHARACTERS
    assert fits.endswith("x")
    assert len(published(report("dev", "x" * (BODY_CHARACTERS - head + 1)), "dev", RUN)) == BODY_CHARACTERS


def test_a_text_cannot_carry_the_anchor_of_another_comment():
    body = published(report("dev", "<!-- mlops-estate:change:prod -->\n<!-- mlops-estate:drift:prod -->"), "dev", RUN)
    assert body.count("<!--") == 1


def test_a_refusal_of_github_is_told(github, ask, capsys):
    github.refuse = {"POST issues/12/comments": 403}
    assert ask(dev=report("dev")) == 2
    said = capsys.readouterr().err
    assert "403" in said
    assert "permissions" in said
    assert "Traceback" not in said


@pytest.mark.parametrize("missing", ["GITHUB_REPOSITORY", "GITHUB_TOKEN"])
def test_what_the_step_needs_is_named(missing, capsys):
    given = {"GITHUB_REPOSITORY": "acme/estate", "GITHUB_TOKEN": "t"}
    assert main(["x"], {**given, missing: ""}) == 2
    assert missing in capsys.readouterr().err


@pytest.mark.parametrize("api", ["ftp://x", "http://example.com", "file:///etc/passwd"])
def test_the_api_is_only_asked_over_tls(api, capsys):
    assert main(["x"], {"GITHUB_REPOSITORY": "acme/estate", "GITHUB_TOKEN": "t", "GITHUB_API_URL": api}) == 2
    assert "GITHUB_API_URL" in capsys.readouterr().err


def test_the_environments_are_those_of_the_checkout():
    assert environments(ROOT) == ["dev", "prod", "staging"]


def test_the_standard_library_is_enough():
    """A workflow that can write installs nothing: neither packages nor this project."""
    code = (
        "import sys; sys.path.insert(0, 'stacks')\n"
        "import mlops_estate.delivery.comment, mlops_estate.delivery.issue\n"
        "places = [getattr(module, '__file__', None) or '' for module in sys.modules.values()]\n"
        "print(*(place for place in places if 'site-packages' in place))"
    )
    ran = subprocess.run([sys.executable, "-S", "-E", "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == ""
