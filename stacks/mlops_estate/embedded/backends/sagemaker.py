"""SageMaker's control plane: every operation that moto has not, and whole kinds of things that it answers wrongly.

moto 5.2.5 has 114 of 425 operations. `TAKEN_OVER` are kinds whose moto back end loses or breaks what was sent: a
feature group without an offline store crashes, its online store is dropped, and it can be neither updated nor deleted.
`REMEMBERED` are kinds that moto keeps, but whose description leaves out members: they are filled in from what was sent.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from moto.core.responses import ActionResult
from moto.core.utils import camelcase_to_underscores, utcnow
from moto.sagemaker.models import sagemaker_backends
from moto.sagemaker.responses import SageMakerResponse

from mlops_estate.embedded.backends.derived import DerivedBackend, Hook, derived_backends, plain_params, split
from mlops_estate.embedded.validation.model import service_model

TAKEN_OVER = frozenset({"FeatureGroup"})
REMEMBERED = ("Model", "EndpointConfig", "Pipeline", "ModelPackageGroup", "DataQualityJobDefinition", "ModelPackage")
# Members that moto describes wrongly, whatever was sent: here what was sent counts.
OVERRULED = {"Model": frozenset({"EnableNetworkIsolation"})}
WRITTEN_APART = frozenset({"UpdateEndpoint"})  # see `endpoints`
OURS: set[str] = set()


def install() -> None:
    """Add the operations to moto's response class."""
    model = service_model("sagemaker")
    for operation in model.operation_names:
        verb, noun = split(operation)
        method = camelcase_to_underscores(operation)
        known = hasattr(SageMakerResponse, method)
        if operation in WRITTEN_APART or (known and noun.removesuffix("s") not in TAKEN_OVER):
            continue
        if verb and not verb.startswith("Batch"):
            OURS.add(operation)
            setattr(SageMakerResponse, method, _answering(operation))
    SageMakerResponse.delete_model_package_group = _delete_package_group
    SageMakerResponse.delete_model_package = _delete_package
    OURS.update({"DeleteModelPackageGroup", "DeleteModelPackage"})
    for noun in REMEMBERED:
        _remember(noun)


def derived(response: Any) -> DerivedBackend:
    """Return the store of the account and region a request is for."""
    store: DerivedBackend = derived_backends[response.current_account][response.region]
    return store


def _answering(operation: str) -> Callable[[Any], ActionResult]:
    def method(self: Any) -> ActionResult:
        params = plain_params(self.body)
        return ActionResult(derived(self).answer(service_model("sagemaker"), operation, params, HOOKS))

    method.__doc__ = f"Answer {operation} from the service model."
    return method


def _remember(noun: str) -> None:
    """Keep what a creation sent, and fill with it what moto's description leaves out."""
    create_name, describe_name = (camelcase_to_underscores(f"{verb}{noun}") for verb in ("Create", "Describe"))
    create, describe = getattr(SageMakerResponse, create_name), getattr(SageMakerResponse, describe_name)
    output = service_model("sagemaker").operation_model(f"Describe{noun}").output_shape
    members = frozenset(output.members) if output else frozenset()
    update = getattr(SageMakerResponse, camelcase_to_underscores(f"Update{noun}"), None)

    @functools.wraps(create)
    def created(self: Any) -> ActionResult:
        params = plain_params(self.body)
        result: ActionResult = create(self)
        derived(self).remembered[noun, _name(params, result, noun)] = params
        return result

    @functools.wraps(describe)
    def described(self: Any) -> ActionResult:
        params = plain_params(self.body)
        data: Any = describe(self).result
        name = _name(params, None, noun)
        sent = derived(self).remembered.get((noun, name), {})
        filled = {**{key: value for key, value in sent.items() if key in members}, **dict(data)}
        overruled = {key: sent[key] for key in OVERRULED.get(noun, ()) if key in sent}
        return ActionResult({**filled, **overruled})

    setattr(SageMakerResponse, create_name, created)
    setattr(SageMakerResponse, describe_name, described)
    if update is not None:

        @functools.wraps(update)
        def updated(self: Any) -> ActionResult:
            params = plain_params(self.body)
            result: ActionResult = update(self)
            derived(self).remembered.setdefault((noun, _name(params, result, noun)), {}).update(params)
            return result

        setattr(SageMakerResponse, camelcase_to_underscores(f"Update{noun}"), updated)


def _name(params: dict[str, Any], result: ActionResult | None, noun: str) -> str:
    """Return what a thing is remembered by: its name, or the ARN where the service numbers it."""
    if noun == "ModelPackage":
        data: Any = result.result if result is not None else {}
        return str(
            (data or {}).get("ModelPackageArn") or params.get("ModelPackageArn") or params.get("ModelPackageName")
        )
    return str(params.get(f"{noun}Name") or params.get("JobDefinitionName"))


def _delete_package_group(self: Any) -> ActionResult:
    """Delete a group; the service refuses one that still holds packages."""
    from moto.sagemaker.exceptions import ValidationError

    from mlops_estate.embedded.backends.derived import ResourceNotFound

    name = plain_params(self.body)["ModelPackageGroupName"]
    backend = sagemaker_backends[self.current_account][self.region]
    if name not in backend.model_package_groups:
        raise ResourceNotFound(f"model package group {name} does not exist")
    if any(package.model_package_group_name == name for package in backend.model_packages.values()):
        raise ValidationError(message=f"Cannot delete ModelPackageGroup {name}: it contains model packages")
    del backend.model_package_groups[name]
    return ActionResult({})


def _delete_package(self: Any) -> ActionResult:
    """Delete one version of a model package; the numbers of the others stay."""
    from mlops_estate.embedded.backends.derived import ResourceNotFound

    name = plain_params(self.body)["ModelPackageName"]
    backend = sagemaker_backends[self.current_account][self.region]
    arn = next((key for key, package in backend.model_packages.items() if name in (key, package.arn)), None)
    if arn is None:
        raise ResourceNotFound(f"model package {name} does not exist")
    del backend.model_packages[arn]
    return ActionResult({})


def _feature_group(backend: DerivedBackend, _noun: str, row: dict[str, Any]) -> None:
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


HOOKS: dict[str, Hook] = {"FeatureGroup": _feature_group}
