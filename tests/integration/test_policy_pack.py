"""The pack as the engine serves it says what `estate check` says, resource by resource and word by word."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from tests.support import policy_cases
from tests.support.policy_folders import small_pack
from tests.support.policy_output import heard, unevaluated_of
from tests.support.policy_server import Answers, Told, refused, served
from tests.support.previews import previewed
from tests.support.programs import PROJECT

from mlops_estate.checks import check_resources, configuration_of
from mlops_estate.checks.reading import declared_of
from mlops_policies.pack import EXEMPTIONS, HEALTH, Pack
from mlops_policies.running import Declared
from mlops_policies.values import UNKNOWN
from mlops_policies.verdicts import Status

TOPIC, FIX = "aws:sns/topic:Topic", "Mend it."
EXEMPTION = {
    "finding": "topic-short", "resource": "long", "reason": "renamed soon", "owner": "ml", "ticket": "ML-1",
    "expires": "2199-01-01",
}  # fmt: skip


BAD = (
    "glue-job-no-secrets", "iam-no-admin-statement", "lambda-env-no-secrets", "lambda-tracing", "s3-versioning",
    "sm-notebook-in-vpc", "sm-notebook-no-direct-internet", "sns-kms", "sqs-policy-not-public",
    "vpc-sg-no-open-ingress", "vpc-subnet-no-public-ip",
)  # fmt: skip
"""Rules about single resources and stacks, `aws` and `aws-native`; all of them would take minutes."""


def bad_resources() -> list[Declared]:
    """Return the cases of some rules as at a preview: resources that break them, that don't, or nobody knows yet."""
    return [entry for rule in BAD for block in policy_cases.of_rule(rule)[:1] for entry in _declared(block)]


def _declared(block: policy_cases.Block) -> Iterable[Declared]:
    cases, made = policy_cases.resources(block, "preview")
    for case in cases.values():
        computed = case.options.get("computed", ())
        own = made[case.name]
        yield Declared(
            urn=f"{case.urn}-{block.label}", type=case.token, name=f"{case.name}-{block.label}", provider=own.provider,
            inputs={key: value for key, value in case.props.items() if key not in computed},
            outputs=dict.fromkeys(computed, UNKNOWN), protect=own.protect,
            property_dependencies={key: tuple(f"{urn}-{block.label}" for urn in urns)
                                   for key, urns in own.property_dependencies.items()},
            secrets=frozenset(case.options.get("secrets", ())),
        )  # fmt: skip


@pytest.fixture(scope="module")
def both() -> tuple[Pack, Answers]:
    """Judge the estate's own preview and bad resources, offline and over the protocol."""
    declared = [*declared_of(previewed("prod")), *bad_resources()]
    offline = check_resources("prod", declared, configuration_of(PROJECT / "policies" / "policies.yaml"))
    with served("prod") as pack:
        return offline.pack, pack.judge(declared)


def test_every_violation_is_the_same(both):
    offline, online = both
    expected = Counter(Told(entry.policy, urn, entry.message, entry.level) for entry, urn in heard(offline))
    assert Counter(online.violations) == expected
    assert len({told.policy for told in expected}) > 30
    assert {told.level for told in expected} == {"advisory", "mandatory"}


def test_what_is_not_evaluated_is_advice_about_the_same_rule_resource_and_property(both):
    offline, online = both
    about = {(rule, urn): named for (rule, urn, _), named in unevaluated_of(offline).items()}
    told = {(advice.policy, advice.urn): advice for advice in online.unevaluated}
    assert len(online.unevaluated) == len(told)
    assert told.keys() == about.keys()
    for key, advice in told.items():
        assert advice.level == "advisory"
        assert advice.message.startswith(f"can't run policy '{key[0]}' from policy pack 'mlops-estate@v")
        assert advice.message.endswith("can't be known during preview")
        assert about[key][0] in advice.message


def test_what_does_not_apply_is_told_so_and_nothing_else_is_silent(both):
    """Every policy about single resources answers for every resource: by a violation, by advice, or that it is not
    about it; what says nothing is compliant."""
    offline, online = both
    answers = [raw for raw in online.raw if hasattr(raw, "diagnostics")]
    rule = next(bound.rule for bound in offline.bound if bound.rule.id == "sm-notebook-no-direct-internet")
    declared = len(answers) - 1
    silent = declared - sum(
        any(item.policy_name == rule.id for item in raw.not_applicable) for raw in answers[:-1]
    )  # fmt: skip
    passed = offline.record.counts(rule.id)
    assert silent == passed[Status.PASS] + passed[Status.FAIL] + passed[Status.UNKNOWN]


def topic(name: str = "long", **inputs: object) -> Declared:
    return Declared(f"urn:pulumi:prod::project::{TOPIC}::{name}", TOPIC, name, inputs)


LONG = "a name of more than thirty characters"
SHORT = f'displayName is "{LONG}"; it must have at most 30 characters. {FIX}'


def test_a_broken_configuration_ends_the_pack_before_it_listens_with_every_fault(tmp_path):
    config = tmp_path / "broken.yaml"
    config.write_text(
        "rules: {no-such-rule: advisory, sm-notebook-in-vpc: mandatry}\nexemptions: [{finding: sm-notebook-in-vpc}]\n"
    )
    code, output, error = refused("prod", config=config)
    assert (code, output) == (1, "")
    assert error.startswith(f"{config}:\n")
    for fault in (
        "rules.no-such-rule = 'no-such-rule': there is no such rule",
        "rules.sm-notebook-in-vpc = 'mandatry': it is one of",
        "exemptions[0].resource = None: it is required",
        "exemptions[0].expires = None: it is required",
    ):
        assert fault in error
    assert refused("prod", config=tmp_path / "none.yaml")[0] == 1


def test_the_engines_configuration_lies_over_the_file_and_the_file_over_the_rules(tmp_path):
    settings = {"rules": {"topic-short": {"settings": {"longest": 3}}, "topic-advised": "mandatory"}}
    pack, declared = small_pack(tmp_path, **settings), [topic(displayName="four")]
    with served("prod", pack) as server:
        (by_file,) = server.judge(declared).of("topic-short")
        assert by_file.message == f'displayName is "four"; it must have at most 3 characters. {FIX}'
        server.configure({"topic-short": {"longest": 2}, "topic-advised": "disabled"})
        answers = server.judge(declared)
        (by_engine,) = answers.of("topic-short")
        assert "at most 2 characters" in by_engine.message
        assert answers.of("topic-advised") == []
        server.configure({"topic-short": {"enforcementLevel": "advisory", "longest": 9}})
        assert server.judge([topic(displayName=LONG)]).of("topic-short")[0].level == "advisory"
        server.configure({"all": "disabled", "topic-short": "mandatory"})
        assert {told.policy for told in server.judge(declared).violations} == {"topic-short"}


def test_a_rule_that_raises_is_reported_by_the_packs_health_and_the_others_still_answer(tmp_path):
    with served("prod", small_pack(tmp_path)) as server:
        answers = server.judge([topic(displayName=LONG, fifoTopic=True), topic("fine", displayName="x")])
    failed = f"the rule failed: ValueError: by design, about {LONG}"
    urn = topic().urn
    assert answers.of("topic-broken") == [Told("topic-broken", urn, f"{failed}. {FIX}", "advisory")]
    assert answers.of(HEALTH) == [Told(HEALTH, urn, f"topic-broken: {failed}", "mandatory")]
    assert answers.of("topic-short") == [Told("topic-short", urn, SHORT, "mandatory")]
    assert [told.urn for told in answers.of("topic-advised")] == [urn, topic("fine").urn]


def test_exempted_findings_are_advice_and_an_expired_exemption_fails_the_run(tmp_path):
    config = tmp_path / "exemptions.yaml"
    expired = {**EXEMPTION, "finding": "topic-advised", "expires": "2020-01-01"}
    unused = {**EXEMPTION, "resource": "nobody"}
    config.write_text(yaml.safe_dump({"exemptions": [EXEMPTION, expired, unused]}))
    with served("prod", small_pack(tmp_path), config) as server:
        first = server.judge([topic(displayName=LONG)])
        assert server.judge([topic(displayName=LONG)]).violations == first.violations
        assert not server.judge([topic("other", displayName="x")]).of("topic-short")
    told = SHORT.removesuffix(f". {FIX}")
    assert first.of("topic-short") == []
    assert [(advice.urn, advice.message) for advice in first.of(EXEMPTIONS)] == [
        (topic().urn, f"exempt until 2199-01-01 (ML-1: renamed soon): topic-short: {told}"),
        ("", "exemptions[2] (topic-short on nobody) covers no finding"),
    ]
    assert [(fault.message, fault.level) for fault in first.of(HEALTH)] == [
        ("exemptions[1] (topic-advised on long) expired on 2020-01-01", "mandatory")
    ]
    assert [fault.urn for fault in first.of("topic-advised")] == [topic().urn]


def test_a_run_that_was_cut_short_leaves_nothing_to_the_next_one(tmp_path):
    """Where a mandatory violation ends an update, the engine doesn't ask about the stack."""
    pack = small_pack(tmp_path, exemptions=[EXEMPTION])
    with served("prod", pack) as server:
        broken = topic(displayName=LONG, fifoTopic=True)
        server.judge_one(broken, Answers())
        answers = server.judge([topic(displayName="x"), topic("new", displayName="y")])
        assert [told.message for told in answers.of(EXEMPTIONS)] == [
            "exemptions[0] (topic-short on long) covers no finding"
        ]
        assert answers.of(HEALTH) == []
        again = server.judge([topic(displayName="same"), topic("new", displayName="same")])
        assert {told.urn for told in again.of("topic-unlike-others")} == {topic().urn, topic("new").urn}


REMEDIATED = {"rules": {"topic-short": "remediate"}}


def test_a_remediation_mends_before_the_rules_judge(tmp_path):
    with served("prod", small_pack(tmp_path, **REMEDIATED)) as server:
        answers = server.judge([topic(displayName=LONG, tags={"a": UNKNOWN}), topic("fine", displayName="x")])
    assert answers.remediated == [("topic-short", topic().urn)]
    assert answers.after == {topic().urn: {"displayName": "short", "tags": {"a": UNKNOWN}}}
    assert answers.of("topic-short") == []


def test_a_remediation_keeps_what_the_provider_keeps_for_itself(tmp_path):
    with served("prod", small_pack(tmp_path, **REMEDIATED)) as server:
        from google.protobuf import json_format, struct_pb2
        from pulumi.runtime.proto import analyzer_pb2

        given = {"displayName": LONG, "__defaults": ["name"], "deliveryPolicy": {"__defaults": [], "count": 3}}
        request = analyzer_pb2.AnalyzeRequest(
            type=TOPIC, urn=topic().urn, name="long", properties=json_format.ParseDict(given, struct_pb2.Struct())
        )
        (remediation,) = server.stub.Remediate(request).remediations
    assert json_format.MessageToDict(remediation.properties) == {**given, "displayName": "short"}


@pytest.mark.parametrize("laid_over", [None, {"all": "advisory"}, {"all": "remediate"}], ids=str)
def test_a_resource_with_a_secret_is_not_remediated_and_no_answer_shows_its_value(tmp_path, laid_over):
    hush = "correct horse battery staple is a secret"
    declared = [
        replace(topic(displayName=hush), secrets=frozenset({"displayName"})),
        replace(topic("raises", displayName=hush, fifoTopic=True), secrets=frozenset({"displayName"})),
        topic("same", displayName=hush),
        replace(topic("tagged", displayName=LONG, tags={"token": [hush]}), secrets=frozenset({"tags.token[0]"})),
    ]
    with served("prod", small_pack(tmp_path, **REMEDIATED), given=laid_over) as server:
        answers = server.judge(declared)
    assert [urn for _, urn in answers.remediated] == ([] if laid_over == {"all": "advisory"} else [topic("same").urn])
    assert {told.urn for told in answers.of("topic-short")} >= {
        topic(name).urn for name in ("long", "raises", "tagged")
    }
    assert answers.of("topic-broken")[0].message == f"the rule failed: ValueError. {FIX}"
    assert answers.of("topic-unlike-others")
    assert hush[:16] not in str(answers.raw)


def test_another_configuration_file_may_be_named_relative_to_the_pack(tmp_path):
    """The engine starts a pack in the pack's own folder."""
    pack = small_pack(tmp_path)
    (pack / "other.yaml").write_text("rules: {topic-short: disabled, topic-advised: disabled}\n")
    with served("prod", pack, Path("other.yaml")) as server:
        assert server.judge([topic(displayName=LONG)]).violations == []


def test_a_stack_that_no_pattern_fits_is_judged_as_prod(tmp_path):
    pack = small_pack(tmp_path, environments={"trial-*": "dev"}, rules={"topic-short": {"level": {"dev": "advisory"}}})
    for stack, level in (("trial-1", "advisory"), ("elsewhere", "mandatory")):
        with served(stack, pack) as server:
            assert server.judge([topic(displayName=LONG)]).of("topic-short")[0].level == level
