"""Model packages, their groups and cards: numbers are never given twice, updates keep what they do not name."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any

from moto.core.responses import ActionResult
from moto.sagemaker.exceptions import ValidationError
from moto.sagemaker.models import ModelPackage, SageMakerModelBackend, sagemaker_backends
from moto.sagemaker.responses import SageMakerResponse

from mlops_estate.embedded.backends.derived import Conflict, derived_backends, plain_params
from mlops_estate.embedded.backends.sagemaker import OURS, derived
from mlops_estate.embedded.validation.model import service_model


def install() -> None:
    """Mend creation and update, add deletion."""
    SageMakerModelBackend.create_model_package = _creating(SageMakerModelBackend.create_model_package)
    SageMakerModelBackend.update_model_package = _updating(SageMakerModelBackend.update_model_package)
    SageMakerResponse.delete_model_package_group = _delete_package_group
    SageMakerResponse.delete_model_package = _delete_package
    SageMakerModelBackend.update_model_card = _card_updating(SageMakerModelBackend.update_model_card)
    OURS.update({"DeleteModelPackageGroup", "DeleteModelPackage"})
    for method, shape in (
        ("validate_supported_transform_instance_types", "TransformInstanceType"),
        ("validate_supported_realtime_inference_instance_types", "ProductionVariantInstanceType"),
    ):
        setattr(ModelPackage, method, staticmethod(_checker(shape)))


def _checker(shape: str) -> Callable[[list[str]], None]:
    """moto's instance types end in 2020; the service model has them all."""
    known = frozenset(getattr(service_model("sagemaker").shape_for(shape), "enum", ()))

    def check(instance_types: list[str]) -> None:
        if unknown := [item for item in instance_types if item not in known]:
            raise ValidationError(message=f"Value '{unknown}' failed to satisfy constraint: Member must be a {shape}")

    return check


def _creating(create: Any) -> Any:
    """Take a group's name or ARN (API reference), and number its versions on: moto counts those that are left, and so
    overwrites one after a deletion."""

    @functools.wraps(create)
    def created(self: Any, *arguments: Any, **options: Any) -> str:
        group = (options.get("model_package_group_name") or "").rsplit("/", 1)[-1]
        if not group:
            return str(create(self, *arguments, **options))
        options["model_package_group_name"] = group
        before = dict(self.model_packages)
        arn = str(create(self, *arguments, **options))
        counted = _numbers(self, group)
        counted["last"] += 1
        package = self.model_packages.pop(arn)
        if arn in before:
            self.model_packages[arn] = before[arn]
        package.model_package_version = counted["last"]
        package.arn = f"{arn.rsplit('/', 1)[0]}/{counted['last']}"
        self.model_packages[package.arn] = package
        self.model_package_name_mapping.update({group: package.arn, package.arn: package.arn})
        return str(package.arn)

    return created


def _numbers(backend: Any, group: str) -> dict[str, Any]:
    store = derived_backends[backend.account_id][backend.region_name]
    counted: dict[str, Any] = store.remembered.setdefault(("ModelPackageGroup versions", group), {"last": 0})
    return counted


def _updating(update: Any) -> Any:
    """Keep what an update does not name: moto clears approval, its description and the customer's metadata.

    `CustomerMetadataProperties` are added to those there are, `...ToRemove` taken away.
    """
    signature = inspect.signature(update)

    @functools.wraps(update)
    def updated(self: Any, *arguments: Any, **options: Any) -> str:
        given = signature.bind(self, *arguments, **options).arguments
        arn = given["model_package_arn"]
        package = self.model_packages.get(self.model_package_name_mapping.get(arn, arn))
        if package is not None:
            given["model_approval_status"] = given.get("model_approval_status") or package.model_approval_status
            given["approval_description"] = given.get("approval_description") or package.approval_description
            held = package.customer_metadata_properties or {}
            given["customer_metadata_properties"] = {**held, **(given.get("customer_metadata_properties") or {})}
        return str(update(**given))

    return updated


def _card_updating(update: Any) -> Any:
    """A new version of a model card keeps the content or status that an update does not name; moto's has none."""
    signature = inspect.signature(update)

    @functools.wraps(update)
    def updated(self: Any, *arguments: Any, **options: Any) -> Any:
        given = signature.bind(self, *arguments, **options).arguments
        versions = self.model_cards.get(given["model_card_name"])
        if versions:
            given["content"] = given.get("content") or versions[-1].content
            given["model_card_status"] = given.get("model_card_status") or versions[-1].model_card_status
        return update(**given)

    return updated


def _delete_package_group(self: Any) -> ActionResult:
    """Delete a group; the service refuses one that still holds packages."""
    name = plain_params(self.body)["ModelPackageGroupName"].rsplit("/", 1)[-1]
    backend = sagemaker_backends[self.current_account][self.region]
    if name not in backend.model_package_groups:
        raise ValidationError(message=f"ModelPackageGroup {name} does not exist.")
    if any(package.model_package_group_name == name for package in backend.model_packages.values()):
        raise Conflict(f"Cannot delete ModelPackageGroup {name}: it contains model packages")
    del backend.model_package_groups[name]
    store = derived(self)
    store.remembered.pop(("ModelPackageGroup versions", name), None)
    store.rows.get("ModelPackageGroupPolicy", {}).pop((name,), None)
    return ActionResult({})


def _delete_package(self: Any) -> ActionResult:
    """Delete one version of a model package; the numbers of the others stay."""
    name = plain_params(self.body)["ModelPackageName"]
    backend = sagemaker_backends[self.current_account][self.region]
    arn = next((key for key, package in backend.model_packages.items() if name in (key, package.arn)), None)
    if arn is None:
        raise ValidationError(message=f"ModelPackage {name} does not exist.")
    del backend.model_packages[arn]
    derived(self).remembered.pop(("ModelPackage", arn), None)
    return ActionResult({})
