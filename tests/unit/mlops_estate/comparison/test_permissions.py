"""Who can newly do what: policies compared by what they say, not by how they are written."""

from __future__ import annotations

import copy
import json
import random
import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.compared import ACCOUNT, OTHER, allow, compared, deny, document, graph, node, trust

from mlops_estate.comparison.permissions import permission_changes
from mlops_estate.comparison.permissions_patterns import contains, no_stricter, overlaps
from mlops_estate.engine.naming import named
from mlops_estate.graph import UNKNOWN, ResourceGraph, ResourceNode
from mlops_estate.graph_file import MASK

SAGEMAKER = {"Service": "sagemaker.amazonaws.com"}
OWN_ROLE = f"arn:aws:iam::{ACCOUNT}:role/other"
STOP = f"arn:aws:iam::{ACCOUNT}:policy/stop"
BUCKET = "arn:aws:s3:::data"


def role(name: str = "worker", statement: dict[str, Any] | None = None, **more: Any) -> ResourceNode:
    inputs = {"name": name, "assumeRolePolicy": document(statement or trust(SAGEMAKER)), **more}
    return node("aws:iam/role:Role", name, inputs)


def policy(*statements: dict[str, Any], role: str = "worker", name: str = "worker-policy") -> ResourceNode:
    return node("aws:iam/rolePolicy:RolePolicy", name, {"role": role, "policy": document(*statements)})


def of_role(*statements: dict[str, Any]) -> ResourceGraph:
    return graph(role(), policy(*statements))


def of_bucket(*statements: dict[str, Any]) -> ResourceGraph:
    bucket = node("aws:s3/bucket:Bucket", "data", {"bucket": "data"})
    return graph(
        bucket,
        role("other"),
        node("aws:s3/bucketPolicy:BucketPolicy", "data-policy", {"bucket": "data", "policy": document(*statements)}),
    )


def changes(before: ResourceGraph, after: ResourceGraph) -> dict[str, Any]:
    return permission_changes(compared(before, after))


def one(before: ResourceGraph, after: ResourceGraph, side: str = "granted") -> dict[str, Any]:
    found = changes(before, after)
    (entry,) = found[side]
    assert found["revoked" if side == "granted" else "granted"] == []
    assert found["undecided"] == []
    return entry


def nothing(before: ResourceGraph, after: ResourceGraph) -> bool:
    return changes(before, after) == {"granted": [], "revoked": [], "undecided": [], "unknown": []}


# What is no change


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ([allow("s3:GetObject")], [allow(["s3:GetObject"])]),
        ([allow("s3:GetObject")], [allow("S3:getobject")]),
        ([allow(["s3:GetObject", "s3:PutObject"])], [allow(["s3:PutObject", "s3:GetObject"])]),
        ([allow(["s3:GetObject", "s3:PutObject"])], [allow("s3:PutObject"), allow("s3:GetObject")]),
        ([allow("s3:Get*", ["a", "b"])], [allow("s3:Get*", "b"), allow("s3:Get*", "a"), allow("s3:GetObject", "a")]),
        ([allow("s3:*"), allow("s3:GetObject")], [allow("s3:*")]),
        ([allow("*")], [allow("*:*")]),
        ([deny("s3:*", Sid="A")], [deny(["s3:*"], Sid="B")]),
        (
            [allow("s3:*", Condition={"Bool": {"aws:SecureTransport": "true"}})],
            [allow("s3:*", Condition={"bool": {"AWS:SecureTransport": True}})],
        ),
        ([allow("s3:*", Condition={})], [allow("s3:*")]),
    ],
)
def test_how_a_policy_is_written_is_no_change(before, after):
    assert nothing(of_role(*before), of_role(*after))


def test_a_statement_that_moves_to_another_policy_of_the_role_is_no_change():
    first = graph(role(), policy(allow("s3:GetObject"), allow("s3:PutObject")))
    second = graph(role(), policy(allow("s3:GetObject")), policy(allow("s3:PutObject"), name="more"))
    assert nothing(first, second)


def test_a_document_that_becomes_data_instead_of_text_is_no_change():
    after = of_role(allow("s3:GetObject"))
    for each in after.nodes.values():
        if "policy" in each.inputs:
            each.inputs["policy"] = json.loads(each.inputs["policy"])
    assert nothing(of_role(allow("s3:GetObject")), after)


def test_an_account_is_the_same_by_its_id_and_by_its_root():
    by_root, by_id = (of_bucket(allow("s3:GetObject", f"{BUCKET}/*", Principal={"AWS": name}))
                      for name in (f"arn:aws:iam::{OTHER}:root", OTHER))  # fmt: skip
    assert nothing(by_root, by_id)


# What is called what it is


def test_a_widened_action_is_told_with_what_it_was():
    entry = one(of_role(allow("s3:GetObject", BUCKET)), of_role(allow("s3:*", BUCKET)))
    assert (entry["kind"], entry["was"], entry["actions"]) == ("action widened", "s3:GetObject", ["s3:*"])
    assert (entry["principal"], entry["resources"], entry["how"]) == ("worker", [BUCKET], "policy")
    assert (entry["severity"], entry["why"]) == ("danger", "it names every action of s3")
    assert entry["principal_urn"].endswith("::worker")
    assert entry["urn"].endswith("::worker-policy")


def test_a_widened_resource_is_told_with_what_it_was():
    entry = one(of_role(allow("s3:GetObject", f"{BUCKET}/a/*")), of_role(allow("s3:GetObject", f"{BUCKET}/*")))
    assert (entry["kind"], entry["was"], entry["resources"]) == ("resource widened", f"{BUCKET}/a/*", [f"{BUCKET}/*"])
    assert entry["severity"] == "notice"


def test_what_a_wider_allow_covers_is_no_new_grant():
    before = of_role(allow("s3:*", "arn:aws:s3:::*"))
    after = of_role(allow("s3:*", "arn:aws:s3:::*"), allow("s3:PutObject", f"{BUCKET}/*"))
    assert nothing(before, after)


def test_a_dropped_condition_is_told():
    condition = {"StringEquals": {"aws:SourceVpce": "vpce-1"}}
    entry = one(of_role(allow("s3:PutObject", BUCKET, Condition=condition)), of_role(allow("s3:PutObject", BUCKET)))
    assert (entry["kind"], entry["severity"]) == ("condition dropped", "warning")
    assert entry["was"] == "aws:sourcevpce stringequals vpce-1"
    assert entry["conditions"] == ""


def test_a_loosened_condition_is_told_and_a_tightened_one_revokes():
    strict = of_role(allow("s3:GetObject", BUCKET, Condition={"StringEquals": {"aws:SourceVpce": "vpce-1"}}))
    loose = of_role(allow("s3:GetObject", BUCKET, Condition={"StringLike": {"aws:SourceVpce": ["vpce-1", "vpce-2*"]}}))
    assert one(strict, loose)["kind"] == "condition dropped"
    assert one(loose, strict, "revoked")["kind"] == "condition added"


def test_another_condition_is_a_grant_and_a_revocation():
    one_way = of_role(allow("s3:GetObject", BUCKET, Condition={"StringEquals": {"aws:SourceVpce": "vpce-1"}}))
    other = of_role(allow("s3:GetObject", BUCKET, Condition={"StringEquals": {"aws:SourceVpce": "vpce-2"}}))
    found = changes(one_way, other)
    assert [entry["kind"] for entry in (*found["granted"], *found["revoked"])] == ["condition changed"] * 2


def test_a_dropped_denial_is_told():
    both = of_role(allow("s3:*", BUCKET), deny("s3:DeleteObject", BUCKET))
    entry = one(both, of_role(allow("s3:*", BUCKET)))
    assert (entry["kind"], entry["severity"], entry["actions"]) == ("denial dropped", "danger", ["s3:DeleteObject"])
    assert one(of_role(allow("s3:*", BUCKET)), both, "revoked")["kind"] == "denial added"


def test_a_denial_of_what_no_policy_allows_weighs_less():
    entry = one(of_role(allow("sqs:*", "q"), deny("s3:*", "x")), of_role(allow("sqs:*", "q")))
    assert (entry["kind"], entry["severity"]) == ("denial dropped", "warning")


def test_a_narrowed_denial_is_told():
    before, after = (of_role(allow("s3:*"), deny("s3:*", where)) for where in ("arn:aws:s3:::*", BUCKET))
    assert one(before, after)["kind"] == "denial dropped"
    assert nothing(of_role(allow("s3:*"), deny(["s3:Get*", "s3:*"])), of_role(allow("s3:*"), deny("s3:*")))


def test_an_allow_that_a_denial_undoes_is_no_grant():
    denied = deny("iam:*")
    assert nothing(of_role(denied), of_role(denied, allow("iam:PutRolePolicy", "*")))
    conditional = deny("iam:*", Condition={"Bool": {"aws:MultiFactorAuthPresent": "false"}})
    assert one(of_role(conditional), of_role(conditional, allow("iam:PutRolePolicy", "*")))["severity"] == "danger"


def test_everything_but_a_few_actions_is_told_as_such():
    entry = one(
        of_role(allow("s3:GetObject")),
        graph(role(), policy({"Effect": "Allow", "NotAction": ["iam:*"], "Resource": "*"})),
    )
    assert (entry["severity"], entry["actions"]) == ("danger", ["all but iam:*"])
    assert entry["kind"] == "action widened"


def test_fewer_exceptions_widen_and_more_narrow():
    few, more = (graph(role(), policy({"Effect": "Allow", "NotAction": names, "Resource": "*"}))
                 for names in (["iam:*"], ["iam:*", "kms:*"]))  # fmt: skip
    assert len(changes(more, few)["granted"]) == 1
    assert changes(few, more)["granted"] == []
    assert nothing(few, graph(role(), policy({"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"},
                                             allow("s3:*"))))  # fmt: skip


def test_a_removed_boundary_is_told():
    bound = node("aws:iam/policy:Policy", "bound", {"name": "bound", "policy": document(allow("s3:*"))},
                 outputs={"arn": "arn:aws:iam::123456789012:policy/bound"})  # fmt: skip
    bounded = graph(role(permissionsBoundary="arn:aws:iam::123456789012:policy/bound"), bound)
    free = graph(role(), bound)
    entry = one(bounded, free)
    assert (entry["kind"], entry["severity"], entry["principal"]) == ("boundary removed", "danger", "worker")
    assert one(free, bounded, "revoked")["kind"] == "boundary added"


def test_a_widened_boundary_is_told():
    def bounded(*statements: dict[str, Any]) -> ResourceGraph:
        bound = node("aws:iam/policy:Policy", "bound", {"name": "bound", "policy": document(*statements)})
        holder = role(permissionsBoundary=UNKNOWN)
        holder.property_dependencies = {"permissionsBoundary": [bound.urn]}
        return graph(bound, holder, policy(allow("*")))

    entry = one(bounded(allow("s3:Get*")), bounded(allow("s3:*")))
    assert (entry["kind"], entry["actions"], entry["severity"]) == ("boundary widened", ["s3:*"], "danger")
    assert one(bounded(allow("*"), deny("iam:*")), bounded(allow("*")))["kind"] == "denial dropped"


def test_a_grant_that_the_boundary_leaves_out_is_a_notice():
    bound = node("aws:iam/policy:Policy", "bound", {"name": "bound", "policy": document(allow("s3:*"))},
                 outputs={"arn": "arn:aws:iam::123456789012:policy/bound"})  # fmt: skip
    holder = role(permissionsBoundary="arn:aws:iam::123456789012:policy/bound")
    entry = one(graph(bound, holder), graph(bound, holder, policy(allow("iam:PutRolePolicy"))))
    assert (entry["severity"], "boundary doesn't allow it" in entry["why"]) == ("notice", True)
    reached = one(graph(bound, holder), graph(bound, holder, policy(allow("s3:PutBucketPolicy"))))
    assert reached["severity"] == "danger"


def test_managed_policies_are_read_where_they_are_attached():
    managed = node("aws:iam/policy:Policy", "shared", {"name": "shared", "policy": document(allow("sqs:*"))})
    kind, inputs = "aws:iam/rolePolicyAttachment:RolePolicyAttachment", {"role": "worker", "policyArn": UNKNOWN}
    attachment = node(kind, "a", inputs, property_dependencies={"policyArn": [managed.urn]})
    entry = one(graph(role(), managed), graph(role(), managed, attachment))
    assert (entry["principal"], entry["actions"], entry["kind"]) == ("worker", ["sqs:*"], "new")


@pytest.mark.parametrize(
    ("name", "severity"),
    [("AdministratorAccess", "danger"), ("AmazonSageMakerFullAccess", "danger"), ("ReadOnlyAccess", "notice"),
     ("SecretsManagerReadWrite", "warning")],
)  # fmt: skip
def test_a_managed_policy_of_aws_is_judged_by_its_name(name, severity):
    arn = f"arn:aws:iam::aws:policy/{name}"
    entry = one(graph(role()), graph(role(managedPolicyArns=[arn])))
    assert (entry["kind"], entry["severity"], entry["actions"]) == ("managed policy attached", severity, [arn])


def test_inline_policies_and_those_of_aws_native_are_read():
    inline = [{"name": "p", "policy": document(allow("s3:*"))}]
    assert one(graph(role()), graph(role(inlinePolicies=inline)))["actions"] == ["s3:*"]

    def native(action: str) -> ResourceGraph:
        body = {"Version": "2012-10-17", "Statement": [allow(action)]}
        inputs = {"roleName": "worker", "policyName": "p", "policyDocument": body}
        return graph(role(), node("aws-native:iam:RolePolicy", "p", inputs))

    assert one(native("s3:GetObject"), native("s3:Get*"))["kind"] == "action widened"


# Whom


@pytest.mark.parametrize(
    ("principal", "severity"),
    [
        ({"AWS": f"arn:aws:iam::{OTHER}:role/x"}, "danger"),
        ({"AWS": OTHER}, "danger"),
        ("*", "danger"),
        ({"Federated": "token.actions.githubusercontent.com"}, "danger"),
        ({"AWS": OWN_ROLE}, "warning"),
        ({"Service": "lambda.amazonaws.com"}, "warning"),
    ],
)
def test_a_new_principal_of_a_trust_policy_is_told(principal, severity):
    before = graph(role())
    both = document(trust(SAGEMAKER), trust(principal))
    after = graph(role(assumeRolePolicy=both))
    entry = one(before, after)
    assert (entry["how"], entry["kind"], entry["severity"]) == ("trust", "principal added", severity)
    assert entry["resources"] == ["worker"]


def test_a_role_of_the_account_that_is_trusted_already_is_no_new_trust():
    before = graph(role(statement=trust({"AWS": f"arn:aws:iam::{ACCOUNT}:root"})))
    after = graph(role(statement=trust({"AWS": OWN_ROLE})))
    found = changes(before, after)
    assert (found["granted"], len(found["revoked"])) == ([], 1)


def test_a_resource_policy_that_names_a_role_directly_is_a_grant_beside_its_account():
    account = allow("s3:GetObject", f"{BUCKET}/*", Principal={"AWS": f"arn:aws:iam::{ACCOUNT}:root"})
    named = allow("s3:GetObject", f"{BUCKET}/*", Principal={"AWS": OWN_ROLE})
    entry = one(of_bucket(account), of_bucket(account, named))
    assert (entry["how"], entry["principal"]) == ("resource policy", OWN_ROLE)
    assert entry["principal_urn"].endswith("::other")


def test_a_bucket_that_is_opened_to_everybody_is_a_danger_unless_a_condition_limits_it():
    everybody = allow("s3:GetObject", f"{BUCKET}/*", Principal="*")
    entry = one(of_bucket(), of_bucket(everybody))
    assert (entry["principal"], entry["severity"]) == ("everybody", "danger")
    limited = allow("s3:GetObject", f"{BUCKET}/*", Principal="*",
                    Condition={"StringEquals": {"aws:SourceVpce": "vpce-1"}})  # fmt: skip
    assert one(of_bucket(), of_bucket(limited))["severity"] == "notice"


def test_a_bucket_policy_that_goes_takes_its_denials_with_it():
    plain = deny("s3:*", f"{BUCKET}/*", Principal="*", Condition={"Bool": {"aws:SecureTransport": "false"}})
    before = of_bucket(plain)
    after = of_bucket(plain)
    del after.nodes["urn:pulumi:prod::mlops-estate::aws:s3/bucketPolicy:BucketPolicy::data-policy"]
    entry = one(before, after)
    assert (entry["kind"], entry["severity"]) == ("denial dropped", "danger")


def test_a_bucket_that_goes_with_its_policy_grants_nothing():
    before = of_bucket(deny("s3:*", f"{BUCKET}/*", Principal="*"))
    assert changes(before, graph(role("other")))["granted"] == []


def test_policies_of_keys_topics_and_permissions_of_functions_are_read():
    def key(*statements: dict[str, Any]) -> ResourceGraph:
        return graph(node("aws:kms/key:Key", "key", {"policy": document(*statements)}))

    root = allow("kms:*", Principal={"AWS": ACCOUNT})
    entry = one(key(root), key(root, allow("kms:Decrypt", Principal={"AWS": OTHER})))
    assert (entry["severity"], entry["resources"]) == ("danger", ["key"])

    def topic(*statements: dict[str, Any]) -> ResourceGraph:
        made = node("aws:sns/topic:Topic", "alerts", {"name": "alerts"})
        inputs = {"arn": UNKNOWN, "policy": document(*statements)}
        return graph(
            made, node("aws:sns/topicPolicy:TopicPolicy", "p", inputs, property_dependencies={"arn": [made.urn]})
        )

    entry = one(topic(), topic(allow("sns:Publish", Principal={"Service": "events.amazonaws.com"})))
    assert (entry["principal"], entry["resources"], entry["severity"]) == (
        "events.amazonaws.com",
        ["alerts"],
        "warning",
    )

    def function(**more: Any) -> ResourceGraph:
        inputs = {"action": "lambda:InvokeFunction", "function": "f", "principal": "s3.amazonaws.com", **more}
        return graph(node("aws:lambda/function:Function", "f", {"name": "f"}),
                     node("aws:lambda/permission:Permission", "p", inputs))  # fmt: skip

    entry = one(function(sourceAccount=ACCOUNT), function())
    assert (entry["kind"], entry["principal"]) == ("condition dropped", "s3.amazonaws.com")
    assert entry["resources"] == ["f"]


def test_keys_of_one_name_in_two_components_are_two():
    def estate(*documents: str) -> ResourceGraph:
        made = graph()
        for place, text in enumerate(documents):
            key = node("aws:kms/key:Key", "key", {"policy": text})
            key.urn = key.urn.replace("aws:kms", f"mlops:index:Keys{place}$aws:kms")
            made.nodes[key.urn] = key
        return made

    wide, narrow = (document(allow(action, Principal={"AWS": ACCOUNT})) for action in ("kms:*", "kms:Decrypt"))
    entry = one(estate(wide, narrow), estate(wide, wide))
    assert (entry["kind"], entry["urn"].rpartition("::")[0][-27:]) == ("action widened", "index:Keys1$aws:kms/key:Key")


def test_a_network_endpoint_without_a_policy_lets_everything_pass():
    limited = allow("*", Principal="*", Condition={"StringEquals": {"aws:PrincipalAccount": ACCOUNT}})
    before = graph(node("aws:ec2/vpcEndpoint:VpcEndpoint", "s3", {"policy": document(limited)}))
    entry = one(before, graph(node("aws:ec2/vpcEndpoint:VpcEndpoint", "s3", {})))
    assert (entry["kind"], entry["severity"]) == ("condition dropped", "warning")


# How grave


@pytest.mark.parametrize(
    ("statement", "severity"),
    [
        (allow("*"), "danger"),
        (allow("sqs:*", "q"), "danger"),
        (allow("iam:PassRole", "arn:aws:iam::123456789012:role/ml-*"), "danger"),
        (allow("iam:PassRole", OWN_ROLE), "warning"),
        (allow("iam:PutRolePolicy", OWN_ROLE), "danger"),
        (allow("iam:Create*", OWN_ROLE), "danger"),
        (allow("iam:UpdateAssumeRolePolicy", OWN_ROLE), "danger"),
        (allow("iam:AttachRolePolicy", OWN_ROLE, Condition={"ArnEquals": {"iam:PolicyARN": STOP}}), "warning"),
        (allow("iam:AttachRolePolicy", OWN_ROLE, Condition={"ArnLike": {"iam:PolicyARN": f"{STOP}*"}}), "danger"),
        (allow("iam:AttachRolePolicy", OWN_ROLE, Condition={"ArnNotEquals": {"iam:PolicyARN": STOP}}), "danger"),
        (allow("kms:ScheduleKeyDeletion", "k"), "danger"),
        (allow("kms:CreateGrant", "k"), "danger"),
        (allow("kms:CreateGrant", "k", Condition={"Bool": {"kms:GrantIsForAWSResource": "true"}}), "warning"),
        (allow("s3:PutBucketPolicy", BUCKET), "danger"),
        (allow("lambda:UpdateFunctionCode", "*"), "danger"),
        (allow("lambda:UpdateFunctionCode", "arn:aws:lambda:eu-west-1:123456789012:function:f"), "warning"),
        (allow("kms:Decrypt", "k"), "warning"),
        (allow("secretsmanager:GetSecretValue", "s"), "warning"),
        (allow("s3:PutObject", BUCKET), "warning"),
        (allow("sagemaker:CreateEndpoint", "e"), "warning"),
        (allow("s3:GetObject", BUCKET), "notice"),
        (allow("s3:Get*", BUCKET), "notice"),
        (allow("logs:DescribeLogStreams", "*"), "notice"),
        (allow("s3:G*", BUCKET), "warning"),
        ({"Effect": "Allow", "Action": "sqs:SendMessage", "NotResource": "q"}, "danger"),
    ],
)
def test_a_new_grant_is_as_grave_as_what_it_allows(statement, severity):
    assert one(graph(role(), policy()), of_role(statement))["severity"] == severity


def test_several_actions_and_resources_that_are_new_alike_are_one_entry():
    entry = one(of_role(), of_role(allow(["s3:GetObject", "s3:ListBucket"], ["a", "b"])))
    assert (entry["actions"], entry["resources"]) == (["s3:GetObject", "s3:ListBucket"], ["a", "b"])


def test_the_gravest_come_first():
    found = changes(of_role(), of_role(allow("s3:GetObject"), allow("s3:PutObject"), allow("iam:*")))["granted"]
    assert [entry["severity"] for entry in found] == ["danger", "warning", "notice"]


# What can't be told


def test_a_document_that_is_unknown_on_both_sides_is_told_as_unknown():
    hidden = graph(role(), node("aws:iam/rolePolicy:RolePolicy", "p", {"role": "worker", "policy": UNKNOWN}))
    found = changes(hidden, copy.deepcopy(hidden))
    assert [urn.rpartition("::")[2] for urn in found["unknown"]] == ["p"]
    assert (found["granted"], found["revoked"], found["undecided"]) == ([], [], [])


@pytest.mark.parametrize("hidden", [UNKNOWN, MASK])
def test_a_document_that_becomes_unknown_is_undecided_and_revokes_nothing_silently(hidden):
    after = graph(role(), node("aws:iam/rolePolicy:RolePolicy", "worker-policy", {"role": "worker", "policy": hidden}))
    found = changes(of_role(allow("s3:GetObject")), after)
    assert found["undecided"] == [
        {"urn": "urn:pulumi:prod::mlops-estate::aws:iam/rolePolicy:RolePolicy::worker-policy",
         "why": "the document is unknown after the change"}
    ]  # fmt: skip
    assert found["granted"] == []


def test_what_a_document_says_that_was_unknown_is_no_grant_and_no_revocation():
    hidden = graph(
        role(), node("aws:iam/rolePolicy:RolePolicy", "worker-policy", {"role": "worker", "policy": UNKNOWN})
    )
    known = of_role(allow("s3:*"), deny("iam:*"))
    for found in (changes(hidden, known), changes(known, hidden)):
        assert (found["granted"], found["revoked"], len(found["undecided"])) == ([], [], 1)


def test_unknown_parts_are_compared_as_symbols():
    key = node("aws:kms/key:Key", "key", {})

    def using(action: str) -> ResourceGraph:
        it = policy(allow(action, UNKNOWN))
        it.property_dependencies = {"policy": [key.urn]}
        return graph(key, role(), it)

    assert nothing(using("kms:Encrypt"), using("kms:Encrypt"))
    found = changes(using("kms:Encrypt"), using("kms:Decrypt"))
    assert [entry["resources"] for entry in (*found["granted"], *found["revoked"])] == [["${key}"]] * 2


def test_unknown_parts_with_names_are_told_apart():
    def using(key: str, action: str = "kms:Decrypt") -> ResourceGraph:
        return of_role(allow(action, f"arn:aws:kms:eu-west-1:{ACCOUNT}:key/{named(key)}"))

    assert nothing(using("one"), using("one"))
    assert one(using("one"), using("one", "kms:*"))["was"] == "kms:Decrypt"
    other = changes(using("one"), using("two"))
    assert other["granted"][0]["resources"] == [f"arn:aws:kms:eu-west-1:{ACCOUNT}:key/${{two}}"]


def test_a_document_with_a_name_for_the_whole_of_it_is_unknown():
    whole = {"role": "worker", "policy": named("elsewhere", "json")}
    after = graph(role(), node("aws:iam/rolePolicy:RolePolicy", "worker-policy", whole))
    found = changes(of_role(allow("s3:GetObject")), after)
    assert (found["granted"], found["revoked"]) == ([], [])
    assert [item["why"] for item in found["undecided"]] == ["the document is unknown after the change"]


def test_an_unknown_part_that_comes_from_elsewhere_is_no_silent_change():
    keys = [node("aws:kms/key:Key", name, {}) for name in ("one", "two")]

    def using(*names: str) -> ResourceGraph:
        it = policy(allow("kms:Decrypt", UNKNOWN))
        it.property_dependencies = {"policy": [key.urn for key in keys if key.name in names]}
        return graph(*keys, role(), it)

    assert changes(using("one"), using("two"))["granted"][0]["resources"] == ["${two}"]
    assert "two" in changes(using("one"), using("one", "two"))["undecided"][0]["why"]


@pytest.mark.parametrize(
    "broken",
    ["{no json", json.dumps({"Statement": [UNKNOWN]}), json.dumps({"Statement": UNKNOWN}),
     json.dumps({"Statement": [{"Effect": "Allow", "Action": UNKNOWN, "Resource": "*"}]}),
     json.dumps({"Statement": ["text"]})],
)  # fmt: skip
def test_a_document_that_can_not_be_read_is_undecided(broken):
    after = graph(role(), node("aws:iam/rolePolicy:RolePolicy", "worker-policy", {"role": "worker", "policy": broken}))
    found = changes(of_role(allow("s3:GetObject")), after)
    assert len(found["undecided"]) == 1


def test_whom_a_policy_is_for_may_be_unknown():
    loose = node("aws:iam/rolePolicy:RolePolicy", "p", {"role": UNKNOWN, "policy": document(allow("s3:*"))},
                 property_dependencies={"role": []})  # fmt: skip
    found = changes(graph(role()), graph(role(), loose))
    assert "unknown until the update" in found["undecided"][0]["why"]


def test_another_account_is_no_new_grant_of_everything():
    def estate(account: str) -> ResourceGraph:
        arn = f"arn:aws:iam::{account}:root"
        return graph(role(statement=trust({"AWS": arn})), policy(allow("s3:*", f"arn:aws:s3:::data-{account}/*")),
                     account=account)  # fmt: skip

    assert nothing(estate(ACCOUNT), estate(OTHER))


def test_the_estates_account_is_known_from_its_provider_where_it_exports_none():
    def estate(*statements: dict[str, Any]) -> ResourceGraph:
        pin = node("pulumi:providers:aws", "aws", {"allowedAccountIds": json.dumps([ACCOUNT]), "region": "eu-west-1"})
        made = graph(pin, role(assumeRolePolicy=document(trust(SAGEMAKER), *statements)))
        made.stack_outputs = {}
        return made

    assert one(estate(), estate(trust({"AWS": OWN_ROLE})))["severity"] == "warning"
    assert one(estate(), estate(trust({"AWS": OTHER})))["severity"] == "danger"


# Properties, over wide inputs

ACTIONS = st.sampled_from(["*", "s3:*", "s3:Get*", "s3:GetObject", "s3:PutObject", "kms:Decrypt", "iam:PassRole",
                           "S3:getobject", "sqs:Send?essage"])  # fmt: skip
RESOURCES = st.sampled_from(["*", "arn:aws:s3:::data/*", "arn:aws:s3:::data/a/*", "arn:aws:s3:::data", "arn:aws:kms:x"])
CONDITIONS = st.sampled_from([
    {}, {"StringEquals": {"aws:SourceVpce": ["a"]}}, {"StringEquals": {"aws:SourceVpce": ["a", "b"]}},
    {"StringLike": {"aws:SourceVpce": "*"}}, {"Bool": {"aws:SecureTransport": "true"}},
    {"StringNotEquals": {"aws:SourceVpce": ["a"]}},
])  # fmt: skip
PRINCIPALS = st.sampled_from(["*", {"AWS": ACCOUNT}, {"AWS": OTHER}, {"AWS": [OWN_ROLE, OTHER]}, SAGEMAKER])
STATEMENTS = st.builds(
    lambda effect, actions, resources, condition, negated: {
        "Effect": effect, "NotAction" if negated else "Action": actions, "Resource": resources, "Condition": condition,
    },
    st.sampled_from(["Allow", "Allow", "Deny"]),
    st.lists(ACTIONS, min_size=1, max_size=3),
    st.lists(RESOURCES, min_size=1, max_size=2),
    CONDITIONS,
    st.sampled_from([False, False, False, True]),
)  # fmt: skip
DOCUMENTS = st.lists(STATEMENTS, max_size=4)


def both(statements: list[dict[str, Any]], principal: Any) -> ResourceGraph:
    """Return a graph in which a role's policy and a bucket's say the same."""
    named = [{**each, "Principal": principal} for each in statements]
    identity, resource = of_role(*statements), of_bucket(*named)
    return graph(*identity.nodes.values(), *resource.nodes.values())


def rewritten(statements: list[dict[str, Any]], seed: int) -> list[dict[str, Any]]:
    """Return the same policy in another order, with statements split, actions as text or list, and other case."""
    chance = random.Random(seed)
    made = []
    for each in statements:
        element = "NotAction" if "NotAction" in each else "Action"
        actions = [chance.choice([str.upper, str.lower, str])(text) for text in each[element]]
        chance.shuffle(actions)
        resources = list(each["Resource"])
        chance.shuffle(resources)
        parts = [[one] for one in actions] if element == "Action" and chance.random() < 0.5 else [actions]
        for part in parts:
            text = part[0] if len(part) == 1 and chance.random() < 0.5 else part
            made.append({**each, element: text, "Resource": resources, "Sid": f"S{chance.random()}"})
    chance.shuffle(made)
    return made


@settings(max_examples=80, deadline=None)
@given(DOCUMENTS, PRINCIPALS, st.integers(0, 1000))
def test_any_rewriting_of_a_policy_is_no_change(statements, principal, seed):
    assert nothing(both(statements, principal), both(rewritten(statements, seed), principal))


@settings(max_examples=80, deadline=None)
@given(DOCUMENTS, DOCUMENTS, PRINCIPALS, PRINCIPALS)
def test_what_one_direction_grants_the_other_revokes(first, second, one_principal, other_principal):
    before, after = both(first, one_principal), both(second, other_principal)
    forth, back = changes(before, after), changes(after, before)

    def bare(entries: list[dict[str, Any]]) -> list[dict[str, Any]]:
        return sorted(({key: value for key, value in entry.items() if key != "kind"} for entry in entries), key=str)

    assert bare(forth["revoked"]) == bare(back["granted"])
    assert bare(forth["granted"]) == bare(back["revoked"])


@settings(max_examples=80, deadline=None)
@given(DOCUMENTS, st.integers(0, 3))
def test_a_policy_with_an_allow_more_revokes_nothing(statements, place):
    more = [*statements[:place], allow("dynamodb:GetItem", "table"), *statements[place:]]
    found = changes(of_role(*statements), of_role(*more))
    assert found["revoked"] == []


@settings(max_examples=300)
@given(st.text("ab*?", max_size=5), st.text("ab*?", max_size=5), st.text("ab", max_size=6))
def test_a_pattern_that_contains_another_matches_all_that_it_matches(wide, narrow, text):
    def matches(pattern: str) -> bool:
        return re.fullmatch(pattern.replace("*", ".*").replace("?", "."), text) is not None

    if contains(wide, narrow) and matches(narrow):
        assert matches(wide)
    if matches(wide) and matches(narrow):
        assert overlaps(wide, narrow)


@pytest.mark.parametrize(
    ("wide", "narrow", "holds"),
    [("*", "s3:*", True), ("s3:*", "*", False), ("s3:Get*", "s3:GetObject", True), ("s3:GetObject", "s3:Get*", False),
     ("*Object", "s3:*Object", True), ("a*b*", "a*b", True), ("a?", "a*", False), ("?*", "*?", True),
     ("a*", "a?*", True), ("abc", "abc", True), ("ab", "abc", False)],
)  # fmt: skip
def test_containment_of_patterns(wide, narrow, holds):
    assert contains(wide, narrow) is holds


@pytest.mark.parametrize(
    ("wide", "narrow", "holds"),
    [
        ((), (("stringequals", "k", ("a",)),), True),
        ((("stringequals", "k", ("a",)),), (), False),
        ((("stringequals", "k", ("a", "b")),), (("stringequals", "k", ("a",)),), True),
        ((("stringequals", "k", ("a",)),), (("stringequals", "k", ("a", "b")),), False),
        ((("stringlike", "k", ("a*",)),), (("stringequals", "k", ("ab",)),), True),
        ((("stringequals", "k", ("a*",)),), (("stringlike", "k", ("a*",)),), False),
        ((("stringnotequals", "k", ("a",)),), (("stringnotequals", "k", ("a", "b")),), True),
        ((("stringnotequals", "k", ("a", "b")),), (("stringnotequals", "k", ("a",)),), False),
        ((("stringequalsifexists", "k", ("a",)),), (("stringequals", "k", ("a",)),), True),
        ((("stringequals", "k", ("a",)),), (("stringequalsifexists", "k", ("a",)),), False),
        ((("ipaddress", "k", ("10.0.0.0/8",)),), (("ipaddress", "k", ("10.1.0.0/16",)),), True),
        ((("ipaddress", "k", ("10.1.0.0/16",)),), (("ipaddress", "k", ("10.0.0.0/8",)),), False),
        ((("stringequals", "k", ("a",)),), (("stringequals", "other", ("a",)),), False),
        ((("foranyvalue:stringequals", "k", ("a",)),), (("stringequals", "k", ("a",)),), False),
        ((("bool", "k", ("true",)),), (("bool", "k", ("false",)),), False),
    ],
)
def test_which_condition_is_no_stricter(wide, narrow, holds):
    assert no_stricter(wide, narrow) is holds
