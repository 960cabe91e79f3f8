"""Every component, deployed alone: the exact set of its children, by URN, in dev, prod and what differs in kind."""

from __future__ import annotations

import inspect

import pytest
from tests.support.components import NAMES, arguments, children, component_class, deployed, expected, scenarios

CASES = [(component, scenario) for component in NAMES for scenario in scenarios(component)]


@pytest.mark.parametrize(("component", "scenario"), CASES)
def test_a_component_declares_exactly_its_reviewed_children(component, scenario):
    assert children(deployed(component, scenarios(component)[scenario])) == expected(component, scenario)


@pytest.mark.parametrize(("component", "scenario"), CASES)
def test_every_child_hangs_under_the_component_and_is_named_after_it(component, scenario):
    for tail, node in deployed(component, scenarios(component)[scenario]).items():
        chain, name = tail.rsplit(" ", 1)
        assert chain.split("$")[0] == f"mlops:index:{component}"
        assert name == "it" or name.startswith("it-")
        assert node.parent or name == "it"


@pytest.mark.parametrize("component", NAMES)
def test_a_component_registers_exactly_the_outputs_it_declares(component):
    nodes = deployed(component, arguments(component, "prod"))
    registered = nodes[f"mlops:index:{component} it"].outputs
    declared = set(inspect.get_annotations(component_class(component)))
    # AWS alone knows an endpoint's ARN; the recording engine answers without it.
    assert set(registered) <= declared
    assert {name for name in declared if registered.get(name) in (None, "")} <= {"endpoint_arn"}


@pytest.mark.parametrize("component", NAMES)
def test_only_dev_leaves_what_holds_data_unprotected(component):
    kept = {
        "aws:backup/vault:Vault",
        "aws:kms/key:Key",
        "aws:s3/bucket:Bucket",
        "aws:ecr/repository:Repository",
        "aws:secretsmanager/secret:Secret",
        "aws:sagemaker/domain:Domain",
        "aws:cloudwatch/logGroup:LogGroup",
        "aws-native:sagemaker:FeatureGroup",
        "aws:sagemaker/modelPackageGroup:ModelPackageGroup",
    }
    for environment in ("dev", "prod"):
        nodes = deployed(component, arguments(component, environment)).values()
        assert {node.type for node in nodes if node.protect} == (
            {node.type for node in nodes} & kept if environment == "prod" else set()
        )
