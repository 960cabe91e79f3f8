"""Pseudonyms: stable under a key, different under another, and no key that is too short."""

from __future__ import annotations

import base64
import hashlib
import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlops_pipelines.masking.pseudonyms import KeyRefused, decode_key, pseudonym, seed

ONE, OTHER = bytes(range(32)), bytes(range(1, 33))


@given(st.text(min_size=1), st.text(min_size=1))
def test_a_pseudonym_is_stable_per_key_and_domain_and_differs_between_values(value, another):
    assert pseudonym(ONE, "customer", value, 32) == pseudonym(ONE, "customer", value, 32)
    assert pseudonym(ONE, "customer", value, 32) != pseudonym(OTHER, "customer", value, 32)
    assert pseudonym(ONE, "customer", value, 32) != pseudonym(ONE, "account", value, 32)
    assert (pseudonym(ONE, "c", value, 64) == pseudonym(ONE, "c", another, 64)) == (value == another)


def test_a_pseudonym_is_no_plain_hash_and_has_its_length():
    made = pseudonym(ONE, "customer", "Ada", 20)
    assert len(made) == 20
    assert made not in (hashlib.sha256(b"Ada").hexdigest(), hmac.new(ONE, b"Ada", hashlib.sha256).hexdigest())
    assert pseudonym(ONE, "customer", "Ada", 64).startswith(made)


def test_parts_are_told_apart_by_their_lengths():
    assert seed(ONE, "order", "ab") != seed(ONE, "ordera", "b")
    assert seed(ONE, "order", "ab") != seed(OTHER, "order", "ab")


@pytest.mark.parametrize(
    ("secret", "words"),
    [("", "0 bytes"), ("not base64!", "not base64"), (base64.b64encode(bytes(31)).decode(), "31 bytes")],
)
def test_a_secret_without_a_key_is_refused_and_not_shown(secret, words):
    with pytest.raises(KeyRefused, match=words) as caught:
        decode_key(secret)
    assert not secret or secret not in str(caught.value)


def test_a_rotated_secret_is_read():
    assert decode_key(base64.b64encode(ONE).decode()) == ONE
