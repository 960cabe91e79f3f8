"""The provider on its own: what it decides without an account."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from pulumi.provider.experimental import provider as api

from mlops_estate.embedded.driver import AwsDriver
from mlops_estate.embedded.plugin.provider import ENDPOINT, EstateProvider, _kind, _type_and_name
from mlops_estate.embedded.plugin.values import given, properties_of
from mlops_estate.engine.wire import provider_input
from mlops_estate.faults import FaultsFound

LOGS, BUCKET = "aws:cloudwatch/logGroup:LogGroup", "aws:s3/bucket:Bucket"


def urn(token: str, name: str) -> str:
    return f"urn:pulumi:dev::p::{token}::{name}"


@pytest.fixture
def provider(monkeypatch) -> EstateProvider:
    """A configured provider whose account never has to answer."""
    monkeypatch.setenv(ENDPOINT, "http://127.0.0.1:9")
    made = EstateProvider("aws")
    with monkeypatch.context() as patch:
        patch.setattr("mlops_estate.embedded.driver.caller.Caller.send_checked", lambda *_: {})
        config = {"region": "eu-west-1", "defaultTags": '{"tags": {"estate": "mlops"}}'}
        asyncio.run(made.configure(api.ConfigureRequest({}, properties_of(config), True, True)))
    return made


def checked(
    provider: EstateProvider, token: str, name: str, news: dict[str, Any], olds: dict[str, Any] | None = None
) -> tuple[dict[str, Any], list[str]]:
    """Return what a check answers: the inputs with the provider's own, and the failed properties."""
    request = api.CheckRequest(urn(token, name), properties_of(olds or {}), properties_of(news), b"seed")
    answer = asyncio.run(provider.check(request))
    found = given(answer.inputs or {})
    own = {"__defaults": list(found.defaults)} if found.defaults else {}
    return {**found.plain, **own}, [failure.property for failure in answer.failures or []]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (urn(LOGS, "log"), (LOGS, "log")),
        (urn(f"mlops:index:DataLake${LOGS}", "log"), (LOGS, "log")),
        (urn(LOGS, "a::b"), (LOGS, "a::b")),
    ],
)
def test_a_urn_gives_the_type_without_parents_and_the_whole_name(text, expected):
    assert _type_and_name(text) == expected


@pytest.mark.parametrize(
    ("before", "after", "replaced", "kind"),
    [
        ({"a": 1}, {"a": 2}, False, "UPDATE"), ({}, {"a": 2}, False, "ADD"), ({"a": 1}, {}, True, "DELETE_REPLACE"),
        ({}, {}, True, "UPDATE_REPLACE"),
    ],
)  # fmt: skip
def test_a_changed_input_is_added_deleted_or_updated(before, after, replaced, kind):
    assert _kind("a", before, after, replaced=replaced).name == kind


def test_nested_provider_inputs_are_json_text():
    assert [provider_input(value) for value in ('{"a": 1}', '["1"]', "eu-west-1", 7)] == [
        {"a": 1},
        ["1"],
        "eu-west-1",
        7,
    ]


def test_it_is_of_no_use_before_it_is_configured():
    request = api.CheckRequest(urn(LOGS, "log"), {}, properties_of({}), b"")
    answer = asyncio.run(EstateProvider("aws").check(request))
    assert [failure.property for failure in answer.failures or []] == [ENDPOINT]


def test_default_tags_and_region_come_from_the_configuration(provider):
    assert (provider._region, provider._default_tags) == ("eu-west-1", {"estate": "mlops"})


def test_the_region_may_come_from_the_environment(monkeypatch):
    monkeypatch.setenv(ENDPOINT, "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_REGION", "eu-west-2")
    monkeypatch.setattr("mlops_estate.embedded.driver.caller.Caller.send_checked", lambda *_: {})
    made = EstateProvider("aws-native")
    asyncio.run(made.configure(api.ConfigureRequest({}, {}, True, True)))
    assert made._region == "eu-west-2"


def test_a_generated_name_repeats_with_its_seed_and_is_noted(provider):
    first, failures = checked(provider, LOGS, "log", {})
    assert (failures, first["__defaults"]) == ([], ["name"])
    assert first["name"].startswith("log-")
    assert checked(provider, LOGS, "log", {}) == (first, [])


def test_a_generated_name_is_kept_from_the_inputs_before(provider):
    inputs, _ = checked(provider, LOGS, "log", {}, {"name": "log-0ldname", "__defaults": ["name"]})
    assert inputs["name"] == "log-0ldname"


def test_a_name_that_the_program_gave_before_is_not_kept(provider):
    inputs, _ = checked(provider, LOGS, "log", {}, {"name": "mine"})
    assert inputs["name"] != "mine"


def test_a_name_that_the_program_gives_is_left_alone(provider):
    assert checked(provider, LOGS, "log", {"name": "mine"}) == ({"name": "mine"}, [])


def test_a_bucket_is_named_in_small_letters_within_its_limit(provider):
    inputs, failures = checked(provider, BUCKET, "Raw" + "x" * 80, {})
    assert (failures, len(inputs["bucket"])) == ([], 63)
    assert inputs["bucket"].startswith("raw")


def test_a_check_asks_the_account_nothing(provider, monkeypatch):
    def asked(*_arguments: Any) -> None:
        raise AssertionError("the account was asked")

    monkeypatch.setattr("mlops_estate.embedded.account.RemoteAccount.client", asked)
    key = "arn:aws:kms:eu-west-1:123456789012:key/00000000-0000-0000-0000-000000000000"
    assert checked(provider, LOGS, "log", {"name": "mine", "kmsKeyId": key})[1] == []


def test_an_update_previewed_keeps_outputs_and_takes_inputs(provider, monkeypatch):
    monkeypatch.setattr(AwsDriver, "update", lambda *_: pytest.fail("nothing may be changed in a preview"))
    olds, news = properties_of({"arn": "arn:l", "retentionInDays": 1}), properties_of({"retentionInDays": 3})
    answer = asyncio.run(provider.update(api.UpdateRequest(urn(LOGS, "log"), "log", olds, news, 0, [], True)))
    assert given(answer.properties).plain == {"arn": "arn:l", "retentionInDays": 3}


def test_a_function_is_refused_by_name(provider):
    with pytest.raises(FaultsFound, match="configuration") as caught:
        asyncio.run(provider.invoke(api.InvokeRequest("aws:index/getRegion:getRegion", {})))
    assert caught.value.faults[0].where == "aws:index/getRegion:getRegion"
