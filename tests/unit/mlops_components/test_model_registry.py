"""Model registry: made in its own account, referred to from every other."""

from __future__ import annotations

import pytest
from tests.support.components import (
    GROUP_ARN,
    OTHER_ACCOUNT,
    arguments,
    deployed,
    faults,
    only,
    scenarios,
)

from mlops_components.model_registry import package_arn

PACKAGES = GROUP_ARN.replace("model-package-group", "model-package") + "/*"


def test_elsewhere_nothing_is_made_and_the_outputs_refer_to_the_group():
    (component,) = deployed("ModelRegistry", scenarios("ModelRegistry")["elsewhere"]).values()
    assert component.outputs == {
        "group_name": "mlops-mortgage-approval",
        "group_arn": f"arn:aws:sagemaker:eu-west-1:{OTHER_ACCOUNT}:model-package-group/mlops-mortgage-approval",
    }


def test_lineage_stands_in_the_groups_tags():
    group = only(deployed("ModelRegistry", arguments("ModelRegistry", "prod")), "ModelPackageGroup it").inputs
    assert group["tags"] == {"dataset": "hmda-boston", "label": "deny"}


def test_without_other_accounts_there_is_no_policy():
    assert not [tail for tail in deployed("ModelRegistry", arguments("ModelRegistry", "dev")) if "Policy" in tail]


def test_a_version_has_an_arn_below_its_group():
    assert package_arn(GROUP_ARN, 3) == PACKAGES.replace("*", "3")


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"group_name": "mlops_mortgage"}, "group_name"),
        ({"group_name": "m" * 64}, "group_name"),
        ({"description": "d" * 1025}, "description"),
        ({"registry_account": None}, "registry_account"),
        ({"reader_account_ids": ["12"]}, "reader_account_ids[0]"),
        ({"lineage_tags": {"a": 1}}, "lineage_tags"),
    ],
)
def test_bad_arguments_are_refused_before_anything_is_registered(changes, path):
    assert set(faults("ModelRegistry", **changes)) == {path}
