"""CloudTrail and AWS Config: whether what happens in the account is recorded, whole and unchanged."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from mlops_policies.remedies_trail import log_file_validation
from mlops_policies.resource import Resource, View
from mlops_policies.rule import Use, resource_rule, stack_rule
from mlops_policies.stack import Stack
from mlops_policies.values import UnknownValue, listed
from mlops_policies.verdicts import Verdict

TRAIL = "aws:cloudtrail/trail:Trail"
RECORDER = "aws:cfg/recorder:Recorder"
_GUIDE = "https://docs.aws.amazon.com/awscloudtrail/latest/userguide/"


@resource_rule(
    "trail-multi-region",
    on=[TRAIL],
    title="Trails record every region, and are switched on.",
    severity="high",
    level="mandatory",
    why="What is done in a region that nobody watches, or in IAM, leaves no trace.",
    fix="Set isMultiRegionTrail to true, and leave enableLogging and includeGlobalServiceEvents true",
    source=f"{_GUIDE}cloudtrail-concepts.html",
)
def multi_region(it: Resource, use: Use) -> Iterator[Verdict]:
    """A trail for data events alone, such as reads of one bucket, may stay in its region; it has to be switched on
    all the same. Other tools ask every trail to be in all regions."""
    yield it.equals("enableLogging", True, default=True)
    if _records_management(it):
        yield it.equals("isMultiRegionTrail", True, default=False)
        yield it.equals("includeGlobalServiceEvents", True, default=True)


def _records_management(trail: Resource) -> bool:
    """Whether a trail records management events; one without selectors does. Raises `UnknownValue`."""
    advanced, basic = trail.items("advancedEventSelectors"), trail.items("eventSelectors")
    if advanced:
        return any("Management" in _equal_to(selector, "eventCategory") for selector in advanced)
    return not basic or any(selector.get("includeManagementEvents", True) for selector in basic)


def _equal_to(selector: View, name: str) -> list[str]:
    """Return the values that an advanced selector wants a field to equal. Raises `UnknownValue`."""
    fields = (field for field in selector.items("fieldSelectors") if field.get("field") == name)
    return [str(value) for field in fields for value in listed(field.whole("equals"))]


@resource_rule(
    "trail-kms",
    on=[TRAIL],
    title="Trails are encrypted with a KMS key of one's own.",
    severity="medium",
    level="mandatory",
    why="A trail tells who did what with which data; with a key of one's own, who can read it is in a policy.",
    fix="Set kmsKeyId",
    source=f"{_GUIDE}encrypting-cloudtrail-log-files-with-aws-kms.html",
)
def kms(it: Resource, use: Use) -> Iterator[Verdict]:
    """The bucket's default encryption doesn't count: the trail itself has to name the key that it writes with."""
    yield it.requires("kmsKeyId")


@resource_rule(
    "trail-validation",
    on=[TRAIL],
    title="Changes to a trail's files can be told.",
    severity="low",
    level="mandatory",
    why="Without signed digests nobody can show that a trail's files are all there, and as they were written.",
    fix="Set enableLogFileValidation to true",
    source=f"{_GUIDE}cloudtrail-log-file-validation-intro.html",
    remedy=log_file_validation,
)
def validation(it: Resource, use: Use) -> Iterator[Verdict]:
    """Absent is false, though the console's default is true."""
    yield it.equals("enableLogFileValidation", True, default=False)


@resource_rule(
    "trail-cloudwatch",
    on=[TRAIL],
    title="Trails go to a log group, where alarms can watch them.",
    severity="low",
    level="advisory",
    why="Files in a bucket are read when it is too late; a log group can raise an alarm within minutes.",
    fix="Set cloudWatchLogsGroupArn and cloudWatchLogsRoleArn",
    source=f"{_GUIDE}send-cloudtrail-events-to-cloudwatch-logs.html",
)
def cloudwatch(it: Resource, use: Use) -> Iterator[Verdict]:
    """Either is of no use without the other."""
    yield it.requires("cloudWatchLogsGroupArn")
    yield it.requires("cloudWatchLogsRoleArn")


@stack_rule(
    "trail-s3-data-events",
    on=[TRAIL],
    title="A trail records who reads and writes objects in buckets.",
    severity="medium",
    level="advisory",
    why="Without data events, who read training data or changed a model's artefact is recorded nowhere.",
    fix="Add selectors for data events of the type AWS::S3::Object, for reads and writes",
    source=f"{_GUIDE}logging-data-events-with-cloudtrail.html",
)
def s3_data_events(it: Resource, stack: Stack, use: Use) -> Iterator[Verdict]:
    """One trail of the stack is enough, and two may share reads and writes, so no trail is asked for both by itself.
    Which buckets are recorded is for the program to choose: data events are paid for one by one."""
    seen: set[str] = set()
    unknown: UnknownValue | None = None
    for trail in stack.of(TRAIL):
        try:
            seen.update(_recorded(trail))
        except UnknownValue as found:
            unknown = found
    missing = [what for what in ("reads", "writes") if what not in seen]
    if missing and unknown is not None:
        raise unknown
    if missing:
        yield it.fails("", f"records no {' and no '.join(missing)} of objects in buckets, and no other trail does")


def _recorded(trail: Resource) -> Iterable[str]:
    """Yield what a trail records of objects in buckets: reads, writes. Raises `UnknownValue`."""
    for selector in trail.items("eventSelectors"):
        if any(_names_objects(resource) for resource in selector.items("dataResources")):
            yield from _BY_TYPE.get(selector.get("readWriteType", "All"), ())
    for selector in trail.items("advancedEventSelectors"):
        if "AWS::S3::Object" in _equal_to(selector, "resources.type"):
            only = [value.lower() for value in _equal_to(selector, "readOnly")]
            yield from (what for what, flag in (("reads", "true"), ("writes", "false")) if flag in (only or [flag]))


def _names_objects(resource: View) -> bool:
    return resource.get("type") == "AWS::S3::Object" and bool(resource.raw("values"))


_BY_TYPE = {"All": ("reads", "writes"), "ReadOnly": ("reads",), "WriteOnly": ("writes",)}


@resource_rule(
    "config-recorder-all",
    on=[RECORDER],
    title="AWS Config records resources of every type.",
    severity="medium",
    level="advisory",
    why="What is not recorded can't be compared with how it was, nor held against any rule.",
    fix="Set allSupported to true, and includeGlobalResourceTypes in one region",
    source="https://docs.aws.amazon.com/config/latest/developerguide/select-resources.html",
    settings={
        "global_types_region": {
            "type": "string",
            "default": "",
            "description": "The region whose recorder records IAM's resources; empty asks it of every recorder.",
        }
    },
)
def recorder_records_all(it: Resource, use: Use) -> Iterator[Verdict]:
    """Without a recording group, all types but IAM's are recorded. AWS advises to record those in one region alone:
    name it, and recorders elsewhere are not asked for them."""
    yield it.equals("recordingGroup.allSupported", True, default=True)
    if use["global_types_region"] in ("", it.region()):
        yield it.equals("recordingGroup.includeGlobalResourceTypes", True, default=False)
