"""What a service model tells about kinds of things."""

from __future__ import annotations

import pytest

from mlops_estate.embedded.backends.kinds import (
    NOT_DERIVED,
    creator,
    derivable,
    hyphened,
    key_members,
    kind_of,
    plural,
    singular,
    split,
)
from mlops_estate.embedded.validation.model import service_model

MODEL = service_model("sagemaker")


@pytest.mark.parametrize(
    ("operation", "verb", "noun"),
    [
        ("CreateModel", "Create", "Model"),
        ("DeregisterDevices", "Deregister", "Devices"),
        ("BatchDescribeModelPackage", "BatchDescribe", "ModelPackage"),
        ("ListTags", "List", "Tags"),
        ("QueryLineage", "", "QueryLineage"),
    ],
)
def test_an_operation_is_a_verb_and_a_noun(operation: str, verb: str, noun: str) -> None:
    assert split(operation) == (verb, noun)


@pytest.mark.parametrize(
    ("noun", "keys", "optional"),
    [
        ("Context", ("ContextName",), ()),
        ("Artifact", ("ArtifactArn",), ()),
        ("UserProfile", ("DomainId", "UserProfileName"), ()),
        # An app belongs to a user profile or to a space, whichever is given.
        ("App", ("DomainId", "AppType", "AppName"), ("UserProfileName", "SpaceName")),
        ("ImageVersion", ("ImageName",), ("Version",)),
        ("InferenceExperiment", ("Name",), ()),
        ("ModelPackageGroupPolicy", ("ModelPackageGroupName",), ()),
    ],
)
def test_a_kind_is_identified_by_what_its_description_asks_for(
    noun: str, keys: tuple[str, ...], optional: tuple[str, ...]
) -> None:
    kind = kind_of(MODEL, noun)
    assert (kind.keys, kind.optional_keys) == (keys, optional)
    assert key_members(MODEL, noun) == keys


@pytest.mark.parametrize(
    ("noun", "member", "form"),
    [
        ("Context", "ContextArn", "context/{ContextName}"),
        # The pattern says what the noun does not: "AutoML" is one word there.
        ("AutoMLJob", "AutoMLJobArn", "automl-job/{AutoMLJobName}"),
        ("ComputeQuota", "ComputeQuotaArn", "compute-quota/{id}"),
        ("MlflowTrackingServer", "TrackingServerArn", "mlflow-tracking-server/{TrackingServerName}"),
        ("MlflowApp", "Arn", "mlflow-app/app-{id}"),
        ("Workteam", "WorkteamArn", "workteam/private-crowd/{WorkteamName}"),
        ("ModelPackageGroupPolicy", "ModelPackageGroupArn", "model-package-group/{ModelPackageGroupName}"),
        ("UserProfile", "UserProfileArn", "user-profile/{DomainId}/{UserProfileName}"),
    ],
)
def test_an_arn_has_the_form_of_its_pattern(noun: str, member: str, form: str) -> None:
    kind = kind_of(MODEL, noun)
    assert (kind.arn_member, kind.arn_form) == (member, form)


def test_an_arn_is_held_against_its_pattern() -> None:
    image = kind_of(MODEL, "Image")
    assert image.fits("arn:aws:sagemaker:eu-west-1:123456789012:image/base")
    assert not image.fits("arn:aws:sagemaker:eu-west-1:123456789012:image/-")


def test_a_description_may_lie_in_a_member_of_the_kinds_own_name() -> None:
    description = kind_of(MODEL, "Workforce").description
    assert description is not None
    assert "WorkforceArn" in description.members


def test_a_key_is_made_of_what_is_given() -> None:
    app = kind_of(MODEL, "App")
    given = {"DomainId": "d-1", "AppType": "Canvas", "AppName": "a", "SpaceName": "s"}
    assert app.key(given) == ("d-1", "Canvas", "a", "", "s")


@pytest.mark.parametrize(
    ("noun", "nouns"), [("Context", "Contexts"), ("CodeRepository", "CodeRepositories"), ("Image", "Images")]
)
def test_lists_are_of_one_kind(noun: str, nouns: str) -> None:
    assert plural(noun) == nouns
    assert singular(MODEL, nouns) == noun
    assert singular(MODEL, "Nothings") == ""


def test_only_what_is_created_and_described_is_derived() -> None:
    assert derivable(MODEL, "Context")
    assert derivable(MODEL, "ModelPackageGroupPolicy")
    # A presigned address is created and never described; a lineage group is described and never created.
    assert not derivable(MODEL, "PresignedDomainUrl")
    assert not derivable(MODEL, "LineageGroup")
    assert not any(derivable(MODEL, noun) for noun in NOT_DERIVED)
    # Each exception names a kind that there is.
    assert all(creator(MODEL, noun) for noun in NOT_DERIVED)


@pytest.mark.parametrize(
    ("noun", "hyphens"), [("ModelPackage", "model-package"), ("AppImageConfig", "app-image-config"), ("Hub", "hub")]
)
def test_nouns_are_hyphened(noun: str, hyphens: str) -> None:
    assert hyphened(noun) == hyphens
