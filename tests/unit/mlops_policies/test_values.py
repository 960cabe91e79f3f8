"""Values: unwrapped from the SDK's proxies, unknown told from absent, documents, paths."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pulumi_policy.proxy import unknown_checking_proxy
from pulumi_policy.secret import Secret, secrets_preserving_proxy

from mlops_policies.values import (
    SENTINELS,
    UNKNOWN,
    Malformed,
    UnknownValue,
    document,
    has_unknown,
    is_absent,
    is_unknown,
    look_up,
    plain,
    texts,
)

LEAVES = st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.sampled_from(sorted(SENTINELS))
TREES = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text("abc", min_size=1), inner, max_size=4)
)


@given(st.dictionaries(st.text("abc", min_size=1), TREES, max_size=4))
def test_a_proxy_is_unwrapped_to_what_it_guards_without_raising(tree):
    assert plain(unknown_checking_proxy(tree)) == tree


def test_a_secret_is_kept_as_one_and_read_out_of_a_proxy():
    tree = plain(secrets_preserving_proxy({"a": [Secret("x")], "b": {"c": 1}}))
    assert isinstance(tree["a"][0], Secret)
    assert tree["b"] == {"c": 1}


def test_a_whole_number_is_an_integer_though_the_engine_hands_over_floats():
    found = plain(unknown_checking_proxy({"a": [3.0, 2.5, True], "b": {"c": 0.0}}))
    assert repr(found) == "{'a': [3, 2.5, True], 'b': {'c': 0}}"


def test_rules_see_nothing_of_what_providers_keep_and_a_remediation_keeps_it():
    tree = {"a": {"__defaults": [], "b": "[secret]"}, "__meta": "{}"}
    assert plain(unknown_checking_proxy(tree)) == tree
    assert plain(unknown_checking_proxy(tree), internal=False) == {"a": {"b": UNKNOWN}}


@pytest.mark.parametrize("sentinel", sorted(SENTINELS))
def test_every_sentinel_of_the_sdk_is_unknown(sentinel):
    assert is_unknown(sentinel)
    assert has_unknown({"a": [sentinel]})
    with pytest.raises(UnknownValue, match=r"a\.b is unknown until the update"):
        look_up({"a": sentinel}, "a.b")
    assert look_up({"a": sentinel}, "a") == sentinel


def test_the_sentinels_are_those_of_the_sdk():
    from pulumi_policy import proxy

    assert {value for name, value in vars(proxy).items() if name.startswith("UNKNOWN_")} == SENTINELS


@pytest.mark.parametrize(
    ("value", "absent"),
    [(None, True), ("", True), ({}, True), ([], False), (0, False), (False, False), (UNKNOWN, False), ("x", False)],
)
def test_absent_is_what_providers_write_for_not_set(value, absent):
    assert is_absent(value) is absent


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("a.b", 1),
        ("a.none", None),
        ("list[1].c", 3),
        ("list[7].c", None),
        ("one.c", 2),
        ("text.c", None),
        ("a[0]", None),
    ],
)
def test_a_path_leads_to_a_value_or_to_nothing(path, found):
    tree = {"a": {"b": 1}, "list": [{"c": 2}, {"c": 3}], "one": [{"c": 2}], "text": "x"}
    assert look_up(tree, path) == found


def test_what_an_unknown_single_block_holds_is_unknown():
    with pytest.raises(UnknownValue, match=r"it\.block\.key"):
        look_up({"block": [UNKNOWN]}, "block.key", "it")


def test_a_text_with_a_sentinel_inside_is_unknown_as_a_whole():
    assert has_unknown(f"arn:aws:s3:::{UNKNOWN}/*")
    assert not is_unknown(f"arn:aws:s3:::{UNKNOWN}/*")
    with pytest.raises(UnknownValue):
        document(json.dumps({"Resource": f"{UNKNOWN}/*"}), "policy")


@pytest.mark.parametrize("given", ['{"a": 1}', {"a": 1}])
def test_a_document_is_text_or_data(given):
    assert document(given, "policy") == {"a": 1}


def test_a_document_that_is_none_says_where_and_why():
    with pytest.raises(Malformed, match="policy is no JSON document"):
        document("{", "policy")
    with pytest.raises(UnknownValue, match="policy"):
        document(UNKNOWN, "policy")


def test_texts_come_with_their_paths_and_without_unknown_ones():
    assert list(texts({"a": ["x", {"b": "y"}, UNKNOWN], "n": 1})) == [("a[0]", "x"), ("a[1].b", "y")]
