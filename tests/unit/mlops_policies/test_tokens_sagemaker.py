"""Aliases of SageMaker: every native input has a name that the `aws` provider knows, or is only native."""

from __future__ import annotations

from importlib import import_module

import pytest

from mlops_policies.tokens import canonical
from mlops_policies.tokens.sagemaker import ALIASES

ONLY_NATIVE = {
    "NotebookInstance": {"acceleratorTypes"},
    "App": {"recoveryMode"},
    "Domain": {"homeEfsFileSystemCreation"},
    "ImageVersion": {"alias"},
    "Project": {"serviceCatalogProvisionedProductDetails", "templateProviderDetails"},
    "Workforce": {"ipAddressType", "tags"},
}


def inputs(package: str, name: str) -> dict[str, object]:
    module = import_module(f"{package}.sagemaker")
    args = getattr(module, f"{name}Args", None) or getattr(module, f"_{name}State")
    found = vars(args).values()
    return {item.fget._pulumi_name: None for item in found if hasattr(getattr(item, "fget", None), "_pulumi_name")}


@pytest.mark.parametrize("token", ALIASES)
def test_native_inputs_are_read_under_the_names_of_the_aws_provider(token):
    name = token.rpartition(":")[2]
    kind, props, _ = canonical(token, inputs("pulumi_aws_native", name))
    unknown = set(props) - set(inputs("pulumi_aws", kind.rpartition(":")[2]))
    assert unknown == ONLY_NATIVE.get(name, set())


@pytest.mark.parametrize(
    ("name", "native", "read"),
    [
        ("NotebookInstanceLifecycleConfig", {"onCreate": [{"content": "x"}], "onStart": []},
         {"onCreate": "x", "onStart": None}),
        ("Device", {"deviceFleetName": "f", "deviceName": "d"},
         {"deviceFleetName": "f", "device": {"deviceName": "d"}}),
        ("App", {"resourceSpec": {"sageMakerImageArn": "i"}}, {"resourceSpec": {"sagemakerImageArn": "i"}}),
        ("Workteam", {"memberDefinitions": [{"oidcMemberDefinition": {"oidcGroups": ["g"]}}]},
         {"memberDefinitions": [{"oidcMemberDefinition": {"groups": ["g"]}}]}),
    ],
)  # fmt: skip
def test_what_stands_within_is_read_in_the_aws_providers_shape(name, native, read):
    assert canonical(f"aws-native:sagemaker:{name}", native)[1] == read
