"""Endpoints: the update that moto lacks, and the deployment configuration that its description drops."""

from __future__ import annotations

import functools
from typing import Any

from moto.core.responses import ActionResult
from moto.core.utils import utcnow
from moto.sagemaker.exceptions import ValidationError
from moto.sagemaker.models import SageMakerModelBackend, sagemaker_backends
from moto.sagemaker.responses import SageMakerResponse

from mlops_estate.embedded.backends.derived import plain_params
from mlops_estate.embedded.backends.sagemaker import OURS, derived


def install() -> None:
    """Add `UpdateEndpoint`, and keep deployment configurations."""
    SageMakerResponse.update_endpoint = _update
    OURS.add("UpdateEndpoint")
    create, describe = SageMakerResponse.create_endpoint, SageMakerResponse.describe_endpoint

    @functools.wraps(create)
    def created(self: Any) -> ActionResult:
        params = plain_params(self.body)
        backend = sagemaker_backends[self.current_account][self.region]
        if params["EndpointName"] in backend.endpoints:
            raise ValidationError(message=f'Cannot create already existing endpoint "{params["EndpointName"]}".')
        result: ActionResult = create(self)
        # An endpoint serves on when its configuration is deleted (SageMaker API Reference, DeleteEndpointConfig).
        endpoint = backend.endpoints[params["EndpointName"]]
        endpoint.serving_config = backend.endpoint_configs[params["EndpointConfigName"]]
        _keep(self, params)
        return result

    @functools.wraps(describe)
    def described(self: Any) -> ActionResult:
        data: Any = describe(self).result
        name = plain_params(self.body)["EndpointName"]
        kept = derived(self).remembered.get(("Endpoint", name))
        shown = {**dict(data), **({"LastDeploymentConfig": kept} if kept else {})}
        shown["DataCaptureConfig"] = _capture_summary(data.get("DataCaptureConfig"))
        return ActionResult({key: value for key, value in shown.items() if value is not None})

    delete = SageMakerResponse.delete_endpoint

    @functools.wraps(delete)
    def deleted(self: Any) -> ActionResult:
        name = plain_params(self.body)["EndpointName"]
        if any(row["EndpointName"] == name for row in derived(self).rows.get("InferenceComponent", {}).values()):
            raise ValidationError(message=f'Cannot delete endpoint "{name}": it still hosts inference components.')
        derived(self).remembered.pop(("Endpoint", name), None)
        result: ActionResult = delete(self)
        return result

    SageMakerResponse.delete_endpoint = deleted
    SageMakerResponse.create_endpoint, SageMakerResponse.describe_endpoint = created, described
    _weights()


def _capture_summary(config: dict[str, Any] | None) -> dict[str, Any] | None:
    """Return what DescribeEndpoint tells of data capture; moto shows the configuration as it was sent.

    Source: SageMaker API Reference, DataCaptureConfigSummary.
    """
    if not config:
        return None
    enabled = bool(config.get("EnableCapture", True))
    summary = {
        "EnableCapture": enabled,
        "CaptureStatus": "Started" if enabled else "Stopped",
        "CurrentSamplingPercentage": config.get("InitialSamplingPercentage"),
        "DestinationS3Uri": config.get("DestinationS3Uri"),
        "KmsKeyId": config.get("KmsKeyId"),
    }
    return {key: value for key, value in summary.items() if value is not None}


def _weights() -> None:
    """A variant keeps what a request does not change; moto then drops it: the count where only the weight changes."""
    change = SageMakerModelBackend.update_endpoint_weights_and_capacities

    @functools.wraps(change)
    def changed(self: Any, endpoint_name: str, desired_weights_and_capacities: list[dict[str, Any]]) -> Any:
        endpoint = self.endpoints.get(endpoint_name)
        running = {variant["VariantName"]: variant for variant in endpoint.production_variants} if endpoint else {}
        filled = []
        for item in desired_weights_and_capacities:
            now = running.get(item["VariantName"], {})
            kept = {f"Desired{what}": now.get(f"Current{what}") for what in ("Weight", "InstanceCount")}
            filled.append({**kept, **item})
        return change(self, endpoint_name, filled)

    SageMakerModelBackend.update_endpoint_weights_and_capacities = changed


def _keep(response: Any, params: dict[str, Any]) -> None:
    config = params.get("DeploymentConfig")
    if config:
        derived(response).remembered["Endpoint", params["EndpointName"]] = config


def _update(self: Any) -> ActionResult:
    """Bring an endpoint to another configuration, at once: no traffic is shifted here.

    Variant weights and counts are those of the new configuration, but with `RetainAllVariantProperties` those of the
    running variants of the same name, except what `ExcludeRetainedVariantProperties` names.
    Source: SageMaker API Reference, UpdateEndpoint.
    """
    params = plain_params(self.body)
    backend = sagemaker_backends[self.current_account][self.region]
    endpoint = backend.endpoints.get(params["EndpointName"])
    if endpoint is None:
        raise ValidationError(message=f'Could not find endpoint "{params["EndpointName"]}".')
    config = backend.endpoint_configs.get(params["EndpointConfigName"])
    if config is None:
        raise ValidationError(message=f'Could not find endpoint configuration "{params["EndpointConfigName"]}".')
    before = {variant["VariantName"]: variant for variant in endpoint.production_variants}
    variants = endpoint._process_production_variants(config.production_variants)
    if params.get("RetainAllVariantProperties"):
        excluded = {item["VariantPropertyType"] for item in params.get("ExcludeRetainedVariantProperties") or []}
        for variant in variants:
            _retain(variant, before.get(variant["VariantName"], {}), excluded)
    endpoint.production_variants = variants
    endpoint.serving_config = config
    endpoint.endpoint_config_name = params["EndpointConfigName"]
    endpoint.data_capture_config = config.data_capture_config
    endpoint.last_modified_time = utcnow()
    _keep(self, params)
    return ActionResult({"EndpointArn": endpoint.arn})


def _retain(variant: dict[str, Any], running: dict[str, Any], excluded: set[str]) -> None:
    for property_type, members in (
        ("DesiredWeight", ("CurrentWeight", "DesiredWeight")),
        ("DesiredInstanceCount", ("CurrentInstanceCount", "DesiredInstanceCount")),
    ):
        if property_type not in excluded:
            variant.update({member: running[member] for member in members if member in running})
