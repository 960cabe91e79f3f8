"""Names, places, keys, who deploys, what stands: each check on graphs made by hand, and on the shipped environments."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from botocore.exceptions import ClientError
from tests.support.planned import ACCOUNT, REGION, environment, graph_of, node

from mlops_estate.config import parse
from mlops_estate.faults import Fault, FaultsFound
from mlops_estate.preflight.calls import Call
from mlops_estate.preflight.finding import Finding, PreflightReport, named, ordered
from mlops_estate.preflight.identity import Identity, permission_findings
from mlops_estate.preflight.naming import clash_findings, fault_findings, neighbour_findings
from mlops_estate.preflight.places import image_findings, instance_findings
from mlops_estate.preflight.planning import NoAccount
from mlops_estate.preflight.standing import standing_findings
from mlops_estate.reports.preflight import as_markdown, as_text, check_form, short
from mlops_policies.iam.statements import parse as parse_policy

ROLE, BUCKET = "aws:iam/role:Role", "aws:s3/bucket:Bucket"


def config(name="prod", **estate):
    loaded = environment(name)
    return parse(name, {**loaded.estate_raw, **estate}, loaded.models_raw)


def states(findings):
    return [(found.state, found.title) for found in findings]


def test_two_resources_of_one_name_block():
    pair = [node(BUCKET, name, {"bucket": "b"}) for name in ("one", "two")]
    for made in pair:
        made.aws["name"] = "b"
    assert states(clash_findings(graph_of(*pair))) == [("blocks", "2 resources have the name b")]


def test_the_same_name_within_two_holders_is_no_clash():
    def policies(*roles):
        made = [
            node("aws:iam/rolePolicy:RolePolicy", f"{at}", {"role": role, "name": "p"}) for at, role in enumerate(roles)
        ]
        for one in made:
            one.aws["name"] = "p"
        return [found.state for found in clash_findings(graph_of(*made))]

    assert policies("a", "b") == ["ok"]
    assert policies("a", "a") == ["blocks"]


def test_names_that_differ_by_case_alone_are_one_to_iam_and_two_to_sagemaker():
    roles = [node(ROLE, name, {"name": name}) for name in ("Deploy", "deploy")]
    (found,) = clash_findings(graph_of(*roles))
    assert (found.state, found.title) == ("blocks", "names differ by case alone: Deploy, deploy")
    endpoints = [node("aws-native:sagemaker:Endpoint", name, {"endpointName": name}) for name in ("A", "a")]
    assert [found.state for found in clash_findings(graph_of(*endpoints))] == ["ok"]


def test_what_awss_own_rules_refuse_blocks_with_rule_fix_and_source():
    (found,) = fault_findings(
        [Fault("endpointName", "x" * 64, "length must be at most 63", "shorten it", "urn", "model")]
    )
    assert (found.state, found.where, found.fix, found.source) == ("blocks", "urn", "shorten it", "model")


def test_environments_in_accounts_of_their_own_do_not_clash():
    others = [config("dev"), config("staging")]
    assert [found.state for found in neighbour_findings(config("prod"), others)] == ["ok"]
    same_prefix = [config("staging", prefix="mlops-prod")]
    assert [found.state for found in neighbour_findings(config("prod"), same_prefix)] == ["ok"]


def test_two_environments_in_one_account_clash_in_what_it_has_once():
    other = config("staging", account=ACCOUNT)
    found = {each.title: each for each in neighbour_findings(config("prod"), [other])}
    assert "staging makes the account's guardduty too, in the same account" in found
    assert {each.state for each in found.values()} == {"blocks"}


def test_the_same_prefix_in_one_account_blocks_and_one_that_begins_like_it_warns():
    same = config("staging", account=ACCOUNT, prefix="mlops-prod", account_baseline="existing")
    titles = states(neighbour_findings(config("prod"), [same]))
    assert ("blocks", "staging has the same prefix in the same account") in titles
    inside = config("staging", account=ACCOUNT, prefix="mlops-prod-two", account_baseline="existing")
    titles = states(neighbour_findings(config("prod"), [inside]))
    assert ("warns", "names of staging begin like this environment's, in the same account") in titles
    beside = config("staging", account=ACCOUNT, prefix="mlops-production", account_baseline="existing")
    assert not [title for _, title in states(neighbour_findings(config("prod"), [beside])) if "begin like" in title]


def image(uri):
    return graph_of(node("aws:sagemaker/model:Model", "m", {"primaryContainer": {"image": uri}}))


@pytest.mark.parametrize(
    ("uri", "state", "word"),
    [
        (f"468650794304.dkr.ecr.{REGION}.amazonaws.com/sagemaker-model-monitor-analyzer", "ok", "is published"),
        (
            f"999999999999.dkr.ecr.{REGION}.amazonaws.com/sagemaker-model-monitor-analyzer",
            "blocks",
            "not of the account",
        ),
        ("156813124566.dkr.ecr.us-east-1.amazonaws.com/sagemaker-model-monitor-analyzer", "blocks", "another region"),
        (f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/mlops/steps:1", "warns", "whether its tags can move"),
        (f"999999999999.dkr.ecr.{REGION}.amazonaws.com/x@sha256:{'0' * 64}", "warns", "neither this one nor"),
    ],
)
def test_an_image_is_of_the_right_account_and_region_and_cannot_move(uri, state, word):
    found = [each for each in image_findings(image(uri), config()) if word in each.title]
    assert [each.state for each in found] == [state]


def test_a_tag_of_a_repository_whose_tags_cannot_move_is_as_good_as_a_digest():
    graph = image(f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/mlops/steps:1")
    repository = node(
        "aws:ecr/repository:Repository",
        "r",
        {"imageTagMutability": "IMMUTABLE"},
    )
    repository.aws["name"] = "mlops/steps"
    graph.nodes[repository.urn] = repository
    assert [each.state for each in image_findings(graph, config())] == ["unknown"]
    repository.inputs["imageTagMutability"] = "MUTABLE"
    assert [each.state for each in image_findings(graph, config())] == ["unknown", "warns"]


def test_an_instance_type_is_offered_where_service_quotas_lists_it():
    graph = graph_of(node("aws:sagemaker/endpointConfiguration:EndpointConfiguration", "c", {"x": "ml.m5.large"}))
    assert [each.state for each in instance_findings(graph, config())] == ["unknown"]
    assert [each.state for each in instance_findings(graph, config(), frozenset({"ml.m5.large"}))] == ["ok"]
    assert [each.state for each in instance_findings(graph, config(), frozenset())] == ["warns"]


def identity(*actions, configured=True):
    document = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": list(actions), "Resource": "*"}]}
    return Identity(f"arn:aws:iam::{ACCOUNT}:role/d", (parse_policy(document),), None, REGION, configured)


def call(action, phase="create"):
    return Call(action, "*", "", phase, "urn")


def test_what_a_first_up_takes_and_delivery_may_not_blocks_once_delivery_is_configured():
    asked = [call("ec2:CreateVpc")]
    assert [found.state for found in permission_findings(asked, identity("s3:*"), {})] == ["blocks"]
    assert [found.state for found in permission_findings(asked, identity("s3:*", configured=False), {})] == ["warns"]
    for pattern in ("ec2:*", "*", "e*:CreateVpc", "EC2:createvpc"):
        assert [found.state for found in permission_findings(asked, identity(pattern), {})] == ["ok"], pattern


@pytest.mark.parametrize("phase", ["delete", "untag", "provider"])
def test_what_only_a_teardown_a_removed_tag_or_the_providers_reads_take_warns(phase):
    assert [found.state for found in permission_findings([call("ec2:CreateVpc", phase)], identity("s3:*"), {})] == [
        "warns"
    ]


def test_what_is_kept_for_operators_is_in_order():
    (found,) = permission_findings([call("cloudtrail:DeleteTrail", "delete")], identity("s3:*"), {})
    assert found.state == "ok"
    (found,) = permission_findings([call("cloudtrail:DeleteTrail", "create")], identity("s3:*"), {})
    assert found.state == "blocks"


class Clients:
    """Answers each call with what it is given, by operation; a code is raised as the service would."""

    def __init__(self, **answers):
        self.answers = answers

    def __call__(self, _service):
        return self

    def __getattr__(self, operation):
        def answer(**_params):
            found = self.answers.get(operation, "404")
            if isinstance(found, str):
                raise ClientError({"Error": {"Code": found, "Message": "no"}}, operation)
            return found

        return answer


def standing(answers, *nodes):
    told = Clients(get_caller_identity={"Account": ACCOUNT}, **answers)
    quiet = config(account_baseline="off")
    return [found for found in standing_findings(graph_of(*nodes), quiet, told, frozenset()) if found.state != "ok"]


def test_a_bucket_of_somebody_else_blocks_and_a_free_name_does_not():
    bucket = node(BUCKET, "b", {"bucket": "b"})
    assert standing({}, bucket) == []
    (found,) = standing({"head_bucket": "403"}, bucket)
    assert (found.state, found.title) == ("blocks", "bucket b is another account's: names of buckets are the world's")
    (found,) = standing({"head_bucket": {}}, bucket)
    assert found.title == "Bucket b is there already"
    told = Clients(get_caller_identity={"Account": ACCOUNT}, head_bucket={})
    ours = standing_findings(graph_of(bucket), config(account_baseline="off"), told, frozenset({bucket.urn}))
    assert {each.state for each in ours} == {"ok"}


def test_a_secret_that_is_being_deleted_still_takes_its_name():
    secret = node("aws:secretsmanager/secret:Secret", "s", {"name": "s"})
    (found,) = standing({"describe_secret": {"DeletedDate": "soon"}}, secret)
    assert (found.state, found.fix) == ("blocks", "restore it, or delete it without recovery")


def test_a_name_that_could_not_be_looked_up_is_unknown():
    (found,) = standing({"get_role": "AccessDenied"}, node(ROLE, "r", {"name": "r"}))
    assert (found.state, found.have) == ("unknown", "AccessDenied")


def test_credentials_of_another_account_block():
    told = Clients(get_caller_identity={"Account": "999999999999"})
    found = list(standing_findings(graph_of(), config(account_baseline="off"), told, frozenset()))
    assert (found[0].state, found[0].need, found[0].have) == ("blocks", ACCOUNT, "999999999999")


def test_planning_asks_no_account():
    with pytest.raises(RuntimeError, match="no account is asked"):
        NoAccount(ACCOUNT, REGION).client("s3")


def report(*findings):
    return PreflightReport("prod", ACCOUNT, REGION, "defaults", ordered(findings))


BLOCK = Finding("blocks", "quota", "b <i>|</i>", "urn:pulumi:p::m::c$aws:s3/bucket:Bucket::lake-raw", "2", "1", "ask")


def test_the_gravest_comes_first_and_each_once():
    found = ordered([Finding("ok", "account", "a", "w"), BLOCK, BLOCK, Finding("warns", "key", "k", "w")])
    assert [each.state for each in found] == ["blocks", "warns", "ok"]


def test_only_what_blocks_fails():
    assert report(Finding("warns", "key", "k", "w")).exit_code == 0
    assert report(BLOCK).exit_code == 1


def test_text_leaves_out_what_is_in_order_unless_it_is_asked_for():
    made = report(BLOCK, Finding("ok", "account", "fine", "w"))
    assert "fine" not in as_text(made, everything=False)
    assert "1 more were looked at" in as_text(made, everything=False)
    assert "fine" in as_text(made)
    assert as_text(made).startswith("prod: 1 thing would stop up\n")


def test_markdown_escapes_what_would_break_its_table():
    row = next(line for line in as_markdown(report(BLOCK)).splitlines() if line.startswith("| **BLOCKS**"))
    assert row == r"| **BLOCKS** | quota: b &lt;i>\|&lt;/i> | Bucket lake-raw | 2 | 1 | ask |"


def test_names_are_counted_beyond_the_first_few():
    assert named(["b", "a", "a"]) == "a, b"
    assert named("abcde") == "a, b, c and 2 more"


def test_a_place_is_a_type_and_a_name_or_the_path_itself():
    assert short(BLOCK.where) == "Bucket lake-raw"
    assert short("estate.prefix") == "estate.prefix"


def test_another_ending_is_refused():
    from pathlib import Path

    with pytest.raises(FaultsFound, match="says what to write"):
        check_form(Path("x.pdf"))


def test_json_has_the_form_that_is_documented():
    data = json.loads(json.dumps(report(BLOCK).as_dict()))
    assert {key: data[key] for key in ("format", "version", "ok", "summary")} == {
        "format": "mlops-estate/preflight", "version": 1, "ok": False,
        "summary": {"blocks": 1, "warns": 0, "unknown": 0, "ok": 0},
    }  # fmt: skip
    assert data["findings"][0] == replace(BLOCK).as_dict()
