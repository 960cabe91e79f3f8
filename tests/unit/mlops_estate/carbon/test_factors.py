"""The data files: every instance type and region that the estate can name, sourced, and as EC2 has them."""

from __future__ import annotations

import gzip
import json
from decimal import Decimal
from pathlib import Path

import moto
import pytest

from mlops_estate.carbon import shipped
from mlops_estate.config.aws_limits import SUPPORTED_REGIONS
from mlops_estate.embedded.validation.model import service_model
from mlops_estate.pricing import shipped as prices

ENUMS = ("ProductionVariantInstanceType", "TrainingInstanceType", "ProcessingInstanceType", "TransformInstanceType",
         "InstanceType", "AppInstanceType")  # fmt: skip
UNSIZED = {"ml.geospatial.interactive"}
"""Types that AWS publishes no size of."""
WITHOUT_FACTOR = {"eu-central-2", "eu-south-2", "il-central-1"}


def ec2_types():
    path = Path(moto.__file__).parent / "ec2" / "resources" / "instance_types.json.gz"
    with gzip.open(path, "rt", encoding="utf-8") as file:
        return json.load(file)


def test_every_instance_type_that_sagemaker_takes_has_a_size():
    known = {name for enum in ENUMS for name in service_model("sagemaker").shape_for(enum).enum}
    named = {name for name in known if name.startswith("ml.")}
    assert named - shipped().instances.keys() == UNSIZED
    assert shipped().instances.keys() <= named


def test_the_sizes_are_those_of_ec2():
    answers, different, held = ec2_types(), [], 0
    for name, instance in shipped().instances.items():
        if (found := answers.get(name.removeprefix("ml."))) is None:
            continue
        held += 1
        gib = Decimal(found["MemoryInfo"]["SizeInMiB"]) / 1024
        gpus = sum(gpu["Count"] for gpu in (found.get("GpuInfo") or {}).get("Gpus", ()))
        own = instance.accelerators if found.get("GpuInfo") else gpus
        if (instance.vcpus, instance.gib, own) != (found["VCpuInfo"]["DefaultVCpus"], gib, gpus):
            different.append(name)
    assert different == []
    assert held > 370


def test_every_supported_region_has_a_factor_or_is_known_to_have_none():
    assert SUPPORTED_REGIONS - set(shipped().regions()) == WITHOUT_FACTOR
    assert set(shipped().regions()) <= SUPPORTED_REGIONS
    for region in SUPPORTED_REGIONS:
        assert shipped().grid(region).known == (region not in WITHOUT_FACTOR)


def test_every_figure_names_its_source_and_how_many_agree():
    found = []

    def walk(value, path):
        if isinstance(value, dict):
            if "source" in value or "agreeing" in value:
                found.append(path)
                assert value["source"] in shipped().data["sources"], path
                assert value["agreeing"] >= 1, path
            for key, inner in value.items():
                if key != "sources":
                    walk(inner, f"{path}.{key}")

    walk(shipped().data, "")
    assert len(found) > 50
    for region in shipped().data["regions"].values():
        assert ("pue" in region) == ("pue_source" in region)


def test_storage_and_network_are_named_as_the_price_table_names_them():
    for key in [*shipped().data["storage"], *shipped().data["network"]]:
        assert prices().of("us-east-1", "us-east-1").find(key) is not None, key


@pytest.mark.parametrize("name", ["Inferentia", "Trainium2", "RTX PRO 4500", "no such thing"])
def test_what_has_no_source_has_no_watts(name):
    assert shipped().accelerator(name) is None
