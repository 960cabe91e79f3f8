"""What a component cannot know and the account can: refused there, with the resource and the path of the property."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from tests.support.components import OTHER_ACCOUNT, arguments
from tests.support.recorder import ACCOUNT, REGION

import mlops_components as components
from mlops_estate.embedded.account import EmbeddedAccount
from mlops_estate.embedded.driver import AwsDriver
from mlops_estate.engine import EngineFault, run_program
from mlops_estate.faults import Fault, FaultsFound


@pytest.fixture
def refused():
    """Apply a program in an empty account and return the faults it answers with, by resource type and path."""

    def run(program: Callable[[], object]) -> list[Fault]:
        with EmbeddedAccount(seed=0) as account, pytest.raises((EngineFault, FaultsFound)) as caught:
            run_program(program, stack="dev", config={}, driver=AwsDriver(account, seed="refused"))
        return list(caught.value.faults)

    return run


def paths(faults: list[Fault]) -> set[tuple[str, str]]:
    return {(fault.urn.split("::")[2].split("$")[-1].split(":")[-1], fault.where) for fault in faults}


def test_a_key_that_does_not_exist_encrypts_nothing(refused):
    args = {
        **arguments("AlertTopics"),
        "key_arn": f"arn:aws:kms:{REGION}:{ACCOUNT}:key/0a1b2c3d-0000-0000-0000-000000000000",
    }
    assert ("Topic", "kmsMasterKeyId") in paths(refused(lambda: components.AlertTopics("it", args)))


def test_a_network_that_does_not_exist_takes_no_security_group(refused):
    args = {
        "prefix": "mlops-dev", "account": ACCOUNT, "region": REGION,
        "vpc_id": "vpc-0a1b2c3d", "subnet_ids": ["subnet-0a1b2c3d"],
    }  # fmt: skip
    assert ("SecurityGroup", "vpcId") in paths(refused(lambda: components.PrivateNetwork("it", args)))


def test_a_version_that_was_never_registered_is_not_deployed(refused):
    def program() -> None:
        registry = components.ModelRegistry("registry", arguments("ModelRegistry"))
        args = {**arguments("GuardedEndpoint"), "model_package_group_arn": registry.group_arn, "version": 9}
        components.GuardedEndpoint("it", args)

    assert ("Model", "primaryContainer.modelPackageName") in paths(refused(program))


def test_code_is_not_uploaded_to_a_bucket_that_does_not_exist(refused):
    found = paths(refused(lambda: components.TrainingPipeline("it", arguments("TrainingPipeline"))))
    assert ("BucketObjectv2", "bucket") in found


def test_an_instance_type_that_is_not_offered_is_named_by_its_path(refused):
    def program() -> None:
        keys = components.EncryptionKeys("keys", arguments("EncryptionKeys"))
        own = {"models_key_arn": keys.models_key_arn, "personal_key_arn": keys.personal_key_arn}
        registry = f"arn:aws:sagemaker:{REGION}:{OTHER_ACCOUNT}:model-package-group/mlops-score"
        args = {
            **arguments("GuardedEndpoint"),
            **own,
            "model_package_group_arn": registry,
            "instance_type": "ml.m5.huge",
        }
        del args["subnet_ids"], args["security_group_ids"]
        network = components.PrivateNetwork(
            "network", {**arguments("PrivateNetwork"), "logs_key_arn": keys.operations_key_arn}
        )
        lake = components.DataLake(
            "lake", {**arguments("DataLake"), **own, "features_key_arn": keys.features_key_arn,
                     "operations_key_arn": keys.operations_key_arn})  # fmt: skip
        args |= {"subnet_ids": network.subnet_ids, "security_group_ids": network.security_group_ids}
        args |= {"models_bucket": lake.models_bucket, "capture_bucket": lake.capture_bucket}
        components.GuardedEndpoint("it", args)

    found = refused(program)
    assert {fault.where for fault in found} == {"productionVariants[0].instanceType"}
    assert {fault.value for fault in found} == {"ml.m5.huge"}


def test_arguments_are_refused_before_the_account_is_asked(refused):
    args = {**arguments("EncryptionKeys"), "deletion_window_days": 3, "rotation_days": 1}
    found = refused(lambda: components.EncryptionKeys("it", args))
    assert [fault.where for fault in found] == [
        "EncryptionKeys 'it': deletion_window_days",
        "EncryptionKeys 'it': rotation_days",
    ]
