"""The Pulumi package: its schema and reference are current, a hosted component builds from what the wire brings."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
import yaml
from pulumi.provider.experimental.component import ComponentProvider
from tests.support.components import NAMES, arguments
from tests.support.programs import recorded
from tests.support.recorder import by_tail

import mlops_components
from mlops_components import all_components
from mlops_components.reference import FOLDER, package_schema, reference_page

ROOT = FOLDER.parents[1]


@pytest.fixture(scope="module")
def schema():
    return package_schema()


def test_the_published_schema_is_the_reviewed_one(schema):
    reviewed = json.loads((FOLDER / "components.schema.json").read_text(encoding="utf-8"))
    assert schema == reviewed, "run `python -m mlops_components.reference` and review the difference"


def test_the_reference_page_is_current(schema):
    assert reference_page(schema) == (FOLDER / "components.md").read_text(encoding="utf-8")


def test_every_component_is_served_and_every_field_described(schema):
    assert {token.split(":")[-1] for token in schema["resources"]} == set(NAMES)
    for owner in [*schema["resources"].values(), *schema["types"].values()]:
        assert owner["description"]
        for fields in (owner.get("inputProperties", {}), owner["properties"]):
            assert [name for name, about in fields.items() if not about.get("description")] == []


def test_every_optional_field_says_what_happens_without_it(schema):
    silent = [
        f"{token}.{name}"
        for token, component in schema["resources"].items()
        for name, about in component["inputProperties"].items()
        if name not in component["requiredInputs"]
        and "Default:" not in about["description"]
        and "Required unless" not in about["description"]
        and "Bring your own" not in about["description"]
        and "you bring" not in about["description"]
        and "required when" not in about["description"]
    ]
    assert silent == []


def test_the_plugin_and_the_package_have_one_version(schema):
    plugin = yaml.safe_load((ROOT / "components" / "PulumiPlugin.yaml").read_text(encoding="utf-8"))
    assert plugin["name"] == schema["name"] == "mlops"
    assert plugin["version"] == schema["version"] == mlops_components.__version__


@pytest.mark.parametrize("component", NAMES)
def test_a_hosted_component_builds_from_wire_names_and_floats(component):
    provider = ComponentProvider(all_components(), "mlops", version="0.1.0")

    def wire(value):
        if isinstance(value, dict):
            return {_camel(name): wire(item) for name, item in value.items()}
        if isinstance(value, list):
            return [wire(item) for item in value]
        return float(value) if isinstance(value, int) and not isinstance(value, bool) else value

    args = {name: value for name, value in arguments(component, "prod").items() if name != "lineage_tags"}
    nodes = by_tail(recorded(lambda: provider.construct("it", f"mlops:index:{component}", wire(args), None)))
    assert f"mlops:index:{component} it" in nodes
    assert len(nodes) > 1


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(part.capitalize() for part in rest)


def test_importing_the_package_loads_neither_pulumi_nor_the_aws_sdk():
    program = "import sys, mlops_components; print(sorted({'pulumi', 'pulumi_aws', 'boto3'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == "[]"


def test_the_package_offers_each_component_its_arguments_and_the_faults():
    assert [component.__name__ for component in all_components()] == sorted(NAMES)
    for name in NAMES:
        assert getattr(mlops_components, name).__name__ == name
        assert getattr(mlops_components, f"{name}Args").__name__ == f"{name}Args"
    assert issubclass(mlops_components.ArgumentFaults, ValueError)
    assert set(dir(mlops_components)) == set(mlops_components.__all__)
    with pytest.raises(AttributeError, match="no attribute 'Nothing'"):
        mlops_components.Nothing  # noqa: B018
