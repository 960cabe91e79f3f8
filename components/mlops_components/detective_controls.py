"""Detective controls: GuardDuty, Macie, Security Hub, Inspector and IAM Access Analyzer of one account and region."""

from collections.abc import Sequence
from typing import Any, NotRequired, TypedDict

import pulumi
from pulumi_aws import accessanalyzer, ecr, guardduty, inspector2, macie2, securityhub

from mlops_components.account_baseline import MODES
from mlops_components.documents import partition
from mlops_components.validation import Checker

CONTROLS = ("guardduty", "macie", "security_hub", "inspector", "access_analyzer")
FREQUENCIES = ("FIFTEEN_MINUTES", "ONE_HOUR", "SIX_HOURS")
# GuardDuty API reference, DetectorFeatureConfiguration. RUNTIME_MONITORING replaces EKS_RUNTIME_MONITORING (both
# together are refused), and AI_ANALYST detects nothing.
FEATURES = (
    "S3_DATA_EVENTS", "EKS_AUDIT_LOGS", "EBS_MALWARE_PROTECTION", "RDS_LOGIN_EVENTS", "LAMBDA_NETWORK_LOGS",
    "RUNTIME_MONITORING", "AI_PROTECTION",
)  # fmt: skip
# On in a new detector that doesn't say otherwise (GuardDuty user guide, Getting started: all but run-time monitoring).
ON_AT_FIRST = ("S3_DATA_EVENTS", "EKS_AUDIT_LOGS", "EBS_MALWARE_PROTECTION", "RDS_LOGIN_EVENTS", "LAMBDA_NETWORK_LOGS")
# Inspector API reference, Enable, resourceTypes.
SCANS = ("EC2", "ECR", "LAMBDA", "LAMBDA_CODE")
MOST_BUCKETS = 1000
SCHEDULES = ("daily", "weekly", "monthly")
FSBP = "aws-foundational-security-best-practices/v/1.0.0"
# AWS provider documentation, securityhub.StandardsSubscription: each has an ARN with the region in it.
STANDARDS = (
    FSBP, "aws-resource-tagging-standard/v/1.0.0", "cis-aws-foundations-benchmark/v/1.4.0",
    "cis-aws-foundations-benchmark/v/3.0.0", "nist-800-53/v/5.0.0", "nist-800-171/v/2.0.0", "pci-dss/v/3.2.1",
    "pci-dss/v/4.0.1",
)  # fmt: skip
_BY_CLASS: dict[str, tuple[str, str, int]] = {
    "dev": ("SIX_HOURS", "monthly", 10),
    "staging": ("ONE_HOUR", "weekly", 25),
    "prod": ("FIFTEEN_MINUTES", "daily", 100),
}


class DetectiveControlsArgs(TypedDict):
    """Inputs of `DetectiveControls`."""

    prefix: str
    """Start of every name of the environment, such as `mlops-dev`."""
    account: str
    """AWS account id of the environment, 12 digits."""
    region: str
    """AWS region code."""
    environment_class: NotRequired[str]
    """dev, staging or prod; decides the defaults below. Default: prod."""
    guardduty: NotRequired[str]
    """GuardDuty's detector: create (make it here), existing (another stack or a landing zone did) or off. Default:
    existing."""
    macie: NotRequired[str]
    """Macie's session: create, existing or off. The job over `personal_buckets` is made unless off. Default: existing
    in staging and prod, off in dev."""
    security_hub: NotRequired[str]
    """Security Hub CSPM with its standards: create, existing or off. Default: existing."""
    inspector: NotRequired[str]
    """Inspector's scans and the image registry's use of them: create, existing or off. Default: existing."""
    access_analyzer: NotRequired[str]
    """IAM Access Analyzer's analyser of external access: create, existing or off. Default: existing."""
    finding_frequency: NotRequired[str]
    """How often further occurrences of a finding are published: FIFTEEN_MINUTES, ONE_HOUR or SIX_HOURS. Default:
    SIX_HOURS in dev, ONE_HOUR in staging, FIFTEEN_MINUTES in prod."""
    guardduty_features: NotRequired[list[str]]
    """Protection plans of GuardDuty that are on; the others are switched off. Default: S3_DATA_EVENTS."""
    personal_buckets: NotRequired[list[pulumi.Input[str]]]
    """Names of the buckets that hold records of people, for Macie's job; at most 1000. Required unless macie is off."""
    macie_schedule: NotRequired[str]
    """How often the job runs: daily, weekly or monthly. Default: monthly in dev, weekly in staging, daily in prod."""
    macie_sampling_percent: NotRequired[int]
    """Share of the new objects that the job looks into, 1 to 100 percent. Default: 10 in dev, 25 in staging, 100 in
    prod."""
    standards: NotRequired[list[str]]
    """Security Hub's standards, such as `nist-800-53/v/5.0.0`. Default: AWS Foundational Security Best Practices."""
    inspector_scans: NotRequired[list[str]]
    """What Inspector scans: EC2, ECR, LAMBDA, LAMBDA_CODE. Default: ECR and LAMBDA."""


class DetectiveControls(pulumi.ComponentResource):
    """The controls that are asked for. Of each an account has one per region, so a second stack says `existing`.

    Macie's job is the environment's own: it is made where the session is anyone's.
    """

    created: pulumi.Output[list[str]]
    """Controls that are made here, by the names of the arguments."""

    def __init__(self, name: str, args: DetectiveControlsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        check = Checker("DetectiveControls", name, args, DetectiveControlsArgs)
        _check(check)
        check.finish()
        super().__init__("mlops:index:DetectiveControls", name, {**args}, opts)
        child = pulumi.ResourceOptions(parent=self)
        modes = {control: mode_of(args, control) for control in CONTROLS}
        if modes["guardduty"] == "create":
            _guardduty(name, args, child)
        if modes["macie"] != "off":
            _macie(name, args, modes["macie"], self)
        if modes["security_hub"] == "create":
            _security_hub(name, args, self)
        if modes["inspector"] == "create":
            _inspector(name, args, self)
        if modes["access_analyzer"] == "create":
            accessanalyzer.Analyzer(
                f"{name}-access", analyzer_name=f"{args['prefix']}-external-access", type="ACCOUNT", opts=child
            )
        self.created = pulumi.Output.from_input([control for control, mode in modes.items() if mode == "create"])
        self.register_outputs({"created": self.created})


def mode_of(args: DetectiveControlsArgs, control: str) -> str:
    """Return what holds for one control: as given, or its default."""
    given: Any = args.get(control)  # a literal key is required of a TypedDict, and this is one of `CONTROLS`
    default = "off" if control == "macie" and args.get("environment_class") == "dev" else "existing"
    return str(given or default)


def standard_arn(standard: str, region: str) -> str:
    """Return the ARN of a standard: every region has its own."""
    return f"arn:{partition(region)}:securityhub:{region}::standards/{standard}"


def _default(args: DetectiveControlsArgs) -> tuple[str, str, int]:
    return _BY_CLASS[args.get("environment_class") or "prod"]


def _guardduty(name: str, args: DetectiveControlsArgs, opts: pulumi.ResourceOptions) -> None:
    detector = guardduty.Detector(
        f"{name}-guardduty",
        enable=True,
        finding_publishing_frequency=args.get("finding_frequency") or _default(args)[0],
        opts=opts,
    )
    wanted = args.get("guardduty_features", ["S3_DATA_EVENTS"])
    # What is on at first and not wanted is switched off: each plan is charged for.
    for feature in (item for item in FEATURES if item in ON_AT_FIRST or item in wanted):
        guardduty.DetectorFeature(
            f"{name}-guardduty-{feature.lower().replace('_', '-')}",
            detector_id=detector.id,
            name=feature,
            status="ENABLED" if feature in wanted else "DISABLED",
            opts=opts,
        )


def _macie(name: str, args: DetectiveControlsArgs, mode: str, parent: pulumi.Resource) -> None:
    frequency, schedule, sampling = _default(args)
    first: list[pulumi.Resource] = []
    if mode == "create":
        first.append(
            macie2.Account(
                f"{name}-macie",
                finding_publishing_frequency=args.get("finding_frequency") or frequency,
                status="ENABLED",
                opts=pulumi.ResourceOptions(parent=parent),
            )
        )
    macie2.ClassificationJob(
        f"{name}-personal-data",
        name=f"{args['prefix']}-personal-data",
        description=f"Looks for sensitive data in the buckets of {args['prefix']} that hold records of people",
        job_type="SCHEDULED",
        job_status="RUNNING",
        initial_run=True,
        sampling_percentage=int(args.get("macie_sampling_percent") or sampling),
        schedule_frequency=_frequency(args.get("macie_schedule") or schedule),
        s3_job_definition={
            "bucket_definitions": [{"account_id": args["account"], "buckets": args["personal_buckets"]}],
        },
        opts=pulumi.ResourceOptions(parent=parent, depends_on=first),
    )


def _frequency(schedule: str) -> Any:
    """Return a schedule as Macie takes it; its day is the first of a month, or Monday."""
    by_schedule = {"daily": {"daily_schedule": True}, "weekly": {"weekly_schedule": "MONDAY"}}
    return by_schedule.get(schedule, {"monthly_schedule": 1})


def _security_hub(name: str, args: DetectiveControlsArgs, parent: pulumi.Resource) -> None:
    hub = securityhub.Account(
        f"{name}-security-hub",
        enable_default_standards=False,  # the standards below are named
        auto_enable_controls=True,
        control_finding_generator="SECURITY_CONTROL",
        opts=pulumi.ResourceOptions(parent=parent),
    )
    for standard in args.get("standards", [FSBP]):
        securityhub.StandardsSubscription(
            f"{name}-{standard.replace('/v/', '-')}",
            standards_arn=standard_arn(standard, args["region"]),
            opts=pulumi.ResourceOptions(parent=parent, depends_on=[hub]),
        )


def _inspector(name: str, args: DetectiveControlsArgs, parent: pulumi.Resource) -> None:
    scans = args.get("inspector_scans") or ["ECR", "LAMBDA"]
    enabler = inspector2.Enabler(
        f"{name}-inspector",
        account_ids=[args["account"]],
        resource_types=scans,
        opts=pulumi.ResourceOptions(parent=parent),
    )
    if "ECR" in scans:
        dev = args.get("environment_class") == "dev"
        ecr.RegistryScanningConfiguration(
            f"{name}-registry",
            scan_type="ENHANCED",
            rules=[
                {
                    # Continuous: an image is scanned again when a vulnerability becomes known.
                    "scan_frequency": "SCAN_ON_PUSH" if dev else "CONTINUOUS_SCAN",
                    # Every repository: one that no filter matches is not scanned at all.
                    "repository_filters": [{"filter": "*", "filter_type": "WILDCARD"}],
                }
            ],
            opts=pulumi.ResourceOptions(parent=parent, depends_on=[enabler]),
        )


def _check(check: Checker[DetectiveControlsArgs]) -> None:
    for control in CONTROLS:
        check.one_of(control, MODES)
    check.one_of("finding_frequency", FREQUENCIES)
    check.one_of("macie_schedule", SCHEDULES)
    check.between("macie_sampling_percent", 1, 100, "percent (Macie CreateClassificationJob, samplingPercentage)")
    check.aws_name("prefix", f"{check.plain('prefix')}-external-access", "analyzer")
    for path, known in (("guardduty_features", FEATURES), ("standards", STANDARDS), ("inspector_scans", SCANS)):
        _known(check, path, known)
    scans = check.plain("inspector_scans")
    if scans == []:
        check.fault("inspector_scans", scans, "needs at least one kind", "write inspector: off to scan nothing")
    if scans and "LAMBDA_CODE" in scans and "LAMBDA" not in scans:
        check.fault("inspector_scans", scans, "has LAMBDA_CODE without LAMBDA (Inspector user guide)", "add LAMBDA")
    off = "off" if check.plain("environment_class") == "dev" else "existing"
    buckets = check.plain("personal_buckets", [])
    if check.plain("macie", off) != "off" and buckets is not None and not 1 <= len(buckets) <= MOST_BUCKETS:
        fix = "name the buckets, or write macie: off"
        rule = f"names 1 to {MOST_BUCKETS} buckets unless macie is off (Macie CreateClassificationJob)"
        check.fault("personal_buckets", len(buckets), rule, fix)


def _known(check: Checker[DetectiveControlsArgs], path: str, known: Sequence[str]) -> None:
    given = [item for item in check.plain(path) or [] if isinstance(item, str)]
    for index, item in enumerate(given):
        if item not in known:
            check.fault(f"{path}[{index}]", item, f"must be one of {', '.join(known)}", "use one of these")
    check.unique(path, given)
