"""Image repository: immutable, scanned, encrypted, and pulled from by whom it is shared with."""

from __future__ import annotations

import json

import pytest
from tests.support.components import OTHER_ACCOUNT, arguments, deployed, faults, key, only, scenarios, statements


@pytest.mark.parametrize("environment", ["dev", "prod"])
def test_tags_are_immutable_pushes_scanned_and_images_encrypted_with_the_models_key(environment):
    made = only(deployed("ImageRepository", arguments("ImageRepository", environment)), "Repository it").inputs
    assert made["imageTagMutability"] == "IMMUTABLE"
    assert made["imageScanningConfiguration"] == {"scanOnPush": True}
    assert made["encryptionConfigurations"] == [{"encryptionType": "KMS", "kmsKey": key("models")}]


def test_only_images_without_a_tag_are_ever_dropped():
    nodes = deployed("ImageRepository", arguments("ImageRepository", "prod"))
    (rule,) = json.loads(only(nodes, "it-lifecycle").inputs["policy"])["rules"]
    assert rule["selection"] == {
        "tagStatus": "untagged", "countType": "sinceImagePushed", "countUnit": "days", "countNumber": 30,
    }  # fmt: skip


def test_a_repository_that_nobody_shares_has_no_policy_of_its_own():
    alone = deployed("ImageRepository", arguments("ImageRepository", "dev"))
    assert not [tail for tail in alone if "RepositoryPolicy" in tail]
    shared = only(deployed("ImageRepository", arguments("ImageRepository", "prod")), "it-accounts").inputs
    assert statements(shared["policy"])["PullByDeployingAccounts"]["Principal"] == {
        "AWS": [f"arn:aws:iam::{OTHER_ACCOUNT}:root"]
    }


def test_elsewhere_nothing_is_made_and_the_outputs_refer_to_the_repository():
    (component,) = deployed("ImageRepository", scenarios("ImageRepository")["elsewhere"]).values()
    assert component.outputs == {
        "repository_url": f"{OTHER_ACCOUNT}.dkr.ecr.eu-west-1.amazonaws.com/mlops/training",
        "repository_arn": f"arn:aws:ecr:eu-west-1:{OTHER_ACCOUNT}:repository/mlops/training",
    }


def test_only_dev_deletes_images_with_their_repository():
    for environment, forced in (("dev", True), ("prod", False)):
        made = only(deployed("ImageRepository", arguments("ImageRepository", environment)), "Repository it")
        assert (made.inputs["forceDelete"], made.protect) == (forced, not forced)


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"repository_name": "Mlops/Training"}, "repository_name"),
        ({"repository_name": "a" * 257}, "repository_name"),
        ({"untagged_days": 0}, "untagged_days"),
        ({"key_arn": "alias/models"}, "key_arn"),
        ({"registry_account": "1"}, "registry_account"),
    ],
)
def test_bad_arguments_are_refused_before_anything_is_registered(changes, path):
    assert set(faults("ImageRepository", **changes)) == {path}
