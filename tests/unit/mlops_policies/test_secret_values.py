"""Credentials in properties: searched once, wherever they stand, in time that grows with the texts."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlops_policies import credentials
from mlops_policies.secret_values import _HARMLESS, is_secret, plain_credentials


@pytest.mark.parametrize(
    ("path", "secrets", "secret"),
    [
        ("password", ["password"], True),
        ("password.a", ["password"], True),
        ("password[0].b", ["password"], True),
        ("passwords", ["password"], False),
        ("a.password", ["password"], False),
        ("password", [], False),
    ],
)
def test_a_path_is_secret_by_itself_or_by_what_holds_it(path, secrets, secret):
    assert is_secret(path, secrets) is secret


@given(st.from_regex(_HARMLESS, fullmatch=True))
def test_what_is_not_searched_holds_no_credential(text):
    assert credentials.find(text) == []


def test_many_properties_take_time_in_proportion():
    texts = {f"p{number}": f"a sentence of no interest, number {number}, about a bucket" for number in range(4000)}
    started = time.process_time()
    assert list(plain_credentials("aws:sns/topic:Topic", {"some": dict(list(texts.items())[:1000])})) == []
    few = time.process_time() - started
    started = time.process_time()
    assert list(plain_credentials("aws:sns/topic:Topic", {"some": texts})) == []
    assert time.process_time() - started < 12 * few + 0.05


def test_one_credential_is_told_once_by_its_first_kind():
    found = list(plain_credentials("aws:sns/topic:Topic", {"a": {"b": ["x", "password=hunter2x://u:hunter3y@h"]}}))
    assert [path for path, _ in found] == ["a.b[1]"]
