"""A pack: levels, exemptions, remediations, rules that raise; every answer recorded, and told as the engine expects."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pulumi_policy as sdk
import pytest
from pulumi_policy.proxy import UnknownValueError, unknown_checking_proxy
from pulumi_policy.secret import secrets_preserving_proxy

from mlops_policies.catalog import rules
from mlops_policies.configuration import Configuration, RuleBlock
from mlops_policies.exemptions import Exemption
from mlops_policies.pack import EXEMPTIONS, HEALTH, SECRETS, Bound, Pack
from mlops_policies.rule import CLASSES, Rule
from mlops_policies.running import Declared, run
from mlops_policies.values import UNKNOWN
from mlops_policies.verdicts import Status, Verdict, not_applicable

TOPIC, QUEUE = "aws:sns/topic:Topic", "aws:sqs/queue:Queue"
TODAY = date(2026, 11, 25)


def a_rule(name="topic-named", check=None, **about):
    def named(it, use):
        yield it.requires("displayName")
        yield it.equals("fifoTopic", True)

    base = Rule(
        name, "Topics are named.", "high", "security", (TOPIC,), "resource", dict.fromkeys(CLASSES, "mandatory"), "why",
        "Name it", ("https://example.com",), check or named,
    )  # fmt: skip
    return replace(base, **about)


def a_pack(*declared, environment="prod", **configuration):
    pack = Pack(Configuration(**configuration), environment, today=TODAY, only=())
    pack.bound = [Bound(pack, rule) for rule in declared]
    return pack


def topic(name="alerts", **inputs):
    return Declared(f"urn:pulumi:s::p::{TOPIC}::{name}", TOPIC, name, inputs)


def exemption(**changes):
    base = Exemption(
        "topic-named", "alerts", "renamed next week", "ml", "ML-1", date(2026, 12, 31), CLASSES, "exemptions[0]"
    )
    return replace(base, **changes)


def called(pack, name, inputs, token=TOPIC):
    """Call policies as the SDK's servicer does, with no secrets about; return what the named one reported."""
    told = []
    policies = {policy.name: policy for policy in pack.policies()}
    pack.note_secrets("urn::x", {})
    times = sdk.PolicyCustomTimeouts(0, 0, 0)
    options = sdk.PolicyResourceOptions(False, [], None, [], times, [])
    args = sdk.ResourceValidationArgs(token, unknown_checking_proxy(inputs), "urn::x", "x", options, None)
    policies[name].validate(args, lambda message, urn=None: told.append((message, urn)))
    return told


def test_answers_are_recorded_and_findings_ordered_as_they_come():
    pack = a_pack(a_rule())
    run(
        pack,
        [
            topic("good", displayName="x", fifoTopic=True),
            topic("bad"),
            topic("open", displayName="x", fifoTopic=UNKNOWN),
        ],
    )
    outcomes = {urn.rpartition("::")[2]: status for urn, status in pack.record.outcomes["topic-named"].items()}
    assert outcomes == {"good": Status.PASS, "bad": Status.FAIL, "open": Status.UNKNOWN}
    assert [(found.name, found.status, found.path) for found in pack.record.findings] == [
        ("bad", Status.FAIL, "displayName"), ("bad", Status.FAIL, "fifoTopic"), ("open", Status.UNKNOWN, "fifoTopic"),
    ]  # fmt: skip


def test_the_engine_is_told_message_and_fix_and_of_unknown_by_the_sdks_own_error():
    pack = a_pack(a_rule())
    assert called(pack, "topic-named", {"displayName": "x"}) == [
        ("fifoTopic is absent; it must be true. Name it.", "urn::x"),
    ]
    with pytest.raises(UnknownValueError) as caught:
        called(pack, "topic-named", {"displayName": "x", "fifoTopic": UNKNOWN})
    assert "fifoTopic can't be known during preview" in caught.value.message


def test_another_type_does_not_concern_a_rule():
    with pytest.raises(Exception) as caught:  # noqa: PT011 -- the SDK does not export what it raises here
        called(a_pack(a_rule()), "topic-named", {}, token=QUEUE)
    assert caught.value.reason == f"about {TOPIC}"


@pytest.mark.parametrize("scope", ["resource", "stack", "whole_stack"])
def test_a_rule_that_raises_says_so_fails_the_run_and_stops_no_other(scope):
    def broken(*_given):
        yield Verdict(Status.PASS)
        raise ZeroDivisionError("by design")

    pack = a_pack(a_rule("broken", broken, scope=scope, levels=dict.fromkeys(CLASSES, "advisory")), a_rule())
    run(pack, [topic("bad")])
    (failed,) = [found for found in pack.record.findings if found.status is Status.ERROR]
    assert failed.message == "the rule failed: ZeroDivisionError: by design"
    assert (failed.rule, failed.name, failed.blocks) == ("broken", "" if scope == "whole_stack" else "bad", True)
    assert sum(found.rule == "topic-named" for found in pack.record.findings) == 2


def test_health_reports_rules_that_raised_and_forgets_them():
    def broken(_it, _use):
        raise ZeroDivisionError("by design")

    pack = a_pack(a_rule("broken", broken))
    policies = {policy.name: policy for policy in pack.policies()}
    called(pack, "broken", {})
    told = []
    for _ in range(2):
        policies[HEALTH].validate(sdk.StackValidationArgs([]), lambda message, urn=None: told.append((message, urn)))
    assert told == [("broken: the rule failed: ZeroDivisionError: by design", "urn::x")]
    assert policies[HEALTH].enforcement_level is sdk.EnforcementLevel.MANDATORY


def test_a_disabled_rule_is_not_asked_and_an_advisory_one_blocks_nothing():
    pack = a_pack(
        a_rule(), a_rule("off"), blocks={"off": RuleBlock(level="disabled"), "topic-named": RuleBlock(level="advisory")}
    )
    run(pack, [topic("bad")])
    assert {found.rule for found in pack.record.findings} == {"topic-named"}
    assert not any(found.blocks for found in pack.record.findings)
    assert pack.bound[1].policy.enforcement_level is sdk.EnforcementLevel.DISABLED


def test_outside_its_classes_a_rule_does_not_apply():
    pack = a_pack(a_rule(only=("prod",)), environment="dev")
    run(pack, [topic("bad")])
    assert pack.record.counts("topic-named") == {Status.NOT_APPLICABLE: 1}


def test_a_rule_says_itself_what_it_does_not_speak_of():
    pack = a_pack(a_rule(check=lambda it, use: [not_applicable("serverless")]))
    run(pack, [topic()])
    assert (pack.record.counts("topic-named"), pack.record.findings) == ({Status.NOT_APPLICABLE: 1}, [])


def test_an_exempted_finding_stays_marked_and_blocks_nothing():
    pack = a_pack(a_rule(), exemptions=(exemption(),))
    run(pack, [topic(), topic("other")])
    found = {finding.name: finding for finding in pack.record.findings if finding.path == "displayName"}
    assert (found["alerts"].exemption, found["alerts"].blocks) == (exemption(), False)
    assert (found["other"].exemption, found["other"].blocks) == (None, True)
    assert pack.exemption_findings() == []


@pytest.mark.parametrize(
    ("changes", "told", "blocks"),
    [
        ({"expires": date(2026, 11, 24)}, ["exemption-expired"], True),
        ({"reason": "  "}, ["exemption-without-reason"], True),
        ({"resource": "nobody"}, ["exemption-unused"], False),
        ({"environments": ("dev",), "resource": "nobody"}, [], False),
    ],
)
def test_an_exemption_that_is_expired_unreasoned_or_unused_is_a_finding_itself(changes, told, blocks):
    pack = a_pack(a_rule(), exemptions=(exemption(**changes),))
    run(pack, [topic()])
    found = pack.exemption_findings()
    assert [finding.rule for finding in found] == told
    assert any(finding.blocks for finding in found) is blocks
    assert any(finding.blocks for finding in pack.record.findings)


def test_the_engine_hears_of_exempted_findings_as_advice():
    pack = a_pack(a_rule(), exemptions=(exemption(resource="x"), exemption(resource="nobody", place="exemptions[1]")))
    policies = {policy.name: policy for policy in pack.policies()}
    assert called(pack, "topic-named", {"fifoTopic": True}) == []
    told = []
    policies[EXEMPTIONS].validate(sdk.StackValidationArgs([]), lambda message, urn=None: told.append(message))
    assert told == [
        "exempt until 2026-12-31 (ML-1: renamed next week): topic-named: displayName must be given",
        "exemptions[1] (topic-named on nobody) covers no finding",
    ]
    assert policies[EXEMPTIONS].enforcement_level is sdk.EnforcementLevel.ADVISORY


def remedied(inputs, secrets=frozenset()):
    def named(props, token, use):
        return (
            None
            if props.get("displayName")
            else {**props, "displayName": f"{token.rpartition(':')[2]} {use.environment}"}
        )

    rule = a_rule(check=lambda it, use: [it.requires("displayName")], remedy=named)
    pack = a_pack(rule, blocks={"topic-named": RuleBlock(level="remediate")})
    run(pack, [replace(topic(**inputs), secrets=secrets)])
    return pack


def test_a_remediation_is_applied_before_the_rules_judge():
    pack = remedied({"tags": UNKNOWN})
    assert pack.record.counts("topic-named") == {Status.PASS: 1}
    assert pack.record.remediated == [("topic-named", topic().urn)]
    assert remedied({"displayName": "x"}).record.remediated == []


def test_a_resource_that_holds_secrets_is_never_remediated_and_its_fault_stays():
    pack = remedied({"password": "x"}, frozenset({"password"}))
    assert pack.record.remediated == []
    assert pack.record.findings[0].blocks


def test_the_engines_proxies_give_a_remediation_plain_values_and_tell_secrets():
    pack = remedied({})
    policy = pack.bound[0].policy
    times = sdk.PolicyCustomTimeouts(0, 0, 0)
    options = sdk.PolicyResourceOptions(False, [], None, [], times, [])

    def asked(props):
        args = sdk.ResourceValidationArgs(TOPIC, secrets_preserving_proxy(props), "urn::y", "y", options, None)
        noted = next(policy for policy in pack.policies() if policy.name == SECRETS)
        assert noted.remediate(args) is None
        return policy.remediate(args)

    from pulumi_policy.secret import Secret

    assert asked({"tags": {"a": UNKNOWN}}) == {"tags": {"a": UNKNOWN}, "displayName": "Topic prod"}
    assert asked({"tags": {"a": [Secret("hush")]}}) is None
    assert pack.record.secrets["urn::y"] == frozenset({"tags.a[0]"})


def test_a_message_never_shows_a_secret_properties_value():
    pack = a_pack(a_rule(check=lambda it, use: [it.equals("displayName", "x")]))
    run(pack, [replace(topic(displayName="hush"), secrets=frozenset({"displayName"}))])
    assert "hush" not in str(pack.record.findings)
    assert pack.record.findings[0].message == "displayName is a secret whose value breaks the rule"


def test_the_engines_configuration_lies_over_the_files():
    rule = rules()["sm-notebook-in-vpc"]
    policy = Bound(a_pack(), rule).policy
    told = []
    times = sdk.PolicyCustomTimeouts(0, 0, 0)
    args = sdk.ResourceValidationArgs(
        rule.on[0], unknown_checking_proxy({"subnetId": "subnet-2", "securityGroups": ["sg-1"]}), "urn::n", "n",
        sdk.PolicyResourceOptions(False, [], None, [], times, []), None, {"approved_subnets": ["subnet-1"]},
    )  # fmt: skip
    policy.validate(args, lambda message, urn=None: told.append(message))
    assert len(told) == 1
    assert policy.config_schema.properties == dict(rule.settings)


def test_every_rule_is_a_policy_with_what_a_reader_needs():
    policies = Pack(Configuration(), "prod", today=TODAY).policies()
    assert len({policy.name for policy in policies}) == len(policies) == len(rules()) + 3
    described = [policy for policy in policies if policy.name in rules()]
    assert all(policy.remediation_steps and policy.url and policy.severity and policy.tags for policy in described)
