"""Resources as rules read them: three answers, views, tags, providers, canonical types."""

from __future__ import annotations

import json

import pytest

from mlops_policies.resource import Provider, Resource
from mlops_policies.tokens import Alias, aliases, canonical, lower_camel
from mlops_policies.values import UNKNOWN, UnknownValue
from mlops_policies.verdicts import PASS, Status, each, gathered, overall

TOPIC = "aws:sns/topic:Topic"


def topic(**props):
    return Resource(TOPIC, props, urn="urn:pulumi:s::p::t::alerts")


def status(verdict):
    return verdict.status


@pytest.mark.parametrize(
    ("props", "expected"),
    [
        ({"a": {"b": "x"}}, Status.PASS),
        ({"a": {"b": UNKNOWN}}, Status.PASS),
        ({"a": UNKNOWN}, Status.UNKNOWN),
        ({"a": {"b": ""}}, Status.FAIL),
        ({}, Status.FAIL),
    ],
)
def test_presence_takes_an_unknown_value_for_given_but_not_an_unknown_holder(props, expected):
    assert status(topic(**props).requires("a.b")) is expected


@pytest.mark.parametrize(
    ("props", "expected"),
    [
        ({"a": {"b": ["x"]}}, Status.PASS),
        ({"a": {"b": [UNKNOWN]}}, Status.PASS),
        ({"a": {"b": UNKNOWN}}, Status.PASS),
        ({"a": UNKNOWN}, Status.UNKNOWN),
        ({"a": {"b": []}}, Status.FAIL),
        ({}, Status.FAIL),
    ],
)
def test_an_empty_list_names_nothing(props, expected):
    assert status(topic(**props).requires_some("a.b")) is expected


@pytest.mark.parametrize(
    ("props", "default", "expected"),
    [
        ({"mode": "on"}, None, Status.PASS),
        ({"mode": "off"}, "on", Status.FAIL),
        ({"mode": UNKNOWN}, "on", Status.UNKNOWN),
        ({}, "on", Status.PASS),
        ({}, "off", Status.FAIL),
        ({}, None, Status.FAIL),
    ],
)
def test_a_value_is_compared_with_what_absence_means(props, default, expected):
    assert status(topic(**props).equals("mode", "on", default=default)) is expected


@pytest.mark.parametrize(
    ("verdict", "message"),
    [
        (topic(mode="off").equals("mode", "on"), 'mode is "off"; it must be "on"'),
        (topic().equals("mode", "on", default="off"), 'mode is absent, which AWS takes as "off"; it must be "on"'),
        (topic().one_of("mode", ("a", "b")), 'mode is absent; it must be "a" or "b"'),
        (topic(n=3).holds("n", lambda n: n > 4, "must be more than 4"), "n is 3; it must be more than 4"),
        (topic(n="x" * 200).equals("n", 1), f'n is "{"x" * 78}…; it must be 1'),
        (topic().fails("", "has none", "key"), "has none"),
    ],
)
def test_a_message_names_path_value_and_rule(verdict, message):
    assert verdict.message == message


def test_views_know_where_they_stand_and_one_object_is_a_list_of_it():
    it = topic(variants=[{"name": "a"}, {"name": UNKNOWN}], block={"x": 1})
    first, second = it.items("variants")
    assert (first.get("name"), first.path("name")) == ("a", "variants[0].name")
    with pytest.raises(UnknownValue, match=r"variants\[1\]\.name"):
        second.get("name")
    assert [view.path() for view in it.items("block")] == ["block"]
    assert it.items("none") == []
    assert it.part("none") is None
    assert it.part("block").fails("x", "is wrong").path == "block.x"
    with pytest.raises(UnknownValue, match="list"):
        topic(list=UNKNOWN).items("list")


def test_unknown_in_one_element_hides_no_fault_in_the_next():
    it = topic(variants=[{"n": UNKNOWN}, {"n": 1}])
    found = list(each(it.items("variants"), lambda view: [view.fails("n", "is wrong")] if view.get("n") else []))
    assert [verdict.path for verdict in found] == ["variants[0].n", "variants[1].n"]
    assert overall(found) is Status.FAIL


def test_what_was_answered_before_an_unknown_value_stays():
    def check():
        yield topic().fails("a", "is wrong")
        topic(b=UNKNOWN).get("b")

    assert [verdict.status for verdict in gathered(check())] == [Status.FAIL, Status.UNKNOWN]


def test_a_document_that_is_none_is_a_fault():
    def check():
        topic(policy="{").document("policy")
        yield PASS

    (verdict,) = gathered(check())
    assert (verdict.status, verdict.path) == (Status.FAIL, "policy")


def test_no_answer_at_all_is_compliant():
    assert overall([]) is Status.PASS


@pytest.mark.parametrize("own", [{"a": "mine"}, [{"key": "a", "value": "mine"}]])
def test_tags_are_a_map_or_a_list_over_the_providers(own):
    it = Resource(TOPIC, {"tags": own}, provider=Provider("eu-west-1", {"a": "default", "b": "default"}))
    assert it.tags() == {"a": "mine", "b": "default"}


@pytest.mark.parametrize("own", [UNKNOWN, [UNKNOWN], [{"key": UNKNOWN, "value": "x"}]])
def test_unknown_tags_are_unknown(own):
    with pytest.raises(UnknownValue, match="tags"):
        topic(tags=own).tags()


def test_a_resource_may_carry_its_own_region():
    assert Resource(TOPIC, {"region": "us-east-1"}, provider=Provider("eu-west-1")).region() == "us-east-1"
    assert Resource(TOPIC, {}, provider=Provider("eu-west-1")).region() == "eu-west-1"


def test_a_provider_is_read_as_the_engine_and_as_a_graph_write_it():
    tags = {"tags": {"a": "b"}}
    for given in (tags, json.dumps(tags)):
        assert Provider.of({"region": "eu-west-1", "defaultTags": given}) == Provider("eu-west-1", {"a": "b"})
    assert Provider.of({"defaultTags": UNKNOWN}) == Provider()


def test_an_alias_renames_and_findings_use_the_programs_names():
    it = Resource("aws-native:sagemaker:NotebookInstance", {"securityGroupIds": ["sg-1"]})
    assert it.type == "aws:sagemaker/notebookInstance:NotebookInstance"
    assert it.get("securityGroups") == ["sg-1"]
    assert it.fails("securityGroups[0]", "is wrong").path == "securityGroupIds[0]"


def test_cloud_control_is_read_as_native():
    state = {"NotebookInstanceName": "n", "DirectInternetAccess": "Disabled"}
    props = {"typeName": "AWS::SageMaker::NotebookInstance", "desiredState": json.dumps(state)}
    it = Resource("aws:cloudcontrol/resource:Resource", props)
    assert (it.type, it.get("directInternetAccess"), it.get("name")) == (
        "aws:sagemaker/notebookInstance:NotebookInstance", "Disabled", "n",
    )  # fmt: skip


def test_of_an_unknown_desired_state_nothing_is_known():
    props = {"typeName": "AWS::SageMaker::NotebookInstance", "desiredState": UNKNOWN}
    it = Resource("aws:cloudcontrol/resource:Resource", props)
    with pytest.raises(UnknownValue):
        it.get("directInternetAccess")


@pytest.mark.parametrize(
    ("name", "expected"), [("KmsKeyId", "kmsKeyId"), ("SSEAlgorithm", "sseAlgorithm"), ("ARN", "arn"), ("name", "name")]
)
def test_cloudformations_names_become_pulumis(name, expected):
    assert lower_camel({name: [{name: 1}]}) == {expected: [{expected: 1}]}
    assert lower_camel({"Statement": [{"Effect": "Allow"}]}) == {"Statement": [{"Effect": "Allow"}]}


def test_an_alias_leads_to_no_other_alias():
    table = aliases()
    assert {token: alias.type for token, alias in table.items() if alias.type in table} == {}
    assert all(isinstance(alias, Alias) for alias in table.values())


def test_a_type_without_an_alias_is_itself():
    assert canonical(TOPIC, {"a": 1}) == (TOPIC, {"a": 1}, {})


@pytest.mark.parametrize("value", [UNKNOWN, ["a", UNKNOWN], {"b": [UNKNOWN]}])
def test_a_whole_value_has_nothing_unknown_in_it(value):
    with pytest.raises(UnknownValue, match="mode is unknown"):
        topic(mode=value).whole("mode")
    assert topic(mode=["a"]).whole("mode") == ["a"]


def test_a_kubernetes_resource_is_named_by_its_metadata():
    account = Resource("kubernetes:core/v1:ServiceAccount", {"metadata": {"name": "scorer"}}, id="models/scorer")

    assert set(account.identifiers()) == {"models/scorer", "scorer"}
    assert list(Resource(account.token, {"metadata": {"name": UNKNOWN}}).identifiers()) == []
    assert list(Resource(account.token, {"metadata": UNKNOWN}).identifiers()) == []
    assert list(topic(metadata={"name": "scorer"}).identifiers()) == []


def test_what_a_program_gives_is_among_its_dependencies():
    it = topic(name="a")
    assert it.declares("kmsMasterKeyId")  # nothing is known of what it gives
    it.property_dependencies = {"name": (), "config": ()}
    assert it.declares("name")
    assert it.declares("config[0].a")
    assert not it.declares("kmsMasterKeyId")
    it.property_dependencies = {"typeName": (), "desiredState": ()}
    assert it.declares("kmsMasterKeyId")


def test_a_region_that_the_provider_works_out_is_its_own():
    it = topic(region=UNKNOWN)
    it.provider = Provider("eu-west-1")
    with pytest.raises(UnknownValue, match="region"):
        it.region()
    it.property_dependencies = {"name": ()}
    assert it.region() == "eu-west-1"


@pytest.mark.parametrize("order", [1, -1])
def test_what_is_renamed_counts_in_whatever_order_properties_come(order):
    given = {"topics": ["arn:topic"], "arn": "arn:policy", "policyDocument": {}}
    _, props, _ = canonical("aws-native:sns:TopicPolicy", dict(list(given.items())[::order]))
    assert props == {"arn": ["arn:topic"], "policy": {}}
