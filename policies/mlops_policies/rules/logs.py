"""CloudWatch: how long logs are kept, by which key, what is masked in them; and whether alarms tell anybody."""

from __future__ import annotations

from collections.abc import Iterator
from fnmatch import fnmatchcase

from mlops_policies.log_retention import RETENTION, kept_long_enough, minimum_days
from mlops_policies.ml_alarms import COMPOSITE_ALARM, METRIC_ALARM, tells
from mlops_policies.resource import Resource
from mlops_policies.risk import DATA_CLASS, data_class
from mlops_policies.rule import Use, resource_rule, stack_rule
from mlops_policies.stack import Stack
from mlops_policies.verdicts import Verdict, not_applicable

LOG_GROUP = "aws:cloudwatch/logGroup:LogGroup"
DATA_PROTECTION = "aws:cloudwatch/logDataProtectionPolicy:LogDataProtectionPolicy"
ACCOUNT_POLICIES = ("aws:cloudwatch/logAccountPolicy:LogAccountPolicy", "aws-native:logs:AccountPolicy")
LOG_ALARM = "aws-native:cloudwatch:LogAlarm"
_GUIDE = "https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/"
_ALARMS = "https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html"


@resource_rule(
    "log-retention",
    on=[LOG_GROUP],
    title="Logs are kept for a time that is set, and long enough.",
    severity="medium",
    level="mandatory",
    category="compliance",
    why="Logs without a period are kept and paid for without end, personal data in them too; gone too early, they "
    "can't show what a model did.",
    fix="Set retentionInDays",
    source=f"{_GUIDE}Working-with-log-groups-and-streams.html",
    settings=RETENTION,
    remedy=kept_long_enough,
)
def retention(it: Resource, use: Use) -> Iterator[Verdict]:
    """Absent and 0 are for ever. How long is enough goes by environment; outside dev, records of who did what and logs
    of high-risk AI are kept longer. AWS empties groups of the class DELIVERY by itself, whatever is set."""
    if it.get("logGroupClass") == "DELIVERY":
        yield not_applicable("AWS empties log groups of the class DELIVERY itself")
    elif not it.get("retentionInDays"):
        yield it.fails("retentionInDays", "is absent or 0, which is for ever")
    else:
        least = minimum_days(it, use)
        yield it.holds("retentionInDays", lambda days: days >= least, f"must be at least {least}")


@resource_rule(
    "log-kms",
    on=[LOG_GROUP],
    title="Logs are encrypted with a KMS key of one's own.",
    severity="medium",
    level="advisory",
    why="Logs repeat what they are about, personal data included; with a key of one's own, who can read them is in a "
    "policy.",
    fix="Set kmsKeyId",
    source=f"{_GUIDE}encrypt-log-data-kms.html",
)
def kms(it: Resource, use: Use) -> Iterator[Verdict]:
    """Without a key CloudWatch Logs encrypts with one of its own."""
    yield it.requires("kmsKeyId")


@stack_rule(
    "log-pii-masking",
    on=[LOG_GROUP],
    title="Inference logs mask personal data.",
    severity="medium",
    level="advisory",
    category="compliance",
    why="Containers write requests that fail into their logs, with the personal data in them, for all who read logs.",
    fix="Add a data protection policy to the log group",
    source=f"{_GUIDE}mask-sensitive-log-data.html",
    settings={
        **DATA_CLASS,
        "inference_log_groups": {
            "type": "array",
            "items": {"type": "string"},
            "default": ["/aws/sagemaker/endpoints/*", "/aws/sagemaker/inference*", "/aws/bedrock/*", "*inference*"],
            "description": "Patterns of the names of log groups that inference writes to.",
        },
        "impersonal_classes": {
            "type": "array",
            "items": {"type": "string"},
            "default": ["public", "internal"],
            "description": "Data classes, as the tag names them, that hold no personal data.",
        },
    },
)
def pii_masking(it: Resource, stack: Stack, use: Use) -> Iterator[Verdict]:
    """Groups whose tag says that their data are not personal are left alone; of one without a tag nobody knows. A
    policy for the whole account masks in every group of its region, so it counts."""
    name = str(it.get("name") or it.get("namePrefix") or "").lower()
    if not any(fnmatchcase(name, pattern.lower()) for pattern in use["inference_log_groups"]):
        yield not_applicable("inference does not write to it")
    elif data_class(it, use) in use["impersonal_classes"]:
        yield not_applicable("its data are not personal")
    elif not (it.present("dataProtectionPolicy") or _account_masks(it, stack)) and not stack.referring(
        it, DATA_PROTECTION, by="logGroupName"
    ):
        yield it.fails("", "has no data protection policy")


def _account_masks(it: Resource, stack: Stack) -> bool:
    return any(
        policy.get("policyType") == "DATA_PROTECTION_POLICY" and policy.region() == it.region()
        for policy in stack.of(*ACCOUNT_POLICIES)
    )


_ACTING = (
    ("aws:sagemaker/endpoint:Endpoint", "deploymentConfig"),
    ("aws:codedeploy/deploymentGroup:DeploymentGroup", "alarmConfiguration"),
    ("aws:appconfig/environment:Environment", "monitors"),
)
"""What else acts on alarms: deployments that roll back."""


@stack_rule(
    "alarm-has-action",
    on=[METRIC_ALARM, COMPOSITE_ALARM, LOG_ALARM],
    title="Alarms tell somebody, or something acts on them.",
    severity="medium",
    level="mandatory",
    category="reliability",
    why="An alarm that nobody hears of goes off for nothing.",
    fix="Name a topic in alarmActions, and leave actions enabled",
    source=_ALARMS,
)
def alarm_has_action(it: Resource, stack: Stack, use: Use) -> Iterator[Verdict]:
    """An alarm without actions of its own is fine where a composite alarm over it has some, or where a deployment rolls
    back by it, which other tools report. Actions for OK and for missing data alone are not enough."""
    if it.raw("alarmActions"):
        yield it.equals("actionsEnabled", True, default=True)
    elif not tells(it, stack, use) and not any(stack.referring(it, kind, by=by) for kind, by in _ACTING):
        yield it.fails("alarmActions", "names nobody, and nothing in this stack acts on the alarm")
