"""One issue for one trouble: opened, updated, closed."""

from __future__ import annotations

import pytest
from tests.support.fake_github import BOT, serving

from mlops_estate.delivery.github import BODY_CHARACTERS
from mlops_estate.delivery.issue import anchor, main


@pytest.fixture
def github():
    with serving() as made:
        yield made


@pytest.fixture
def ask(github, tmp_path):
    def run(*arguments, text="~ bucket"):
        (tmp_path / "found.txt").write_text(text)
        given = [str(tmp_path / "found.txt") if argument == "FILE" else argument for argument in arguments]
        return main(given, github.environment())

    return run


def test_an_issue_is_opened_updated_and_closed(github, ask, capsys):
    assert ask("open", "drift:prod", "prod has drifted", "FILE") == 0
    assert ask("open", "drift:prod", "prod has drifted", "FILE", text="~ key") == 0
    (issue,) = github.issues
    assert issue["title"] == "prod has drifted"
    assert issue["body"].splitlines()[0] == anchor("drift:prod") == "<!-- mlops-estate:drift:prod -->"
    assert issue["body"].endswith("```text\n~ key\n```\n")
    assert "https://github.com/acme/estate/actions/runs/7" in issue["body"]
    assert ask("close", "drift:prod") == 0
    assert issue["state"] == "closed"
    assert issue["state_reason"] == "completed"
    assert "Gone" in github.comments[issue["number"]][0]["body"]
    assert capsys.readouterr().out == "opened #101\nupdated #101\nclosed #101\n"


def test_after_closing_a_new_issue_is_opened(github, ask):
    for _ in range(2):
        ask("open", "drift:prod", "t", "FILE")
        ask("close", "drift:prod")
    assert [issue["state"] for issue in github.issues] == ["closed", "closed"]


def test_nothing_is_written_where_none_is_open(github, ask, capsys):
    assert ask("close", "drift:prod") == 0
    assert github.writes() == []
    assert capsys.readouterr().out == "none is open\n"


def test_other_troubles_people_and_pull_requests_are_left_alone(github, ask):
    github.issues = [
        {"number": 1, "state": "open", "user": BOT, "body": anchor("drift:dev")},
        {"number": 2, "state": "open", "user": {"login": "person"}, "body": anchor("drift:prod")},
        {"number": 3, "state": "open", "user": BOT, "body": anchor("drift:prod"), "pull_request": {}},
        {"number": 4, "state": "open", "user": BOT, "body": f"see {anchor('drift:prod')}"},
        {"number": 5, "state": "open", "user": BOT, "body": None},
    ]
    ask("close", "drift:prod")
    assert github.writes() == []


def test_a_text_of_any_length_and_with_fences_and_colours_is_shown(github, ask):
    ask("open", "audit", "t", "FILE", text="\x1b[31mred\x1b[0m ```` @all <!-- x -->\n" + "y" * 100_000)
    body = github.issues[0]["body"]
    assert len(body) <= BODY_CHARACTERS
    assert "`````text\nred ````" in body
    assert "cut: the run's log has the rest" in body


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "the command line is wrong"),
        (["open", "drift:prod"], "the command line is wrong"),
        (["close", "drift:prod", "more"], "the command line is wrong"),
        (["shut", "drift:prod"], "the command line is wrong"),
        (["close", "x --> y"], "KEY"),
        (["open", "drift:prod", "t", "/nowhere/at/all"], "FILE"),
    ],
)
def test_a_wrong_command_line_is_told(github, ask, capsys, arguments, said):
    assert ask(*arguments) == 2
    assert said in capsys.readouterr().err
    assert github.writes() == []


def test_a_refusal_of_github_is_told(github, ask, capsys):
    github.refuse = {"GET issues": 503}
    assert ask("close", "drift:prod") == 2
    assert "503" in capsys.readouterr().err
