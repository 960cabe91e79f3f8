"""`estate health`: its exit codes, text and JSON, and whose account it asks."""

from __future__ import annotations

import json
from types import SimpleNamespace

import pytest
from tests.support.programs import PROJECT

from mlops_estate.cli import commands
from mlops_estate.cli import health as command
from mlops_estate.cli.boundary import run
from mlops_estate.delivery import health as delivery
from mlops_estate.delivery.health import Finding

HERE = ["--project", str(PROJECT)]
GOOD = Finding("endpoint", "e", "InService", ok=True)
BAD = Finding("endpoint", "f", "Failed", ok=False, why="no capacity")
NOTED = Finding("alarm", "root-used", "ALARM", ok=False, why="once", blocks=False)


class Session:
    """boto3's session, of an account that is set."""

    account = "111122223333"

    def __init__(self, region_name):
        self.region = region_name

    def client(self, _service):
        return SimpleNamespace(get_caller_identity=lambda: {"Account": self.account})


@pytest.fixture
def found(monkeypatch):
    """Let the account of dev answer with these findings; note how the program was collected."""
    made = SimpleNamespace(findings=(GOOD,), as_shipped=None, waited=None)

    def collect(_environment, *, as_shipped, silent):
        made.as_shipped = as_shipped
        return None, []

    def settled(look, *, wait):
        made.waited = wait
        return look()

    monkeypatch.setattr("boto3.session.Session", Session)
    monkeypatch.setattr(commands, "collect", collect)
    monkeypatch.setattr(delivery, "settled", settled)
    monkeypatch.setattr(
        delivery, "check_health",
        lambda _graph, _account, *, environment, account_id: delivery.Health(environment, account_id, made.findings),
    )  # fmt: skip
    return made


def test_a_healthy_environment_is_said_to_be(found, capsys):
    assert run(["health", "dev", "--wait", "30", *HERE]) == 0
    assert capsys.readouterr().out == "dev in 111122223333 is healthy: 1 endpoint\n"
    assert (found.as_shipped, found.waited) == (True, 30)


def test_reasons_come_first_and_the_exit_code_says_it(found, capsys):
    found.findings = (GOOD, BAD, NOTED)
    assert run(["health", "dev", *HERE]) == 1
    assert capsys.readouterr().out.splitlines() == [
        "UNHEALTHY: endpoint f is Failed", "  no capacity", "noted: alarm root-used is ALARM", "  once",
        "dev in 111122223333 is not healthy: 2 endpoints, 1 alarm",
    ]  # fmt: skip


def test_what_is_only_noted_is_healthy(found, capsys):
    found.findings = (NOTED,)
    assert run(["health", "dev", *HERE]) == 0
    assert "noted: alarm root-used" in capsys.readouterr().out


def test_json_holds_everything(found, capsys):
    found.findings = (GOOD, BAD)
    assert run(["health", "dev", "--json", *HERE]) == 1
    said = json.loads(capsys.readouterr().out)
    assert (said["ok"], said["account"]) == (False, "111122223333")
    assert said["findings"][1] == {
        "kind": "endpoint", "name": "f", "state": "Failed", "ok": False, "why": "no capacity", "settles": False,
        "blocks": True,
    }  # fmt: skip


def test_credentials_of_another_account_are_refused(found, capsys, monkeypatch):
    monkeypatch.setattr(Session, "account", "999999999999")
    assert run(["health", "dev", *HERE]) == 2
    assert "configured for account 111122223333" in capsys.readouterr().err
    assert found.as_shipped is None


@pytest.mark.parametrize("arguments", [["--wait", "-1"], ["--account", "http://example.com"], ["--nothing"]])
def test_a_wrong_option_is_told(found, capsys, arguments):
    assert run(["health", "dev", *arguments, *HERE]) == 2
    assert "Traceback" not in capsys.readouterr().err


def test_it_explains_itself(capsys):
    assert run(["health", "--help"]) == 0
    assert "  estate health prod --wait 900" in capsys.readouterr().out.partition("Example")[2]


def test_an_environment_that_declares_nothing_says_so():
    assert command.as_text(delivery.Health("dev", "1", ())).endswith("it declares nothing to look at")
