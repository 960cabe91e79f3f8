"""AWS Config as it is: conformance packs, which moto lacks, how often a recorder records, and where it can deliver."""

from __future__ import annotations

import functools
import json
from typing import Any

import yaml
from moto.config.models import ConfigBackend, ConfigRecorder
from moto.config.responses import ConfigResponse
from moto.core.exceptions import JsonRESTError
from moto.core.utils import unix_time
from moto.moto_api._internal import mock_random
from moto.s3.exceptions import MissingBucket
from moto.s3.models import s3_backends
from moto.utilities.utils import get_partition

from mlops_estate.embedded.backends.trails import admits, bucket_policy, refused

OURS = frozenset(
    {"PutConformancePack", "DescribeConformancePacks", "DescribeConformancePackStatus", "DeleteConformancePack"}
)
PACKS_AN_ACCOUNT = 50


def install() -> None:
    """Add conformance packs, and what AWS Config refuses."""
    ConfigResponse.put_conformance_pack = _put
    ConfigResponse.describe_conformance_packs = _describe
    ConfigResponse.describe_conformance_pack_status = _status
    ConfigResponse.delete_conformance_pack = _delete
    ConfigBackend.put_configuration_recorder = _recording(ConfigBackend.put_configuration_recorder)
    ConfigBackend.put_delivery_channel = _delivering(ConfigBackend.put_delivery_channel)
    ConfigRecorder.to_dict = _described(ConfigRecorder.to_dict)


def _recording(put: Any) -> Any:
    @functools.wraps(put)
    def put_configuration_recorder(self: Any, config_recorder: dict[str, Any]) -> None:
        """Keep how often it records, which moto drops (API reference, RecordingMode)."""
        put(self, config_recorder)
        mode = config_recorder.get("recordingMode") or {"recordingFrequency": "CONTINUOUS"}
        self.recorders[config_recorder["name"]].__dict__["_mode"] = mode

    return put_configuration_recorder


def _described(describe: Any) -> Any:
    @functools.wraps(describe)
    def to_dict(self: Any) -> dict[str, Any]:
        mode = self.__dict__.get("_mode")
        return {**describe(self), **({"recordingMode": mode} if mode else {})}

    return to_dict


def _delivering(put: Any) -> Any:
    @functools.wraps(put)
    def put_delivery_channel(self: Any, delivery_channel: dict[str, Any]) -> None:
        """Write to the bucket first, as AWS Config does (API reference, PutDeliveryChannel).

        A default retention makes it unable to: it delivers to no bucket that has one (API reference, DeliveryChannel).
        """
        if self.recorders and (name := delivery_channel.get("s3BucketName")):
            try:
                bucket = s3_backends[self.account_id][get_partition(self.region_name)].get_bucket(name)
            except MissingBucket as error:
                message = f"Cannot find a S3 bucket with an empty bucket name or that is not there: {name}"
                raise refused("NoSuchBucketException", message) from error
            admitted = admits(bucket_policy(self, name), "config.amazonaws.com", "s3:PutObject")
            if not admitted or bucket.default_lock_mode:
                raise refused(
                    "InsufficientDeliveryPolicyException",
                    f"Insufficient delivery policy to s3 bucket: {name}, unable to write to bucket",
                )
        put(self, delivery_channel)

    return put_delivery_channel


def _packs(self: Any) -> dict[str, dict[str, Any]]:
    """Return the account's packs by name; moto clears a back end's attributes when it resets."""
    found: dict[str, dict[str, Any]] = self.config_backend.__dict__.setdefault("conformance_packs", {})
    return found


def _put(self: Any) -> str:
    """Create or change a pack. Source: AWS Config API reference, PutConformancePack."""
    params = json.loads(self.body)
    packs, name = _packs(self), params["ConformancePackName"]
    if not self.config_backend.recorders:
        message = "NoAvailableConfigurationRecorder: a conformance pack needs a configuration recorder"
        raise refused("ConformancePackTemplateValidationException", message)
    if name not in packs and len(packs) >= PACKS_AN_ACCOUNT:
        message = f"The account has {PACKS_AN_ACCOUNT} conformance packs already"
        raise refused("MaxNumberOfConformancePacksExceededException", message)
    given = [key for key in ("TemplateBody", "TemplateS3Uri", "TemplateSSMDocumentDetails") if params.get(key)]
    if len(given) != 1:
        raise refused("ConformancePackTemplateValidationException", "Give exactly one template")
    if "TemplateBody" in params:
        _check_template(params["TemplateBody"])
    identity = (
        packs[name]["ConformancePackId"] if name in packs else f"conformance-pack-{mock_random.get_random_hex(9)}"
    )
    backend = self.config_backend
    start = f"arn:{get_partition(backend.region_name)}:config:{backend.region_name}:{backend.account_id}"
    kept = {key: params[key] for key in ("DeliveryS3Bucket", "DeliveryS3KeyPrefix") if params.get(key)}
    packs[name] = {
        **kept,
        "ConformancePackName": name,
        "ConformancePackArn": f"{start}:conformance-pack/{name}/{identity}",
        "ConformancePackId": identity,
        "ConformancePackInputParameters": params.get("ConformancePackInputParameters") or [],
        "LastUpdateRequestedTime": unix_time(),
    }
    return json.dumps({"ConformancePackArn": packs[name]["ConformancePackArn"]})


def _check_template(text: str) -> None:
    """Refuse what is no template of rules (developer guide, Custom conformance packs)."""
    try:
        found = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise refused("ConformancePackTemplateValidationException", f"Template format error: {error}") from error
    resources = found.get("Resources") if isinstance(found, dict) else None
    if not isinstance(resources, dict) or not resources:
        message = "Template format error: At least one Resources member must be defined."
        raise refused("ConformancePackTemplateValidationException", message)
    for name, resource in resources.items():
        kind = resource.get("Type") if isinstance(resource, dict) else None
        if kind not in {"AWS::Config::ConfigRule", "AWS::Config::RemediationConfiguration"}:
            message = f"Template resource {name} has the type {kind}, which a conformance pack doesn't take"
            raise refused("ConformancePackTemplateValidationException", message)


def _found(self: Any) -> list[dict[str, Any]]:
    packs = _packs(self)
    names = json.loads(self.body).get("ConformancePackNames") or list(packs)
    if absent := [name for name in names if name not in packs]:
        raise _absent(absent[0])
    return [packs[name] for name in names]


def _absent(name: str) -> JsonRESTError:
    message = f"One or more conformance packs with specified names are not present: {name}"
    return refused("NoSuchConformancePackException", message)


def _describe(self: Any) -> str:
    return json.dumps({"ConformancePackDetails": _found(self)})


def _status(self: Any) -> str:
    members = ("ConformancePackName", "ConformancePackId", "ConformancePackArn", "LastUpdateRequestedTime")
    rows = [
        {**{key: pack[key] for key in members}, "ConformancePackState": "CREATE_COMPLETE", "StackArn": ""}
        for pack in _found(self)
    ]
    return json.dumps({"ConformancePackStatusDetails": rows})


def _delete(self: Any) -> str:
    name = json.loads(self.body)["ConformancePackName"]
    if _packs(self).pop(name, None) is None:
        raise _absent(name)
    return ""
