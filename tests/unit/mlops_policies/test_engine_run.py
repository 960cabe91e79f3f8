"""What a pack keeps between the engine's calls of a run: what is given, what is secret; and nothing of another run."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pulumi_policy as sdk
import pytest
from pulumi_policy.proxy import UnknownValueError, unknown_checking_proxy
from pulumi_policy.secret import Secret, secrets_preserving_proxy

from mlops_policies.configuration import Configuration, RuleBlock
from mlops_policies.pack import SECRETS, Bound, Pack
from mlops_policies.rule import CLASSES, Rule
from mlops_policies.running import Declared, run
from mlops_policies.tokens import CLOUD_CONTROL
from mlops_policies.values import UNKNOWN

TOPIC, URN = "aws:sns/topic:Topic", "urn:pulumi:s::p::aws:sns/topic:Topic::alerts"
HUSH = "correct horse battery staple"


def a_rule(check, scope="stack", on=(TOPIC,), **about):
    return Rule(
        "topic-rule", "Topics.", "high", "security", on, scope, dict.fromkeys(CLASSES, "mandatory"), "why", "Mend it",
        ("https://example.com",), check, **about,
    )  # fmt: skip


def a_pack(rule, **block):
    configuration = Configuration(blocks={rule.id: RuleBlock(**block)} if block else {})
    pack = Pack(configuration, "prod", today=date(2026, 11, 25), only=())
    pack.bound = [Bound(pack, rule)]
    return pack


def noted(pack, inputs, urn=URN, token=TOPIC):
    """Call the policy that notes a resource, as the engine does before any rule."""
    (note,) = [policy for policy in pack.policies() if policy.name == SECRETS]
    args = sdk.ResourceValidationArgs(token, secrets_preserving_proxy(inputs), urn, "alerts", _options(), None)
    assert note.remediate(args) is None


def _options():
    return sdk.PolicyResourceOptions(False, [], None, [], sdk.PolicyCustomTimeouts(0, 0, 0), [])


def told(pack, outputs, config=None, urn=URN, token=TOPIC):
    """Ask a rule about a stack of one resource, or about that resource; return the messages."""
    said = []
    policy, props = pack.bound[0].policy, unknown_checking_proxy(outputs)
    if isinstance(policy, sdk.StackValidationPolicy):
        resource = sdk.PolicyResource(token, props, urn, "alerts", _options(), None, None, [], {})
        args = sdk.StackValidationArgs([resource], config)
    else:
        args = sdk.ResourceValidationArgs(token, props, urn, "alerts", _options(), None, config)
    policy.validate(args, lambda message, urn=None: said.append(message))
    return said


def shows(it, _stack, _use):
    yield it.fails("", f"{sorted(it.value)} {it.declares('kmsMasterKeyId')}")


def test_a_rule_about_a_stack_sees_what_is_given_and_not_what_is_worked_out_later():
    pack = a_pack(a_rule(shows))
    noted(pack, {"displayName": UNKNOWN, "password": "x", "__defaults": []})
    outputs = {"displayName": UNKNOWN, "kmsMasterKeyId": UNKNOWN, "tagsAll": {"a": UNKNOWN}, "arn": "arn:x"}
    assert told(pack, outputs) == ["['arn', 'displayName', 'password'] False. Mend it."]
    offline = a_pack(a_rule(shows))
    run(offline, [Declared(URN, TOPIC, "alerts", {"displayName": UNKNOWN, "password": "x"}, outputs)])
    assert offline.record.findings[0].message == "['arn', 'displayName', 'password'] False"


def test_where_nothing_was_noted_a_rule_sees_what_the_engine_tells():
    pack = a_pack(a_rule(lambda it, stack, use: [it.equals("kmsMasterKeyId", "x")]))
    with pytest.raises(UnknownValueError):
        told(pack, {"kmsMasterKeyId": UNKNOWN})


def test_a_stack_is_unpacked_once_in_a_run_and_anew_in_the_next():
    pack, seen = a_pack(a_rule(lambda it, stack, use: seen.append(stack) or ())), []
    for name in ("one", "one", "two"):
        if not seen or name == "two":
            noted(pack, {"displayName": name})
        told(pack, {"displayName": name})
    assert seen[0] is seen[1]
    assert seen[2].resources[0].value == {"displayName": "two"}
    told(pack, {}, urn=f"{URN}2")
    assert seen[3].resources[0].urn == f"{URN}2"


def test_a_resource_that_is_named_again_begins_the_next_run():
    def remembering(it, use):
        use.memory["seen"] = True
        yield it.requires("displayName")

    pack = a_pack(a_rule(remembering, "resource"))
    noted(pack, {"displayName": Secret(HUSH)})
    told(pack, {})
    noted(pack, {}, urn=f"{URN}2")
    assert (len(pack.record.findings), pack.bound[0].use.memory) == (1, {"seen": True})
    noted(pack, {})
    assert (pack.record.findings, pack.record.outcomes, pack.bound[0].use.memory) == ([], {}, {})
    assert (pack.record.secrets, pack.record.secret_texts) == ({URN: frozenset()}, set())
    assert pack.record.given == {URN: {}}


LONGEST = {"longest": {"type": "integer", "default": 5}}


def asks(it, use):
    yield it.fails("displayName", f"at most {use['longest']}")


def test_the_engine_hands_over_what_is_configured_unless_something_lies_over_it():
    """It fills a policy's configuration with its schema's defaults, and every number is a float to it."""
    pack = a_pack(a_rule(asks, "resource", settings=LONGEST), settings={"longest": 3})
    noted(pack, {})
    published = pack.bound[0].policy.config_schema.properties
    assert published == {"longest": {"type": "integer", "default": 3}}
    for config, most in ((None, 3), ({"longest": 3.0}, 3), ({"longest": 9.0}, 9), ({"longest": 2.5}, 2.5)):
        assert told(pack, {}, config) == [f"displayName at most {most}. Mend it."]


@pytest.mark.parametrize(
    ("said", "message"),
    [
        (lambda it: it.fails("displayName", f"is {HUSH}"), "displayName is a secret whose value breaks the rule"),
        (lambda it: it.fails("name", f"is {HUSH}"), "name breaks the rule, in a way that would show a secret"),
    ],
)
def test_no_rule_about_a_stack_shows_a_secret_under_the_engine_or_offline(said, message):
    rule = a_rule(lambda it, stack, use: [said(it)])
    pack, offline = a_pack(rule), a_pack(rule)
    noted(pack, {"displayName": Secret(HUSH)})
    assert told(pack, {"displayName": HUSH}) == [f"{message}. Mend it."]
    run(offline, [Declared(URN, TOPIC, "alerts", {"displayName": HUSH}, secrets=frozenset({"displayName"}))])
    assert offline.record.findings[0].message == message


def test_a_secret_text_of_cloud_control_hides_all_that_is_within():
    check = lambda it, use: [it.equals("displayName", "x")]  # noqa: E731 -- a rule is a function
    pack = a_pack(a_rule(check, "resource", on=("aws-native:sns:Topic", TOPIC)))
    state = {"typeName": "AWS::SNS::Topic", "desiredState": Secret('{"DisplayName": "hush"}')}
    noted(pack, state, token=CLOUD_CONTROL)
    said = told(pack, {**state, "desiredState": '{"DisplayName": "hush"}'}, token=CLOUD_CONTROL)
    assert said == ["displayName is a secret whose value breaks the rule. Mend it."]


def test_what_nobody_could_decrypt_is_not_evaluated():
    pack = a_pack(a_rule(lambda it, use: [it.equals("displayName", "x")], "resource"))
    noted(pack, {"displayName": Secret("[secret]")})
    with pytest.raises(UnknownValueError):
        told(pack, {"displayName": "[secret]"})


def test_a_rule_about_a_stack_names_some_of_what_is_unknown_and_counts_the_rest():
    def check(it, stack, use):
        for index in range(7):
            yield from [it.equals(f"list[{index}].x", "x")]

    pack = a_pack(a_rule(check))
    noted(pack, {"list": [{"x": UNKNOWN}] * 7})
    with pytest.raises(UnknownValueError) as caught:
        told(pack, {"list": [{"x": UNKNOWN}] * 7})
    named = ", ".join(f"alerts: list[{index}].x" for index in range(5))
    assert f"at .{named}, and 2 more can't" in caught.value.message


def test_rules_about_a_stack_see_what_a_remediation_made_offline_too():
    named = a_rule(lambda it, use: [it.requires("displayName")], "resource",
                   remedy=lambda props, token, use: {**props, "displayName": "made"})  # fmt: skip
    pack = a_pack(named, level="remediate")
    about = replace(a_rule(lambda it, stack, use: [it.fails("", str(it.get("displayName")))]), id="topic-stack")
    pack.bound.append(Bound(pack, about))
    run(pack, [Declared(URN, TOPIC, "alerts", {}, {"arn": "arn:x"})])
    assert [finding.message for finding in pack.record.findings] == ["made"]
