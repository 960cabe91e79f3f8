"""What the service itself adds to, or refuses of, a thing of a derived kind: one small function each."""

from __future__ import annotations

from typing import Any

from moto.core.utils import utcnow
from moto.sagemaker.exceptions import ValidationError

from mlops_estate.embedded.backends.derived import DerivedBackend, Hook, ResourceInUse, ResourceNotFound
from mlops_estate.embedded.backends.monitoring_schedules import SCHEDULE_HOOKS
from mlops_estate.embedded.backends.moto_of import moto_of


def _feature_group(backend: DerivedBackend, row: dict[str, Any], _params: dict[str, Any]) -> None:
    """Fill in what the service resolves: the offline store's path and table, and the throughput."""
    offline = row.get("OfflineStoreConfig")
    if offline:
        stamp = int(utcnow().timestamp())
        group = row["FeatureGroupName"]
        base = offline["S3StorageConfig"]["S3Uri"].rstrip("/")
        path = f"{base}/{backend.account_id}/sagemaker/{backend.region_name}/offline-store/{group}-{stamp}/data"
        offline["S3StorageConfig"] = {**offline["S3StorageConfig"], "ResolvedOutputS3Uri": path}
        if not offline.get("DisableGlueTableCreation"):
            table = {"TableName": f"{group.replace('-', '_')}_{stamp}", "Catalog": "AwsDataCatalog",
                     "Database": "sagemaker_featurestore"}  # fmt: skip
            offline["DataCatalogConfig"] = {**table, **offline.get("DataCatalogConfig", {})}
        row["OfflineStoreStatus"] = {"Status": "Active"}
    row.setdefault("ThroughputConfig", {"ThroughputMode": "OnDemand"})


def _feature_group_update(_backend: DerivedBackend, row: dict[str, Any], params: dict[str, Any]) -> None:
    """Add features to those there are, and merge the online store's settings.

    Source: SageMaker API Reference, UpdateFeatureGroup.
    """
    known = {feature["FeatureName"].lower() for feature in row["FeatureDefinitions"]}
    added = params.pop("FeatureAdditions", None) or []
    taken = [feature["FeatureName"] for feature in added if feature["FeatureName"].lower() in known]
    if taken:
        raise ValidationError(message=f"Feature(s) {', '.join(taken)} already exist in the feature group")
    row["FeatureDefinitions"] = [*row["FeatureDefinitions"], *added]
    if "OnlineStoreConfig" in params:
        params["OnlineStoreConfig"] = {**row.get("OnlineStoreConfig", {}), **params["OnlineStoreConfig"]}


def _image_version(backend: DerivedBackend, row: dict[str, Any], _params: dict[str, Any]) -> None:
    image = backend.rows.get("Image", {}).get((row["ImageName"],))
    if image is None:
        raise ResourceNotFound(f"Image {row['ImageName']} does not exist")
    row.update(ImageArn=image["ImageArn"], ContainerImage=row["BaseImage"])


def _image_gone(backend: DerivedBackend, row: dict[str, Any], _params: dict[str, Any]) -> None:
    """Delete an image's versions with it (SageMaker API Reference, DeleteImage)."""
    versions = backend.rows.get("ImageVersion", {})
    for key in [key for key in versions if key[0] == row["ImageName"]]:
        del versions[key]


def _in_domain(backend: DerivedBackend, row: dict[str, Any], _params: dict[str, Any]) -> None:
    if row["DomainId"] not in moto_of(backend).domains:
        raise ResourceNotFound(f"Domain [{row['DomainId']}] does not exist.")


def _app(backend: DerivedBackend, row: dict[str, Any], _params: dict[str, Any]) -> None:
    """Refuse an app whose user profile or space is not there."""
    _in_domain(backend, row, _params)
    for kind, member in (("UserProfile", "UserProfileName"), ("Space", "SpaceName")):
        if row.get(member) and (row["DomainId"], row[member]) not in backend.rows.get(kind, {}):
            raise ResourceNotFound(f"{kind} [{row[member]}] of domain [{row['DomainId']}] does not exist.")


def _unused(*kinds: str) -> Hook:
    """Refuse to delete what still holds things of these kinds (DeleteUserProfile and DeleteSpace: ResourceInUse)."""

    def hook(backend: DerivedBackend, row: dict[str, Any], params: dict[str, Any]) -> None:
        asked = params.items()
        for kind in kinds:
            if any(all(held.get(key) == value for key, value in asked) for held in backend.rows.get(kind, {}).values()):
                raise ResourceInUse(f"Unable to delete {row['Arn']}: it still has {kind.lower()}s.")

    return hook


def _inference_component(backend: DerivedBackend, row: dict[str, Any], _params: dict[str, Any]) -> None:
    """Resolve the endpoint, and describe the container as the service does, with the image it deploys."""
    endpoint = moto_of(backend).endpoints.get(row["EndpointName"])
    if endpoint is None:
        raise ValidationError(message=f'Could not find endpoint "{row["EndpointName"]}".')
    row["EndpointArn"] = endpoint.arn
    row.setdefault("VariantName", endpoint.production_variants[0]["VariantName"])
    row["Specification"] = _deployed(row.get("Specification") or {})
    row["RuntimeConfig"] = _copies(row.get("RuntimeConfig") or {"CopyCount": 1})


def _inference_component_update(_backend: DerivedBackend, row: dict[str, Any], params: dict[str, Any]) -> None:
    if "Specification" in params:
        params["Specification"] = _deployed(params["Specification"])
    if "RuntimeConfig" in params:
        params["RuntimeConfig"] = _copies(params["RuntimeConfig"])
    row["InferenceComponentStatus"] = "InService"


def _deployed(specification: dict[str, Any]) -> dict[str, Any]:
    container = specification.get("Container")
    if not container or "Image" not in container:
        return specification
    kept = {key: value for key, value in container.items() if key != "Image"}
    return {**specification, "Container": {**kept, "DeployedImage": {"SpecifiedImage": container["Image"]}}}


def _copies(config: dict[str, Any]) -> dict[str, Any]:
    return {"DesiredCopyCount": config["CopyCount"], "CurrentCopyCount": config["CopyCount"]}


def _inference_experiment(backend: DerivedBackend, row: dict[str, Any], _params: dict[str, Any]) -> None:
    endpoint = moto_of(backend).endpoints.get(row["EndpointName"])
    if endpoint is None:
        raise ValidationError(message=f'Could not find endpoint "{row["EndpointName"]}".')
    row["EndpointMetadata"] = {
        "EndpointName": row["EndpointName"],
        "EndpointConfigName": endpoint.endpoint_config_name,
        "EndpointStatus": endpoint.endpoint_status,
    }
    row["ModelVariants"] = [{**variant, "Status": "InService"} for variant in row["ModelVariants"]]


def _inference_experiment_update(_backend: DerivedBackend, _row: dict[str, Any], params: dict[str, Any]) -> None:
    if "ModelVariants" in params:
        params["ModelVariants"] = [{**variant, "Status": "InService"} for variant in params["ModelVariants"]]


def _model_card_export(backend: DerivedBackend, row: dict[str, Any], _params: dict[str, Any]) -> None:
    """Refuse the export of a card that is not there, and name its version."""
    versions = moto_of(backend).model_cards.get(row["ModelCardName"])
    if not versions:
        raise ResourceNotFound(f"Modelcard with name {row['ModelCardName']} does not exist")
    row["ModelCardVersion"] = _params.get("ModelCardVersion") or versions[-1].model_card_version


def _group_policy(backend: DerivedBackend, row: dict[str, Any], _params: dict[str, Any]) -> None:
    if row["ModelPackageGroupName"].rsplit("/", 1)[-1] not in moto_of(backend).model_package_groups:
        raise ValidationError(message=f"ModelPackageGroup {row['ModelPackageGroupName']} does not exist.")


def _endpoint_policy(backend: DerivedBackend, row: dict[str, Any], _params: dict[str, Any]) -> None:
    if row["EndpointName"] not in moto_of(backend).endpoints:
        raise ValidationError(message=f'Could not find endpoint "{row["EndpointName"]}".')


HOOKS: dict[str, Hook] = {
    "CreateFeatureGroup": _feature_group,
    "UpdateFeatureGroup": _feature_group_update,
    "CreateImageVersion": _image_version,
    "DeleteImage": _image_gone,
    "CreateUserProfile": _in_domain,
    "CreateSpace": _in_domain,
    "CreateApp": _app,
    "DeleteUserProfile": _unused("App"),
    "DeleteSpace": _unused("App"),
    "CreateInferenceComponent": _inference_component,
    "UpdateInferenceComponent": _inference_component_update,
    "CreateInferenceExperiment": _inference_experiment,
    "UpdateInferenceExperiment": _inference_experiment_update,
    "CreateModelCardExportJob": _model_card_export,
    "PutEndpointPolicy": _endpoint_policy,
    "PutModelPackageGroupPolicy": _group_policy,
    **SCHEDULE_HOOKS,
}
