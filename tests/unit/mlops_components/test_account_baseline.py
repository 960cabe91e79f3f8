"""Account baseline: settings made only where they are asked for."""

from __future__ import annotations

import pytest
from tests.support.components import ACCOUNT, arguments, deployed, faults, only


def test_all_four_blocks_of_public_access_are_set_for_the_account():
    made = only(deployed("AccountBaseline", arguments("AccountBaseline", "prod")), "it-public-access").inputs
    assert made.pop("accountId") == ACCOUNT
    assert made == dict.fromkeys(
        ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets"), True
    )


def test_new_volumes_are_encrypted():
    nodes = deployed("AccountBaseline", arguments("AccountBaseline", "prod"))
    assert only(nodes, "it-ebs").inputs["enabled"] is True
    assert nodes["mlops:index:AccountBaseline it"].outputs["created"] == ["s3_public_access_block", "ebs_encryption"]


@pytest.mark.parametrize("mode", ["existing", "off", None])
def test_a_setting_of_anothers_is_left_alone(mode):
    modes = dict.fromkeys(("s3_public_access_block", "ebs_encryption"), mode) if mode else {}
    nodes = deployed("AccountBaseline", {"account": ACCOUNT, **modes})
    assert [node for node in nodes.values() if node.custom] == []


def test_an_unknown_mode_and_a_wrong_account_are_refused_together():
    assert set(faults("AccountBaseline", account="1", ebs_encryption="on")) == {"account", "ebs_encryption"}
