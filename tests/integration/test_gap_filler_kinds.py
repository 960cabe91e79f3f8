"""Every derived kind of SageMaker thing: created, described, listed, updated and deleted through boto3.

Every answer is held against the service model's output shapes: required members, enums, patterns of ARNs.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from botocore import xform_name
from botocore.exceptions import ClientError
from tests.support.minimal_calls import answer_faults, minimal_call
from tests.support.sagemaker_things import serve_endpoint

from mlops_estate.embedded import backends
from mlops_estate.embedded.account import EmbeddedAccount
from mlops_estate.embedded.backends.kinds import CREATORS, READERS, creator, kind_of, plural, split
from mlops_estate.embedded.backends.sagemaker import OURS
from mlops_estate.embedded.validation.model import service_model

MODEL = service_model("sagemaker")
# What the model calls required and the service leaves out where there is none.
LEFT_OUT = {
    "NextToken",  # the last page has none
    "InferenceRecommendationsJobs[0].JobDescription",  # not sent, and optional at creation
    "OptimizationJobSummaries[0].OptimizationTypes",  # derived from the configuration's tagged union
    "OutputConfig.S3OutputLocation",  # optional at creation
}
# Members of the smallest call that have to name what the account holds.
NAMED: dict[str, dict[str, Any]] = {
    "CreateInferenceExperiment": {"EndpointName": "live"},
    "CreateInferenceComponent": {"EndpointName": "live"},
    "PutEndpointPolicy": {"EndpointName": "live"},
    "CreateApp": {"UserProfileName": "someone"},
    "CreateModelCardExportJob": {"ModelCardName": "card"},
    "PutModelPackageGroupPolicy": {"ModelPackageGroupName": "group"},
    "CreateImageVersion": {"ImageName": "image"},
}


def derived_kinds() -> list[str]:
    """Return every kind whose creation a back end of ours answers."""
    backends.install()
    nouns = {split(operation)[1] for operation in OURS if split(operation)[0] in CREATORS}
    return sorted(noun for noun in nouns if creator(MODEL, noun) in OURS)


@pytest.fixture
def sagemaker() -> Iterator[Any]:
    """SageMaker with an endpoint, a domain with a user profile, a card, a group and an image."""
    with EmbeddedAccount() as account:
        client = account.client("sagemaker")
        serve_endpoint(client, "live")
        client.create_model_card(ModelCardName="card", Content="{}", ModelCardStatus="Draft")
        client.create_model_package_group(ModelPackageGroupName="group")
        client.create_image(ImageName="image", RoleArn="arn:aws:iam::123456789012:role/estate")
        NAMED["domain"] = {"DomainId": client.create_domain(**minimal_call("sagemaker", "CreateDomain"))["DomainId"]}
        client.create_user_profile(UserProfileName="someone", **NAMED["domain"])
        yield client


def call(client: Any, operation: str, **params: Any) -> dict[str, Any]:
    """Send a call, and hold its answer against the model."""
    answer: dict[str, Any] = getattr(client, xform_name(operation))(**params)
    answer.pop("ResponseMetadata")
    faults = [fault for fault in answer_faults("sagemaker", operation, answer) if fault.path not in LEFT_OUT]
    assert not faults, faults
    return answer


def taken(operation: str, **values: Any) -> dict[str, Any]:
    """Return the smallest call, with those of the values that it takes."""
    shape = MODEL.operation_model(operation).input_shape
    names = shape.members if shape else {}
    wanted = {**values, **NAMED["domain"], **NAMED.get(operation, {})}
    given = {name: value for name, value in wanted.items() if name in names}
    return minimal_call("sagemaker", operation, **given)


@pytest.mark.parametrize("noun", derived_kinds())
def test_kind_round_trips(sagemaker: Any, noun: str) -> None:
    """What was sent is described; the listing holds it; what is deleted is not found (API reference of each kind)."""
    kind, create = kind_of(MODEL, noun), creator(MODEL, noun)
    sent = taken(create)
    made = call(sagemaker, create, **sent)
    read = next(f"{verb}{noun}" for verb in READERS if f"{verb}{noun}" in MODEL.operation_names)
    keys = {name: {**sent, **made, "Arn": made.get("Arn")}[name] for name in kind.keys}
    keys.update({name: sent[name] for name in kind.optional_keys if name in sent})
    shown = call(sagemaker, read, **keys)
    shown = shown.get(noun, shown)
    assert all(shown[name] == sent[name] for name in kind.keys if name in sent and name in shown)
    assert kind.arn_member not in made or made[kind.arn_member] == shown.get(kind.arn_member, made[kind.arn_member])
    if f"List{plural(noun)}" in OURS:
        listed = call(sagemaker, f"List{plural(noun)}", **taken(f"List{plural(noun)}", **keys))
        assert any(listed.values())
    if f"Update{noun}" in OURS:
        call(sagemaker, f"Update{noun}", **taken(f"Update{noun}", **keys))
    if f"Delete{noun}" in OURS:
        call(sagemaker, f"Delete{noun}", **taken(f"Delete{noun}", **keys))
        with pytest.raises(ClientError, match="ResourceNotFound"):
            call(sagemaker, read, **keys)


def test_a_name_is_given_once(sagemaker: Any) -> None:
    """ResourceInUse: "Resource being accessed is in use" is what a taken name answers (API reference, CreateImage)."""
    with pytest.raises(ClientError, match="ResourceInUse"):
        sagemaker.create_image(ImageName="image", RoleArn="arn:aws:iam::123456789012:role/estate")


def test_versions_of_an_image_are_numbered_and_found_by_alias(sagemaker: Any) -> None:
    """CreateImageVersion numbers on, also after a deletion; the latest is described by default, or the alias's."""
    base = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/base:1"
    for alias in ("old", "new", "newest"):
        sagemaker.create_image_version(ImageName="image", BaseImage=base, Aliases=[alias], ClientToken=alias)
    sagemaker.delete_image_version(ImageName="image", Version=3)
    latest = sagemaker.describe_image_version(ImageName="image")
    assert (latest["Version"], latest["ImageVersionArn"][-15:]) == (2, "version/image/2")
    assert sagemaker.describe_image_version(ImageName="image", Alias="old")["Version"] == 1
    sagemaker.create_image_version(ImageName="image", BaseImage=base, ClientToken="again")
    assert sagemaker.describe_image_version(ImageName="image")["Version"] == 4
    sagemaker.delete_image(ImageName="image")
    with pytest.raises(ClientError, match="ResourceNotFound"):
        sagemaker.describe_image_version(ImageName="image", Version=1)


def test_a_listing_filters_sorts_and_pages(sagemaker: Any) -> None:
    """ListContexts and its like: SortBy, SortOrder, MaxResults, NextToken; ListUserProfiles: ...Contains, ...Equals."""
    for name in ("b", "a", "c"):
        sagemaker.create_context(ContextName=name, ContextType="t", Source={"SourceUri": "s3://bucket/a"})
    first = sagemaker.list_contexts(SortBy="Name", SortOrder="Ascending", MaxResults=2)
    rest = sagemaker.list_contexts(SortBy="Name", SortOrder="Ascending", MaxResults=2, NextToken=first["NextToken"])
    assert [item["ContextName"] for page in (first, rest) for item in page["ContextSummaries"]] == ["a", "b", "c"]
    assert "NextToken" not in rest
    backwards = sagemaker.list_contexts(SortBy="Name")["ContextSummaries"]
    assert [item["ContextName"] for item in backwards] == ["c", "b", "a"]
    assert [item["ContextName"] for item in sagemaker.list_contexts()["ContextSummaries"]] == ["c", "a", "b"]
    sagemaker.create_user_profile(UserProfileName="another", **NAMED["domain"])
    found = sagemaker.list_user_profiles(UserProfileNameContains="ONE")["UserProfiles"]
    assert [item["UserProfileName"] for item in found] == ["someone"]
    assert not sagemaker.list_user_profiles(DomainIdEquals="d-anotherdomain")["UserProfiles"]


def test_what_lives_in_a_domain_needs_it_and_keeps_it(sagemaker: Any) -> None:
    """DeleteDomain and DeleteUserProfile answer ResourceInUse while apps or profiles are left."""
    domain = NAMED["domain"]
    app = {"UserProfileName": "someone", "AppType": "JupyterServer", "AppName": "default"}
    with pytest.raises(ClientError, match="ResourceNotFound"):
        sagemaker.create_user_profile(DomainId="d-abcdefghijkl", UserProfileName="x")
    with pytest.raises(ClientError, match="ResourceNotFound"):
        sagemaker.create_app(**domain, **{**app, "UserProfileName": "nobody"})
    arn = sagemaker.create_app(**domain, **app)["AppArn"]
    assert arn.endswith(f"app/{domain['DomainId'].lower()}/someone/jupyterserver/default")
    for delete, named in (
        (sagemaker.delete_domain, {}),
        (sagemaker.delete_user_profile, {"UserProfileName": "someone"}),
    ):
        with pytest.raises(ClientError, match="ResourceInUse"):
            delete(**domain, **named)
    sagemaker.delete_app(**domain, **app)
    sagemaker.delete_user_profile(**domain, UserProfileName="someone")
    sagemaker.delete_domain(**domain)


def test_inference_components_belong_to_an_endpoint(sagemaker: Any) -> None:
    """An endpoint must exist; the container's image is described as deployed, copies as desired and current
    (DescribeInferenceComponent)."""
    specification: dict[str, Any] = {"Container": {"Image": "123456789012.dkr.ecr.eu-west-1.amazonaws.com/serve:1"},
                     "ComputeResourceRequirements": {"MinMemoryRequiredInMb": 1024}}  # fmt: skip
    call_: dict[str, Any] = {"InferenceComponentName": "part", "VariantName": "main", "Specification": specification}
    with pytest.raises(ClientError, match="Could not find endpoint"):
        sagemaker.create_inference_component(EndpointName="absent", **call_)
    sagemaker.create_inference_component(EndpointName="live", RuntimeConfig={"CopyCount": 2}, **call_)
    shown = sagemaker.describe_inference_component(InferenceComponentName="part")
    assert shown["Specification"]["Container"]["DeployedImage"] == {
        "SpecifiedImage": specification["Container"]["Image"]
    }
    sagemaker.update_inference_component_runtime_config(
        InferenceComponentName="part", DesiredRuntimeConfig={"CopyCount": 3}
    )
    copies = sagemaker.describe_inference_component(InferenceComponentName="part")["RuntimeConfig"]
    assert (shown["RuntimeConfig"]["CurrentCopyCount"], copies["CurrentCopyCount"]) == (2, 3)
    with pytest.raises(ClientError, match="inference components"):
        sagemaker.delete_endpoint(EndpointName="live")
    sagemaker.delete_inference_component(InferenceComponentName="part")
    sagemaker.delete_endpoint(EndpointName="live")


def test_features_are_added_in_place(sagemaker: Any) -> None:
    """UpdateFeatureGroup adds features to those there are, and refuses a name that is taken."""
    sagemaker.create_feature_group(
        FeatureGroupName="people", RecordIdentifierFeatureName="id", EventTimeFeatureName="at",
        FeatureDefinitions=[{"FeatureName": name, "FeatureType": "String"} for name in ("id", "at")],
        OnlineStoreConfig={"EnableOnlineStore": True},
    )  # fmt: skip
    added = [{"FeatureName": "age", "FeatureType": "Integral"}]
    ttl = {"TtlDuration": {"Unit": "Days", "Value": 1}}
    sagemaker.update_feature_group(FeatureGroupName="people", FeatureAdditions=added, OnlineStoreConfig=ttl)
    shown = sagemaker.describe_feature_group(FeatureGroupName="people")
    assert [feature["FeatureName"] for feature in shown["FeatureDefinitions"]] == ["id", "at", "age"]
    assert shown["OnlineStoreConfig"] == {"EnableOnlineStore": True, **ttl}
    with pytest.raises(ClientError, match="age already exist"):
        sagemaker.update_feature_group(FeatureGroupName="people", FeatureAdditions=added)
