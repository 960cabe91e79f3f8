"""Instance types: families, accelerators, and where SageMaker takes no volume key."""

from __future__ import annotations

import pytest

from mlops_policies.instances import family, has_local_storage_only, is_accelerated


@pytest.mark.parametrize(
    ("instance_type", "name"),
    [("ml.g5.xlarge", "g5"), ("ml.p6-b200.48xlarge", "p6-b200"), ("ml.c7i-flex.large", "c7i-flex"), ("g5.xlarge", "")],
)
def test_the_family_is_the_middle_of_a_type(instance_type, name):
    assert family(instance_type) == name


@pytest.mark.parametrize("name", ["g5", "g7e", "p5", "p6-b200", "trn2", "dl1", "m5d", "i4i"])
def test_families_with_local_storage_take_no_volume_key(name):
    assert has_local_storage_only(f"ml.{name}.xlarge")


@pytest.mark.parametrize("name", ["m5", "p3", "inf1", "inf2", "c7i-flex"])
def test_families_with_volumes_take_one(name):
    assert not has_local_storage_only(f"ml.{name}.xlarge")


def test_accelerators_are_told_by_the_family():
    assert is_accelerated("ml.inf2.xlarge")
    assert not is_accelerated("ml.m5.xlarge")
