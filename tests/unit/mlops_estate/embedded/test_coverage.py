"""Coverage: how the account stands behind each resource type."""

from __future__ import annotations

from mlops_estate.embedded.coverage import MEANING, as_data, as_markdown, coverage
from mlops_estate.engine import ReadBack
from mlops_estate.graph import ResourceGraph, ResourceNode

KEY, ATTACHED, PROVIDER = "aws:kms/key:Key", "aws:iam/rolePolicyAttachment:RolePolicyAttachment", "pulumi:providers:aws"
EMULATED = ReadBack("emulated", "moto", equal=True)
READ = [("p", ReadBack("declared", "", equal=True)), ("k2", EMULATED), ("k1", EMULATED),
        ("a", ReadBack("validated", "gap filler", equal=True))]  # fmt: skip


def rows():
    types = {"k1": KEY, "k2": KEY, "a": ATTACHED, "p": PROVIDER}
    nodes = {urn: ResourceNode(urn, type_, urn, True) for urn, type_ in types.items()}
    return coverage(ResourceGraph("p", "s", nodes=nodes), READ)


def test_there_is_a_row_for_each_type_in_alphabetical_order():
    assert [(row.type, row.count, row.backing, row.backend) for row in rows()] == [
        (ATTACHED, 1, "validated", "gap filler"), (KEY, 2, "emulated", "moto"), (PROVIDER, 1, "declared", ""),
    ]  # fmt: skip


def test_a_row_names_the_operations_and_what_no_read_shows():
    key = rows()[1]
    assert (key.create, key.read) == ("kms:CreateKey", "kms:DescribeKey")
    assert "Policy" in key.not_read
    assert (rows()[2].create, rows()[2].read) == ("", "")


def test_the_rows_are_json_data():
    import json

    assert json.loads(json.dumps(as_data(rows())))[1]["count"] == 2


def test_the_table_counts_and_explains_each_backing():
    text = as_markdown(rows())
    for backing, count in (("emulated", 2), ("validated", 1), ("declared", 1)):
        assert f"- **{backing}** ({count} resources): {MEANING[backing]}" in text
    assert "| `aws:kms/key:Key` | emulated | moto | kms:CreateKey | kms:DescribeKey | Policy, Tags" in text
    assert "| `pulumi:providers:aws` | declared | - | - | - | - |" in text
