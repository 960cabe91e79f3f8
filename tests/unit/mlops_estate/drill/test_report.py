"""When a drill counts as passed, and what it prints."""

from __future__ import annotations

import json

import pytest

from mlops_estate.cli import drill as command
from mlops_estate.drill import compare
from mlops_estate.drill.report import DrillReport, Rehearsal, as_text


def rehearsal(**changes) -> Rehearsal:
    made = Rehearsal("bucket", "b", "all deleted", "restore_objects", items=2, damaged=2, restore_seconds=1.5)
    for name, value in changes.items():
        setattr(made, name, value)
    return made


def report(*rehearsals: Rehearsal, **changes) -> DrillReport:
    settings = {"rpo_hours": 24, "rto_hours": 1, "worst_loss_hours": 13, "rehearsals": list(rehearsals), **changes}
    return DrillReport("dev", "123456789012", **settings)


def test_a_drill_passes_where_all_that_was_lost_is_back():
    passed = report(rehearsal(), rehearsal())
    assert (passed.ok, passed.restore_seconds) == (True, 3.0)
    assert as_text(passed).endswith("Everything is restored")


@pytest.mark.parametrize(
    "failed",
    [
        report(),
        report(rehearsal(damaged=0)),
        report(rehearsal(), rehearsal(lost=["a: is gone"])),
        report(rehearsal(), worst_loss_hours=25),
        report(rehearsal(restore_seconds=3601.0)),
        report(rehearsal(), unequal={"urn": ["Tags: differ"]}),
    ],
    ids=["nothing rehearsed", "nothing lost", "not restored", "rpo", "rto", "estate differs"],
)
def test_a_drill_fails_where_something_is_missing_or_proves_nothing(failed):
    assert not failed.ok
    assert as_text(failed).endswith("NOT everything is restored")
    assert failed.as_dict()["ok"] is False


def test_what_is_gone_and_what_differs_is_named():
    done = rehearsal()
    compare(done, {"a": 1, "b": 2, "c": 3}, {"a": 1, "b": 9, "d": 4})
    assert (done.items, done.lost) == (3, ["b: differs", "c: is gone"])


def test_the_text_says_which_objective_is_missed_and_shows_ten_names():
    failed = report(rehearsal(lost=[f"key{number}: is gone" for number in range(12)]), worst_loss_hours=25)
    text = as_text(failed)
    assert "RPO 24 h: MISSED. The backup schedule can lose 25 h; the drill lost 12 items" in text
    assert "RTO 1 h: kept" in text
    assert "measures nothing of AWS" in text
    assert ("key9: is gone" in text, "key10: is gone" in text, "... and 2 more" in text) == (True, False, True)


@pytest.mark.parametrize(("made", "code"), [(report(rehearsal()), 0), (report(rehearsal(lost=["a: differs"])), 1)])
def test_the_command_fails_where_the_drill_does(monkeypatch, capsys, made, code):
    monkeypatch.setattr("mlops_estate.drill.drill", lambda _environment, progress: made)
    assert command.run_drill("dev", None, as_json=True) == code
    assert json.loads(capsys.readouterr().out)["ok"] is (code == 0)
    assert command.run_drill("dev", None, as_json=False) == code
    assert "drill.json" in capsys.readouterr().out
