"""Captured requests and predictions: that they are taken, encrypted, and kept for as long as they should be."""

from __future__ import annotations

from collections.abc import Iterator

from mlops_policies.buckets import LifecycleRule, bucket_of_uri, lifecycle_of
from mlops_policies.ml_serving import ENDPOINT_CONFIG, is_serverless
from mlops_policies.resource import Resource
from mlops_policies.risk import DATA_CLASS, RISK, data_class, is_high_risk
from mlops_policies.rule import Use, resource_rule, stack_rule
from mlops_policies.stack import Stack
from mlops_policies.values import UnknownValue, any_of, has_unknown
from mlops_policies.verdicts import Verdict, not_applicable

_CAPTURE = "dataCaptureConfig"
_API = "https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_DataCaptureConfig.html"
_GUIDE = "https://docs.aws.amazon.com/sagemaker/latest/dg/model-monitor-data-capture.html"
_SERVERLESS = "https://docs.aws.amazon.com/sagemaker/latest/dg/serverless-endpoints.html"
_MODES = {"Input": ("Input", "InputAndOutput"), "Output": ("Output", "InputAndOutput")}


def captures(it: Resource) -> bool:
    """Whether a configuration captures. The API captures unless told not to; the `aws` provider sends false where the
    program says nothing. Raises `UnknownValue`."""
    return it.present(_CAPTURE) and bool(it.get(f"{_CAPTURE}.enableCapture", it.token != it.type))


@resource_rule(
    "ml-datacapture-enabled",
    on=[ENDPOINT_CONFIG],
    title="Endpoints in production capture requests and predictions.",
    severity="medium",
    level="mandatory",
    category="ml-governance",
    why="What was asked and answered can't be explained, audited or watched for drift when nothing of it is kept.",
    fix="Enable dataCaptureConfig for Input and Output",
    source=(_API, _GUIDE, _SERVERLESS),
    only=["prod"],
    settings={
        **RISK,
        "min_sampling_percent": {
            "type": "number",
            "minimum": 0,
            "maximum": 100,
            "default": 10,
            "description": "The least share of requests to capture; of high-risk models all are.",
        },
    },
)
def capture_enabled(it: Resource, use: Use) -> Iterator[Verdict]:
    """Serverless endpoints can't capture. An absent `enableCapture` is false in the `aws` provider and true natively:
    see `captures`. One capture mode is both: InputAndOutput."""
    if is_serverless(it):
        yield not_applicable("serverless endpoints capture nothing")
        return
    if not captures(it):
        yield it.fails(_CAPTURE, "captures nothing")
        return
    least = 100 if is_high_risk(it, use) else use["min_sampling_percent"]
    yield it.holds(
        f"{_CAPTURE}.initialSamplingPercentage",
        lambda percent: percent >= least,
        f"must be at least {least}",
        default=0,
    )
    options = it.items(f"{_CAPTURE}.captureOptions")
    for mode, either in _MODES.items():
        if not any_of(options, lambda option, either=either: option.get("captureMode") in either):  # type: ignore[misc]
            yield it.fails(f"{_CAPTURE}.captureOptions", f"lack {mode}", mode)


@resource_rule(
    "ml-datacapture-kms",
    on=[ENDPOINT_CONFIG],
    title="Captured requests and predictions are encrypted with a named key.",
    severity="high",
    level="mandatory",
    why="Captured payloads are personal data as often as not; without a key, whoever may read the bucket reads them.",
    fix="Set dataCaptureConfig.kmsKeyId",
    source=_API,
)
def capture_kms(it: Resource, use: Use) -> Iterator[Verdict]:
    """A configuration that captures nothing needs no key; a key that is unknown until the update is a key."""
    if captures(it):
        yield it.requires(f"{_CAPTURE}.kmsKeyId")
    else:
        yield not_applicable("nothing is captured")


@stack_rule(
    "ml-datacapture-retention",
    on=[ENDPOINT_CONFIG],
    title="Captured requests and predictions expire within the allowed time.",
    severity="medium",
    level="advisory",
    category="ml-governance",
    why="Logs of high-risk systems have to be kept for six months (EU AI Act, Articles 19 and 26), and personal data "
    "no longer than needed (GDPR, Article 5).",
    fix="Give the capture bucket a lifecycle rule that expires objects under the capture prefix",
    source=(_API, "https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-lifecycle-mgmt.html"),
    settings={
        **RISK,
        **DATA_CLASS,
        "min_capture_days": {
            "type": "integer",
            "minimum": 0,
            "default": 180,
            "description": "How many days captured data of high-risk models are kept at least in production.",
        },
        "max_capture_days": {
            "type": "integer",
            "minimum": 1,
            "default": 730,
            "description": "How many days captured data of the classes in personal_data_classes are kept at most.",
        },
        "personal_data_classes": {
            "type": "array",
            "items": {"type": "string"},
            "default": ["confidential", "restricted", "personal"],
            "description": "Values of the data class tag, in lower case, that may mean personal data.",
        },
    },
)
def capture_retention(it: Resource, stack: Stack, use: Use) -> Iterator[Verdict]:
    """The data class may stand on the configuration or on the bucket. Only rules for all objects under a prefix that
    covers the captured data count, and of several the soonest. What a high-risk model was asked has to be kept in
    production only: elsewhere it decides about nobody."""
    if not captures(it):
        yield not_applicable("nothing is captured")
        return
    path = f"{_CAPTURE}.destinationS3Uri"
    bucket = bucket_of_uri(stack, it, path)
    if bucket is None:
        yield not_applicable("the capture bucket is not in this stack")
        return
    days = _expiry(it, path, lifecycle_of(bucket, stack))
    if days is None:
        yield it.fails(path, f"is in bucket {bucket.name}, where captured data never expire")
        return
    least, most = use["min_capture_days"], use["max_capture_days"]
    if use.is_prod and days < least and is_high_risk(it, use):
        yield it.fails(path, f"keeps data of a high-risk model for {days} days; it must be at least {least}", "least")
    if days > most and {data_class(it, use), data_class(bucket, use)} & set(use["personal_data_classes"]):
        yield it.fails(path, f"keeps data that may be personal for {days} days; it must be at most {most}", "most")


def _expiry(it: Resource, path: str, rules: list[LifecycleRule]) -> int | None:
    """Return after how many days captured data are deleted; None where they stay."""
    uri = it.raw(path)
    known = not has_unknown(uri)
    prefix = str(uri).partition("://")[2].partition("/")[2] if known else ""
    found: list[int] = []
    hidden = False
    for rule in rules:
        days = rule.expires_after() if rule.enabled() and not rule.is_narrow() else None
        if days is not None and prefix.startswith(rule.prefix()):
            found.append(days)
        hidden |= days is not None and not known
    if not found and hidden:
        raise UnknownValue(it.path(path))
    return min(found, default=None)
