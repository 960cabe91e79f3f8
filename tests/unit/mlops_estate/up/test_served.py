"""A served account on disk."""

from __future__ import annotations

import os

import pytest

from mlops_estate.faults import FaultsFound
from mlops_estate.up.served import Served, attach, find, keep, kept_of, kept_path, note, served_path
from mlops_estate.up.session import Kept


def test_what_is_noted_is_found(tmp_path):
    served = Served("http://127.0.0.1:5000", "eu-west-1", "123456789012", os.getpid())
    assert note(tmp_path, "dev", served) == served_path(tmp_path, "dev")
    assert find(tmp_path, "dev") == served


def _ended() -> int:
    child = os.fork()
    if child == 0:
        os._exit(0)
    os.waitpid(child, 0)
    return child


@pytest.mark.parametrize(
    "content", [None, "", "[]", "{}", '{"pid": 1}', '{"endpoint_url": "u", "region": "r", "account": "a", "pid": "x"}']
)
def test_no_server_or_a_broken_note_is_said_with_the_way_out(tmp_path, content):
    if content is not None:
        path = served_path(tmp_path, "dev")
        path.parent.mkdir(parents=True)
        path.write_text(content)
    with pytest.raises(FaultsFound) as caught:
        find(tmp_path, "dev")
    assert caught.value.faults[0].fix == "start one: estate up dev --serve"


def test_a_server_that_has_ended_does_not_count(tmp_path):
    note(tmp_path, "dev", Served("http://127.0.0.1:5000", "eu-west-1", "123456789012", _ended()))
    with pytest.raises(FaultsFound, match="no embedded account is being served"):
        find(tmp_path, "dev")


KEPT = Kept("0a1b", "http://127.0.0.1:5000", "eu-west-1", {"churn": 2}, {"churn": "s3://b/baseline"})


def test_what_is_kept_of_an_account_is_found_again(tmp_path):
    keep(tmp_path, "dev", KEPT)
    assert kept_of(tmp_path, "dev") == KEPT


@pytest.mark.parametrize("content", [None, "", "[]", '{"nope": 1}'])
def test_nothing_is_known_where_nothing_was_kept(tmp_path, content):
    if content is not None:
        keep(tmp_path, "dev", KEPT)
        kept_path(tmp_path, "dev").write_text(content)
    assert kept_of(tmp_path, "dev") == Kept()


def test_an_account_that_another_command_serves_is_found_by_what_was_kept(tmp_path):
    keep(tmp_path, "staging", KEPT)
    assert find(tmp_path, "staging") == Served("http://127.0.0.1:5000", "eu-west-1", "", 0)


@pytest.mark.parametrize("url", ["https://127.0.0.1:5000", "http://example.com", "ftp://localhost", "dev", ""])
def test_no_address_beyond_this_machine_is_asked(url):
    with pytest.raises(FaultsFound) as caught:
        attach(url, "eu-west-1")
    (fault,) = caught.value.faults
    assert (fault.where, fault.value) == ("--account", url)
    assert "on this machine" in fault.rule
