"""Messages: what is secret is hidden, by where it stands and by how it begins."""

from __future__ import annotations

import pytest
from pulumi_policy.secret import Secret

from mlops_policies.masking import at_paths, beginnings, opened, secrets_in, without_secrets
from mlops_policies.values import UNKNOWN
from mlops_policies.verdicts import Status, Verdict, not_evaluated


def fault(path, message="is what it is"):
    return Verdict(Status.FAIL, f"{path} {message}", path)


HIDDEN = "login.password is a secret whose value breaks the rule"


@pytest.mark.parametrize(
    ("path", "secrets", "told"),
    [
        ("login.password", ["login.password"], HIDDEN),
        ("login.password", ["login"], HIDDEN),
        ("login.password", ["login.password[0].text"], HIDDEN),
        ("login.password", [""], HIDDEN),
        ("login.password", ["login.passwordPolicy", "log", "other"], "login.password is what it is"),
        ("", ["login"], " is what it is"),
        ("", [""], "is a secret whose value breaks the rule"),
        ("login.password", [], "login.password is what it is"),
        ("login.password", None,
         "login.password breaks the rule, in a way that is not shown: nobody told what is secret"),
    ],
)  # fmt: skip
def test_a_message_about_a_secret_property_is_hidden_and_no_other(path, secrets, told):
    assert without_secrets(fault(path), secrets) == told


def test_a_value_is_hidden_wherever_it_is_quoted_even_when_it_is_cut():
    texts = beginnings([["a long value that is a secret"], {"port": 1234567, "quoted": 'with "quotes" in it'}])
    for quoted in ("a long value tha…", "port 1234567", r"with \"quotes\" in it", 'with "quotes" in it'):
        assert without_secrets(fault("name", f"is {quoted}"), (), texts) == (
            "name breaks the rule, in a way that would show a secret"
        )
    assert without_secrets(fault("name", "is a long v"), (), texts) == "name is a long v"


def test_what_stands_in_any_message_is_hidden_by_its_path_alone():
    assert beginnings(["true", 12, True, UNKNOWN, None, Secret("no"), {"a": ["short"]}]) == frozenset()
    assert beginnings([Secret({"a": ["longer"]})]) == {"longer"}


def test_an_error_of_a_resource_with_secrets_tells_its_kind_alone():
    error = Verdict(Status.ERROR, "the rule failed: ValueError: invalid: 'hush'")
    for secrets, texts in ((["login"], ()), (None, ()), ((), ["invalid"])):
        assert without_secrets(error, secrets, texts) == "the rule failed: ValueError"
    assert without_secrets(error, ()) == error.message


def test_what_is_unknown_shows_nothing_and_stays():
    assert without_secrets(not_evaluated("login"), ["login"]) == "login is unknown until the update"


def test_secrets_are_found_by_path_and_opened():
    props = {"a": [{"b": Secret("x")}, "y"], "c": Secret({"d": Secret("[secret]")}), "__defaults": ["a"]}
    assert dict(secrets_in(props)).keys() == {"a[0].b", "c"}
    assert opened(props) == {"a": [{"b": "x"}, "y"], "c": {"d": UNKNOWN}}
    found = dict(at_paths({"a": [{"b.c": "x"}]}, ["a[0].b.c", "gone"]))
    assert found == {"a[0].b.c": "x", "gone": None}
    assert dict(at_paths({"a": 1}, ())) == {}
