"""Where training data lie: in buckets that keep old versions, and of which a trail records who reads and writes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from mlops_policies.buckets import BUCKET, bucket_of_uri, name_of, versioning_of
from mlops_policies.images import TRAINING_JOB
from mlops_policies.resource import Resource, View
from mlops_policies.rule import Use, stack_rule
from mlops_policies.stack import Stack
from mlops_policies.values import UnknownValue, has_unknown, listed
from mlops_policies.verdicts import PASS, Verdict, each, not_applicable

TRAIL = "aws:cloudtrail/trail:Trail"
_URI = "dataSource.s3DataSource.s3Uri"
_BY_TYPE: Mapping[str, tuple[str, ...]] = {
    "All": ("reads", "writes"),
    "ReadOnly": ("reads",),
    "WriteOnly": ("writes",),
}
_PARTITION = re.compile(r"^arn:aws[\w-]*:")
_WHOLE_FIELDS = ("eventCategory", "resources.type", "readOnly", "resources.ARN", "eventSource")
"""Fields of advanced selectors that still let all reads or writes of a bucket through; by others only some pass."""


@stack_rule(
    "sm-training-bucket-versioned-audited",
    on=[TRAINING_JOB],
    title="Buckets with training data are versioned, and a trail records who reads and writes them.",
    severity="medium",
    level="advisory",
    category="ml-governance",
    why="Training data that change unseen change the model: without versions and a record nobody can tell what it saw.",
    fix="Enable versioning of the bucket, and select its objects' reads and writes in a trail",
    source=(
        "https://docs.aws.amazon.com/AmazonS3/latest/userguide/Versioning.html",
        "https://docs.aws.amazon.com/awscloudtrail/latest/userguide/logging-data-events-with-cloudtrail.html",
    ),
)
def training_bucket(it: Resource, stack: Stack, use: Use) -> Iterator[Verdict]:
    """Only buckets of this stack can be judged. A stack without a trail is taken to have one elsewhere, as where an
    organisation has one trail for all. Selectors that let only some events pass don't count."""
    channels = [channel for channel in it.items("inputDataConfigs") if channel.present(_URI)]
    answers = list(each(channels, lambda channel: _channel(channel, stack)))
    yield from answers or [not_applicable("its data are in no bucket of this stack")]


def _channel(channel: View, stack: Stack) -> Iterator[Verdict]:
    bucket = bucket_of_uri(stack, channel, _URI)
    if bucket is None:
        return
    yield PASS
    yield from each([bucket], lambda found: _versioned(channel, found, stack))
    yield from each([bucket], lambda found: _recorded(channel, found, stack))


def _versioned(channel: View, bucket: Resource, stack: Stack) -> Iterator[Verdict]:
    if versioning_of(bucket, stack) != "Enabled":
        yield channel.fails(_URI, f"is in {bucket.name}, which keeps no old versions", key="versions")


def _recorded(channel: View, bucket: Resource, stack: Stack) -> Iterator[Verdict]:
    """Say which of reads and writes no trail of the stack records, where it has trails."""
    trails = stack.of(TRAIL)
    if not trails:
        return
    place = _place(channel, bucket)
    seen: set[str] = set()
    unknown: UnknownValue | None = None
    for trail in trails:
        for name, selected in _KINDS.items():
            try:
                for selector in trail.items(name):
                    seen.update(selected(selector, place, bucket, stack))
            except UnknownValue as found:
                unknown = found
    missing = [what for what in ("reads", "writes") if what not in seen]
    if missing and unknown is not None:
        raise unknown
    for what in missing:
        yield channel.fails(_URI, f"is in {bucket.name}, whose {what} no trail records", key=what)


def _place(channel: View, bucket: Resource) -> str:
    """Return the ARN under which a channel's objects are; of the whole bucket where its URI is unknown, "" at worst."""
    uri = channel.raw(_URI)
    if not has_unknown(uri):
        return f"arn:aws:s3:::{str(uri).removeprefix('s3://')}"
    return f"arn:aws:s3:::{name_of(bucket)}/" if name_of(bucket) else ""


def _basic(selector: View, place: str, bucket: Resource, stack: Stack) -> tuple[str, ...]:
    """Return what an event selector records of a bucket's objects: reads, writes. Raises `UnknownValue`."""
    objects = [data for data in selector.items("dataResources") if data.get("type") == "AWS::S3::Object"]
    covered = any(_covers(data, "values", place, bucket, stack) for data in objects)
    return _BY_TYPE.get(selector.get("readWriteType", "All"), ()) if covered else ()


def _advanced(selector: View, place: str, bucket: Resource, stack: Stack) -> tuple[str, ...]:
    """Return what an advanced event selector records of a bucket's objects. Raises `UnknownValue`."""
    fields = {field.get("field"): field for field in selector.items("fieldSelectors")}
    if not set(fields) <= set(_WHOLE_FIELDS):
        return ()
    kind, arn, only = (fields.get(name) for name in ("resources.type", "resources.ARN", "readOnly"))
    if kind is None or "AWS::S3::Object" not in listed(kind.whole("equals")):
        return ()
    if arn is not None and not any(_covers(arn, name, place, bucket, stack) for name in ("equals", "startsWiths")):
        return ()
    flags = [] if only is None else [str(value).lower() for value in listed(only.whole("equals"))]
    return tuple(what for what, flag in (("reads", "true"), ("writes", "false")) if flag in (flags or [flag]))


def _covers(holder: View, path: str, place: str, bucket: Resource, stack: Stack) -> bool:
    """Whether ARNs in a selector cover a place: ``arn:aws:s3`` for all, or a beginning. Raises `UnknownValue`."""
    values = listed(holder.raw(path))
    if any(place.startswith(_PARTITION.sub("arn:aws:", str(value))) for value in values):
        return True
    return has_unknown(values) and bucket in stack.referred(holder, path, BUCKET)


_KINDS = {"eventSelectors": _basic, "advancedEventSelectors": _advanced}
