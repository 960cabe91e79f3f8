"""Progress goes to standard error, now and then, and never with `--json`."""

from __future__ import annotations

import json

import pytest
from tests.support.programs import PROJECT

from mlops_estate.cli import progress
from mlops_estate.cli.boundary import run


@pytest.fixture
def clock(monkeypatch):
    """Return a clock of the progress lines that stands still until it is set."""
    now = [0.0]
    monkeypatch.setattr(progress, "monotonic", lambda: now[0])
    return now


def test_a_line_is_written_every_two_seconds_at_most(clock, capsys):
    with progress.shown("up dev") as tell:
        for second, message in enumerate(["a", "b", "c", "d", "e"]):
            clock[0] = float(second)
            tell(message, second, 9)
    said = capsys.readouterr()
    assert said.err.splitlines() == ["up dev: c (2 of 9)", "up dev: e (4 of 9)"]
    assert said.out == ""


def test_silence_is_kept(clock, capsys):
    with progress.shown("up dev", silent=True) as tell:
        clock[0] = 100.0
        tell("a", 1, 2)
    assert capsys.readouterr() == ("", "")


def test_a_terminal_gets_a_bar(monkeypatch, capsys):
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    with progress.shown("up dev") as tell:
        tell("made a bucket", 1, 0)
        tell("made a key", 2, 3)
    assert capsys.readouterr().out == ""


def test_a_preview_reports_its_progress_on_standard_error_only(monkeypatch, capsys):
    monkeypatch.setattr(progress, "EVERY_SECONDS", 0.0)
    assert run(["preview", "dev", "--project", str(PROJECT)]) == 0
    told = capsys.readouterr()
    assert "preview dev: planned keys-personal" in told.err
    assert "preview dev:" not in told.out
    assert run(["preview", "dev", "--json", "--project", str(PROJECT)]) == 0
    silent = capsys.readouterr()
    assert silent.err == ""
    assert json.loads(silent.out)["preview"] is True
