"""Conformance rules: each exists, takes the parameters it is given, and is left out where a region has it not.

AWS's own list of managed rules, as moto carries it (from the developer guide), is what they are held against.
"""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import botocore.loaders
import moto.config
import pytest
from tests.support.components import REGION, arguments, deployed, faults, only

from mlops_components.conformance_rules import LONGEST_TEMPLATE, RULES, rules_of, template_body
from mlops_estate.config.aws_limits import SUPPORTED_REGIONS

LISTED = json.loads(
    gzip.decompress((Path(moto.config.__file__).parent / "resources" / "aws_managed_rules.json.gz").read_bytes())
)["ManagedRules"]
ENDPOINTS = botocore.loaders.Loader().load_data("endpoints")
REGIONS = {
    region: about["description"]
    for partition in ENDPOINTS["partitions"]
    for region, about in partition["regions"].items()
}


def has(identifier: str, region: str) -> bool:
    """Whether the developer guide says that a region has a rule."""
    everywhere, _, but = LISTED[identifier]["AWS Region"].partition(" except ")
    assert everywhere == "All supported AWS regions"
    return REGIONS[region] not in but


@pytest.mark.parametrize("identifier", RULES)
def test_a_rule_is_one_of_aws_configs(identifier):
    assert identifier in LISTED
    known = {parameter["Name"]: parameter for parameter in LISTED[identifier]["Parameters"]}
    given = RULES[identifier].parameters
    assert given.keys() <= known.keys()
    assert {name for name, about in known.items() if not about["Optional"]} <= given.keys()


@pytest.mark.parametrize("identifier", RULES)
def test_a_rule_is_left_out_exactly_where_a_region_has_it_not(identifier):
    assert set(RULES[identifier].not_in) == {region for region in SUPPORTED_REGIONS if not has(identifier, region)}


def test_every_subject_has_rules():
    subjects = {identifier.split("_")[0] for identifier in RULES}
    assert {"SAGEMAKER", "S3", "CMK", "IAM", "CLOUD"} <= subjects
    assert len(RULES) > 30


@pytest.mark.parametrize("region", sorted(SUPPORTED_REGIONS))
def test_a_template_is_within_the_limit_and_names_each_rule_once(region):
    text = template_body(region)
    assert len(text) <= LONGEST_TEMPLATE
    rules = [resource["Properties"] for resource in json.loads(text)["Resources"].values()]
    assert [rule["Source"]["SourceIdentifier"] for rule in rules] == rules_of(region)
    names = [rule["ConfigRuleName"] for rule in rules]
    # A pack's rule gets an ending of its own; a rule's name has at most 128 characters (API reference, ConfigRule).
    assert len(set(names)) == len(names)
    assert max(map(len, names)) <= 90


def test_the_pack_waits_for_the_recorder():
    from tests.support.programs import recorded
    from tests.support.recorder import by_tail

    from mlops_components.conformance_rules import ConformanceRules

    def program() -> None:
        import pulumi_aws as aws

        recorder = aws.cfg.Recorder("recorder", role_arn="arn:aws:iam::123456789012:role/r", name="r")
        ConformanceRules("it", {**arguments("ConformanceRules"), "recorder_name": recorder.name})

    pack = only(by_tail(recorded(program)), ":ConformancePack it")
    assert [urn.split("::")[-1] for urn in pack.dependencies] == ["recorder"]


def test_the_pack_is_named_after_the_prefix():
    pack = only(deployed("ConformanceRules", arguments("ConformanceRules")), ":ConformancePack it").inputs
    assert pack["name"] == "mlops-dev-baseline"
    assert pack["templateBody"] == template_body(REGION)


def test_bad_arguments_are_refused():
    assert set(faults("ConformanceRules", prefix="Mlops", region="Ireland")) == {"prefix", "region"}
