"""The pack's configuration: levels and settings by class, exemptions, and every fault at once with its path."""

from __future__ import annotations

from datetime import date

import pytest

from mlops_policies.catalog import rules
from mlops_policies.configuration import Configuration, InvalidConfiguration, load, parse
from mlops_policies.exemptions import Exemption

RULE, REMEDIED = "sm-notebook-in-vpc", "log-retention"
EXEMPTION = {
    "finding": RULE, "resource": "*::trial", "reason": "a week's trial", "owner": "ml", "ticket": "ML-1",
    "expires": "2027-01-31",
}  # fmt: skip


def faults(data):
    with pytest.raises(InvalidConfiguration) as caught:
        parse(data, "policies.yaml")
    return {fault.where: (fault.rule, fault.fix) for fault in caught.value.faults}


def test_a_level_is_a_word_or_by_class_and_the_classes_own_block_comes_last():
    made = parse({
        "rules": {RULE: {"level": {"dev": "disabled"}}, "kms-rotation": "advisory"},
        "classes": {"prod": {"rules": {"kms-rotation": "mandatory"}}},
    })  # fmt: skip
    rule = rules()[RULE]
    assert [made.level(rule, name) for name in ("dev", "staging", "prod")] == ["disabled", "mandatory", "mandatory"]
    assert [made.level(rules()["kms-rotation"], name) for name in ("dev", "prod")] == ["advisory", "mandatory"]


def test_settings_are_shared_by_name_then_of_the_class_then_of_the_rule():
    made = parse({
        "settings": {"approved_subnets": ["shared"]},
        "classes": {"dev": {"settings": {"approved_subnets": ["dev"]}},
                    "staging": {"rules": {RULE: {"settings": {"approved_subnets": ["own"]}}}}},
    })  # fmt: skip
    found = {name: made.settings_of(rules()[RULE], name)["approved_subnets"] for name in ("dev", "staging", "prod")}
    assert found == {"dev": ["dev"], "staging": ["own"], "prod": ["shared"]}
    assert Configuration().settings_of(rules()[RULE], "prod") == {"approved_subnets": []}


@pytest.mark.parametrize(
    ("stack", "expected"),
    [("dev", "dev"), ("feature-7", "dev"), ("staging", "staging"), ("", "prod"), ("live", "prod")],
)
def test_a_stack_is_classed_by_its_name_and_is_prod_where_nothing_fits(stack, expected):
    made = parse({"environments": {"feature-*": "dev", "dev": "dev", "staging": "staging"}})
    assert made.class_of(stack) == expected


def test_every_fault_is_told_at_once_with_its_path_and_a_fix():
    found = faults({
        "rules": {"sm-notebook-in-vcp": "mandatory", RULE: {"settings": {"approved_subnet": [], "approved_subnets": 3}},
                  "sm-notebook-no-direct-internet": "remediate"},
        "settings": {"nothing": 1},
        "classes": {"dev": {"rules": {"nope": "advisory"}}},
        "exemptions": [{**EXEMPTION, "finding": "sm-notebook-in-vcp"}],
    })  # fmt: skip
    assert {where: fix for where, (_, fix) in found.items() if fix.startswith("did you mean")} == {
        "rules.sm-notebook-in-vcp": f"did you mean {RULE}?",
        "exemptions[0].finding": f"did you mean {RULE}?",
    }
    assert set(found) == {
        "rules.sm-notebook-in-vcp", f"rules.{RULE}.settings.approved_subnet", f"rules.{RULE}.settings.approved_subnets",
        "rules.sm-notebook-no-direct-internet", "settings.nothing", "classes.dev.rules.nope", "exemptions[0].finding",
    }  # fmt: skip
    assert "no remediation" in found["rules.sm-notebook-no-direct-internet"][0]


@pytest.mark.parametrize(
    ("data", "where"),
    [
        ({"rules": {RULE: "fatal"}}, f"rules.{RULE}"),
        ({"rules": {RULE: {"level": {"test": "advisory"}}}}, f"rules.{RULE}.level.test"),
        ({"environments": {"dev": "test"}}, "environments.dev"),
        ({"exemption": []}, "exemption"),
        ({"exemptions": [{**EXEMPTION, "expires": "soon"}]}, "exemptions[0].expires"),
        ({"exemptions": [{**EXEMPTION, "owner": ""}]}, "exemptions[0].owner"),
        ({"exemptions": [{key: EXEMPTION[key] for key in EXEMPTION if key != "reason"}]}, "exemptions[0].reason"),
        ({"exemptions": [{**EXEMPTION, "environments": ["test"]}]}, "exemptions[0].environments[0]"),
        ([], ""),
        ("text", ""),
    ],
)
def test_what_has_another_form_is_refused_where_it_stands(data, where):
    assert where in {path.partition(".[")[0] for path in faults(data)}


def test_faults_of_form_hide_no_rule_that_does_not_exist():
    found = faults({"rules": {RULE: "fatal", "nope": "advisory"}, "exemptions": ["text", {"finding": "no-such"}]})
    assert {f"rules.{RULE}", "rules.nope", "exemptions[0]", "exemptions[1].finding"} <= set(found)


def test_a_file_that_is_absent_no_yaml_or_empty(tmp_path):
    with pytest.raises(InvalidConfiguration, match="there is no such file"):
        load(tmp_path / "none.yaml")
    path = tmp_path / "policies.yaml"
    path.write_text("rules: [")
    with pytest.raises(InvalidConfiguration, match="not YAML"):
        load(path)
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InvalidConfiguration, match="not YAML"):
        load(path)
    path.write_text("# nothing\n")
    assert load(path) == Configuration()


def test_an_exemption_is_read_with_its_place():
    (made,) = parse({"exemptions": [{**EXEMPTION, "environments": ["dev"]}]}).exemptions
    assert (made.place, made.environments, made.expires) == ("exemptions[0]", ("dev",), date(2027, 1, 31))


@pytest.mark.parametrize(
    ("finding", "resource", "covered"),
    [
        ("rule", "*", True),
        ("rule", "trial", True),
        ("rule", "urn:*::trial", True),
        ("rule", "tri?l", True),
        ("rule", "other", False),
        ("rule[s3:PutObject]", "*", True),
        ("rule[s3:GetObject]", "*", False),
        ("other", "*", False),
    ],
)
def test_an_exemption_covers_a_finding_by_rule_or_key_and_a_resource_by_pattern(finding, resource, covered):
    made = Exemption(finding, resource, "r", "o", "t", date(2027, 1, 1))
    assert made.covers("rule[s3:PutObject]", "urn:pulumi:s::p::t::trial", "trial") is covered


def test_an_exemption_lasts_through_its_last_day():
    made = Exemption("rule", "*", "r", "o", "t", date(2027, 1, 1))
    assert [made.expired(date(2027, 1, day)) for day in (1, 2)] == [False, True]


def test_a_setting_of_one_name_means_the_same_in_every_rule():
    found = {}
    for rule in rules().values():
        for name, schema in rule.settings.items():
            found.setdefault(name, []).append((rule.id, dict(schema)))
    differing = {name: uses for name, uses in found.items() if any(schema != uses[0][1] for _, schema in uses)}
    assert differing == {}
    assert [name for name, uses in found.items() if not uses[0][1].get("description")] == []
