"""InvokeEndpoint: the deployed model's own code answers, and the request is captured where the configuration says so.

moto answers every endpoint, also one that does not exist, with a fixed text.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from moto.core.common_types import TYPE_RESPONSE
from moto.core.utils import utcnow
from moto.moto_api._internal import mock_random
from moto.s3.models import s3_backends
from moto.sagemaker.models import sagemaker_backends
from moto.sagemakerruntime.responses import SageMakerRuntimeResponse

from mlops_estate.embedded.serving import Handler, ModelError, ModelNotServable, load_endpoint_handler

PACKAGE_CODE = "/opt/ml/model/code"
_HANDLERS: dict[tuple[str, ...], Handler] = {}


def install() -> None:
    """Replace moto's fixed answer."""
    SageMakerRuntimeResponse.invoke_endpoint = _invoke


def forget_handlers() -> None:
    """Unload every model."""
    _HANDLERS.clear()


def _invoke(self: Any) -> TYPE_RESPONSE:
    name = self.path.split("/")[2]
    backend = sagemaker_backends[self.current_account][self.region]
    endpoint = backend.endpoints.get(name)
    if endpoint is None:
        return _error(400, "ValidationError", f"Endpoint {name} of account {self.current_account} not found.")
    config = endpoint.serving_config
    variant = _variant(config.production_variants, endpoint.production_variants,
                       self.headers.get("X-Amzn-SageMaker-Target-Variant"))  # fmt: skip
    if variant is None:
        return _error(
            400, "ValidationError", f"Variant {self.headers.get('X-Amzn-SageMaker-Target-Variant')} not found."
        )
    body = self.body if isinstance(self.body, bytes) else str(self.body or "").encode()
    content_type = self.headers.get("Content-Type") or "application/json"
    accept = self.headers.get("Accept") or content_type
    accept = content_type if accept == "*/*" else accept
    try:
        handler = _handler(self.current_account, backend, variant["ModelName"])
        answer, kind = handler(body, content_type, accept)
    except ModelNotServable as error:
        return _error(503, "ServiceUnavailable", f"The container of {variant['VariantName']} does not start: {error}")
    except ModelError as error:
        message = {"Message": str(error), "OriginalMessage": error.original_message,
                   "OriginalStatusCode": error.original_status}  # fmt: skip
        status, headers, _ = _error(error.status, "ModelError", "")
        return status, headers, json.dumps(message)
    _capture(self.current_account, config.data_capture_config, name, variant["VariantName"],
             (body, content_type), (answer, kind))  # fmt: skip
    headers = {"Content-Type": kind, "x-Amzn-Invoked-Production-Variant": variant["VariantName"]}
    return 200, headers, answer


def _error(status: int, code: str, message: str) -> TYPE_RESPONSE:
    # moto takes the status from the headers.
    headers = {"x-amzn-errortype": code, "Content-Type": "application/json", "status": str(status)}
    return status, headers, json.dumps({"Message": message})


def _variant(
    configured: list[Mapping[str, Any]], running: list[Mapping[str, Any]], target: str | None
) -> Mapping[str, Any] | None:
    """Return the variant a request goes to: the one asked for, else one drawn by the current weights."""
    if target:
        return next((variant for variant in configured if variant["VariantName"] == target), None)
    weights = {variant["VariantName"]: variant.get("CurrentWeight", 1.0) for variant in running}
    shares = [float(weights.get(variant["VariantName"], 0.0)) for variant in configured]
    if not any(shares):
        return configured[0]
    drawn: list[Mapping[str, Any]] = mock_random.choices(configured, weights=shares)
    return drawn[0]


def _object(account: str, uri: str) -> bytes:
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    found = s3_backends[account]["aws"].get_object(bucket, key)
    if found is None:
        raise ModelNotServable(f"there is no {uri}")
    return bytes(found.value)


def _container(backend: Any, name: str) -> Mapping[str, Any]:
    """Return a model's container: its own, or that of the model package it names."""
    model = next((model for model in backend._models.values() if model.model_name == name), None)
    if model is None:
        raise ModelNotServable(f"its model {name} has been deleted")
    container: Mapping[str, Any] = model.primary_container or model.containers[0]
    if named := container.get("ModelPackageName"):
        package = next((item for arn, item in backend.model_packages.items() if named in (arn, item.arn)), None)
        if package is None:
            raise ModelNotServable(f"its model package {named} has been deleted")
        base: Mapping[str, Any] = package.inference_specification["Containers"][0]
        return {**base, "Environment": {**base.get("Environment", {}), **container.get("Environment", {})}}
    return container


def _handler(account: str, backend: Any, name: str) -> Handler:
    """Load a model's package once, and again when its object changes."""
    container = _container(backend, name)
    environment = container.get("Environment") or {}
    package_uri = container.get("ModelDataUrl") or ""
    if not package_uri:
        raise ModelNotServable("the container has no ModelDataUrl")
    package = _object(account, package_uri)
    submitted = environment.get("SAGEMAKER_SUBMIT_DIRECTORY", PACKAGE_CODE)
    source = _object(account, submitted) if submitted.startswith("s3://") else None
    program = environment.get("SAGEMAKER_PROGRAM", "inference.py")
    key = (account, name, package_uri, submitted, program, str(hash(package)))
    if key not in _HANDLERS:
        _HANDLERS[key] = load_endpoint_handler(package, source, program)
    return _HANDLERS[key]


def _capture(
    account: str,
    config: Mapping[str, Any] | None,
    endpoint: str,
    variant: str,
    sent: tuple[bytes, str],
    answered: tuple[bytes, str],
) -> None:
    """Write a request and its answer as the service does: JSON lines, one folder an hour.

    The service batches several requests into a file; here each has its own.
    Source: SageMaker Developer Guide, Capture data from real-time endpoint.
    """
    if not config or not config.get("EnableCapture", True):
        return
    if mock_random.uniform(0, 100) > float(config.get("InitialSamplingPercentage", 100)):
        return
    modes = {option["CaptureMode"] for option in config.get("CaptureOptions", [])}
    data = {}
    for part, mode, (content, kind) in (("endpointInput", "Input", sent), ("endpointOutput", "Output", answered)):
        if mode in modes or "InputAndOutput" in modes:
            data[part] = _captured(content, kind, mode.upper())
    now = utcnow()
    event = {"eventId": str(mock_random.uuid4()), "inferenceTime": now.strftime("%Y-%m-%dT%H:%M:%SZ")}
    line = json.dumps({"captureData": data, "eventMetadata": event, "eventVersion": "0"}) + "\n"
    bucket, _, prefix = config["DestinationS3Uri"].removeprefix("s3://").partition("/")
    folder = "/".join(filter(None, [prefix.strip("/"), endpoint, variant, now.strftime("%Y/%m/%d/%H")]))
    name = f"{folder}/{now.strftime('%M-%S-%f')}-{event['eventId']}.jsonl"
    encryption = {"encryption": "aws:kms", "kms_key_id": config["KmsKeyId"]} if config.get("KmsKeyId") else {}
    s3_backends[account]["aws"].put_object(bucket, name, line.encode(), **encryption)


def _captured(content: bytes, kind: str, mode: str) -> dict[str, Any]:
    import base64

    name = "CSV" if "csv" in kind else "JSON" if "json" in kind else "BASE64"
    data = base64.b64encode(content).decode() if name == "BASE64" else content.decode("utf-8", "replace")
    return {"observedContentType": kind, "mode": mode, "data": data, "encoding": name}
