"""Progress goes to standard error, now and then, and never with `--json`."""

from __future__ import annotations

import pytest

from mlops_estate.cli import progress


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
