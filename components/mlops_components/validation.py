"""Argument checks of the components: shape from the `TypedDict`, AWS's name limits, every fault raised at once."""

import difflib
import re
from collections.abc import Awaitable, Iterable, Mapping
from dataclasses import dataclass
from types import UnionType
from typing import Any, Generic, NotRequired, TypeVar, Union, get_args, get_origin, is_typeddict

import pulumi

T = TypeVar("T")
ENVIRONMENT_CLASSES = ("dev", "staging", "prod")
# Training and processing jobs refuse VolumeKmsKeyId for families with local storage (SageMaker API reference,
# ResourceConfig and ProcessingClusterConfig; EC2 user guide, instance store volumes).
LOCAL_STORAGE_FAMILIES = (
    "g4dn", "g5", "g6", "g6e", "g7", "g7e", "p3dn", "p4d", "p4de", "p5", "p5e", "p5en", "p6-b200", "p6-b300",
    "p6e-gb200", "r5d", "trn1", "trn1n", "trn2",
)  # fmt: skip


@dataclass(frozen=True)
class NameRule:
    """What AWS accepts as the name of one resource type; `source` says where that is written."""

    noun: str
    pattern: str
    longest: int
    source: str


_DASHED = r"[a-zA-Z0-9](-*[a-zA-Z0-9])*"
NAME_RULES: Mapping[str, NameRule] = {
    "bucket": NameRule("S3 bucket", r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]", 63, "S3 user guide, bucket naming rules"),
    "role": NameRule("IAM role", r"[\w+=,.@-]+", 64, "IAM CreateRole, RoleName"),
    "policy": NameRule("IAM policy", r"[\w+=,.@-]+", 128, "IAM CreatePolicy, PolicyName"),
    "key_alias": NameRule("KMS alias", r"alias/[a-zA-Z0-9/_-]+", 256, "KMS CreateAlias, AliasName"),
    "topic": NameRule("SNS topic", r"[A-Za-z0-9_-]+", 256, "SNS CreateTopic, Name"),
    "budget": NameRule("budget", r"[^:\\]+", 100, "Budgets CreateBudget, BudgetName"),
    "log_group": NameRule("log group", r"[.\-_/#A-Za-z0-9]+", 512, "CloudWatch Logs CreateLogGroup, logGroupName"),
    # Athena and the offline store read only lower case, digits and underscores.
    "database": NameRule("Glue database", r"[a-z0-9_]+", 255, "Athena user guide, naming databases"),
    "table": NameRule("Glue table", r"[a-z0-9_]+", 255, "Athena user guide, naming tables"),
    "feature_group": NameRule(
        "feature group", r"[a-zA-Z0-9]([_-]*[a-zA-Z0-9])*", 64, "SageMaker CreateFeatureGroup, FeatureGroupName"
    ),
    "feature": NameRule(
        "feature", r"[a-zA-Z0-9]([_-]*[a-zA-Z0-9])*", 64, "SageMaker CreateFeatureGroup, FeatureName"
    ),
    "package_group": NameRule(
        "model package group", _DASHED, 63, "SageMaker CreateModelPackageGroup, ModelPackageGroupName"
    ),
    "pipeline": NameRule("pipeline", _DASHED, 256, "SageMaker CreatePipeline, PipelineName"),
    "endpoint": NameRule("endpoint", _DASHED, 63, "SageMaker CreateEndpoint, EndpointName"),
    "model": NameRule("model", _DASHED, 63, "SageMaker CreateModel, ModelName"),
    "job_definition": NameRule(
        "monitoring job definition", _DASHED, 63, "SageMaker CreateModelQualityJobDefinition, JobDefinitionName"
    ),
    "schedule": NameRule(
        "monitoring schedule", _DASHED, 63, "SageMaker CreateMonitoringSchedule, MonitoringScheduleName"
    ),
    "repository": NameRule(
        "ECR repository", r"[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*(/[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*)*", 256,
        "ECR CreateRepository, repositoryName",
    ),
    "vault": NameRule("backup vault", r"[a-zA-Z0-9_-]{2,50}", 50, "AWS Backup CreateBackupVault, BackupVaultName"),
    "restore_test": NameRule(
        "restore testing plan", r"[A-Za-z0-9_]+", 50, "AWS Backup CreateRestoreTestingPlan, RestoreTestingPlanName"
    ),
    "event_schedule": NameRule(
        "EventBridge schedule", r"[0-9a-zA-Z_.-]+", 64, "EventBridge Scheduler CreateSchedule, Name"
    ),
    "queue": NameRule("SQS queue", r"[a-zA-Z0-9_-]+", 80, "SQS CreateQueue, QueueName"),
    "secret": NameRule(
        "secret", r"(?!.*-[A-Za-z0-9]{6}$)[A-Za-z0-9/_+=.@-]+", 512,
        "Secrets Manager CreateSecret, Name: no hyphen before six last characters",
    ),
    "event_rule": NameRule("EventBridge rule", r"[.\-_A-Za-z0-9]+", 64, "EventBridge PutRule, Name"),
    "analyzer": NameRule(
        "access analyzer", r"[A-Za-z_][A-Za-z0-9_.-]*", 255, "Access Analyzer CreateAnalyzer, analyzerName"
    ),
    "domain": NameRule("Studio domain", _DASHED, 63, "SageMaker CreateDomain, DomainName"),
    "trail": NameRule("trail", r"[A-Za-z0-9]+([._-][A-Za-z0-9]+)*", 128, "CloudTrail CreateTrail, Name"),
    "recorder": NameRule("configuration recorder", r".+", 256, "AWS Config PutConfigurationRecorder, name"),
    "conformance_pack": NameRule(
        "conformance pack", r"[a-zA-Z][-a-zA-Z0-9]*", 256, "AWS Config PutConformancePack, ConformancePackName"
    ),
    "workgroup": NameRule("workgroup", r"[a-zA-Z0-9._-]{1,128}", 128, "Athena CreateWorkGroup, Name"),
    "alarm": NameRule("alarm", r"[^\x00-\x1f]+", 255, "CloudWatch PutMetricAlarm, AlarmName"),
}  # fmt: skip


@dataclass(frozen=True)
class ArgumentFault:
    """One thing wrong with a component's arguments."""

    path: str
    value: object
    rule: str
    fix: str
    owner: str = ""

    @property
    def where(self) -> str:
        """The component, its name and the path: where to look from outside the component."""
        return f"{self.owner}: {self.path}" if self.owner else self.path

    def __str__(self) -> str:
        return f"{self.path} = {self.value!r}: {self.rule}. Fix: {self.fix}"


class ArgumentFaults(ValueError):  # noqa: N818  # it is all the faults, not one error
    """Every fault in the arguments of one component; raised before anything is registered."""

    def __init__(self, component: str, name: str, faults: Iterable[ArgumentFault]) -> None:
        self.component, self.name, self.faults = component, name, tuple(faults)
        lines = "".join(f"\n  - {fault}" for fault in self.faults)
        super().__init__(f"{component} {name!r}: {len(self.faults)} fault(s) in its arguments{lines}")

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.component, self.name, self.faults)


def is_plain(value: object) -> bool:
    """Return whether a value is known now: neither an Output nor awaitable."""
    return not isinstance(value, (pulumi.Output, Awaitable))


class Checker(Generic[T]):
    """Collects the faults of one component's arguments, then raises them together.

    A rule about a value that is missing, of the wrong type or only known later is skipped: the first two are faults
    of the shape already, the last is AWS's to check.
    """

    def __init__(self, component: str, name: str, args: Mapping[str, Any], shape: type[T]) -> None:
        self.component, self.name = component, name
        self.args = {key: value for key, value in args.items() if value is not None}
        self.faults: list[ArgumentFault] = []
        self._broken: set[str] = set()
        self._shape("", self.args, shape)
        self._common()

    def fault(self, path: str, value: object, rule: str, fix: str) -> None:
        """Record one fault."""
        self._broken.add(path.split(".")[0].split("[")[0])
        self.faults.append(ArgumentFault(path, value, rule, fix, f"{self.component} {self.name!r}"))

    def finish(self) -> None:
        """Raise `ArgumentFaults` if anything was wrong."""
        if self.faults:
            raise ArgumentFaults(self.component, self.name, self.faults)

    def plain(self, path: str, default: Any = None) -> Any:
        """Return a top-level argument that is present, well-typed and known now; else `default`."""
        value = self.args.get(path, default)
        return value if path not in self._broken and is_plain(value) else None

    def matches(self, path: str, pattern: str, rule: str, fix: str) -> None:
        """Check a text argument, or each text of a list argument, against a whole-string pattern."""
        value = self.plain(path)
        items = [(path, value)] if isinstance(value, str) else [(f"{path}[{i}]", v) for i, v in enumerate(value or [])]
        for where, item in items:
            if isinstance(item, str) and not re.fullmatch(pattern, item):
                self.fault(where, item, rule, fix)

    def one_of(self, path: str, allowed: Iterable[str]) -> None:
        """Check that a text argument is one of a closed set."""
        value, allowed = self.plain(path), list(allowed)
        if isinstance(value, str) and value not in allowed:
            near = difflib.get_close_matches(value, allowed, 1)
            self.fault(path, value, f"must be one of {', '.join(allowed)}", f"use {(near or allowed)[0]!r}")

    def between(self, path: str, low: float, high: float, unit: str) -> None:
        """Check a number argument against an inclusive range."""
        value = self.plain(path)
        if isinstance(value, (int, float)) and not low <= value <= high:
            nearest = low if value < low else high
            self.fault(path, value, f"must be {low} to {high} {unit}", f"use {nearest}")

    def aws_name(self, path: str, value: object, kind: str) -> None:
        """Check a name, as composed, against AWS's rule for its type; `path` is the argument to change."""
        if isinstance(value, str) and path.split("[")[0] not in self._broken:
            self.name_fault(path, value, kind)

    def name_fault(self, path: str, value: str, kind: str) -> None:
        """Check a name as `aws_name` does, though other parts of the argument are at fault."""
        rule = NAME_RULES[kind]
        if len(value) > rule.longest:
            over = len(value) - rule.longest
            self.fault(
                path, value,
                f"{rule.noun} names have at most {rule.longest} characters, this has {len(value)} ({rule.source})",
                f"shorten it by {over}",
            )  # fmt: skip
        elif not re.fullmatch(rule.pattern, value):
            self.fault(path, value, f"{rule.noun} names match {rule.pattern} ({rule.source})", "rename it")

    def aws_name_of_resource(self, value: str, kind: str) -> None:
        """Check the name AWS gets when the provider derives it from the component's own name."""
        self.name_fault("name", value, kind)

    def arn(self, path: str, service: str) -> None:
        """Check that an argument, or each item of a list argument, is an ARN of one service."""
        pattern = rf"arn:aws[a-z-]*:{service}:[a-z0-9-]*:(\d{{12}}|aws)?:.+"
        self.matches(path, pattern, f"must be an ARN of {service}", f"give the full ARN (arn:aws:{service}:...)")

    def instance_type(self, path: str, *, volume_key: bool = False) -> None:
        """Check an ML instance type; with `volume_key` also that its volumes can take a customer-managed key."""
        fix = "use ml.m5.large"
        self.matches(path, r"ml\.[a-z0-9-]+\.[a-z0-9-]+", "must be an ML instance type, ml.FAMILY.SIZE", fix)
        value = self.plain(path)
        if volume_key and isinstance(value, str) and value.split(".")[1] in LOCAL_STORAGE_FAMILIES:
            self.fault(path, value, "has local storage and takes no volume key (SageMaker ResourceConfig)", fix)

    def s3_uri(self, path: str) -> None:
        """Check that an argument is an S3 URI."""
        rule = "must be an S3 URI"
        self.matches(path, r"s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/.*)?", rule, "write s3://BUCKET/PREFIX")

    def together(self, *paths: str) -> None:
        """Check that several arguments are either all given or all left out."""
        given = [path for path in paths if path in self.args]
        for path in paths:
            if given and path not in given:
                self.fault(path, None, f"is required when {', '.join(given)} is given", f"give {path} too")

    def unique(self, path: str, values: Iterable[str]) -> None:
        """Check that names in a list argument don't repeat."""
        seen: set[str] = set()
        for value in values:
            if value in seen:
                self.fault(path, value, "is given twice", "remove one")
            seen.add(value)

    def _common(self) -> None:
        self.one_of("environment_class", ENVIRONMENT_CLASSES)
        for path in (
            "account", "registry_account", "reader_account_ids", "writer_account_ids", "trusted_account_ids",
            "artefact_account_ids", "source_account",
        ):  # fmt: skip
            self.matches(path, r"\d{12}", "must be a 12-digit AWS account id", "quote all 12 digits")
        self.matches("region", r"[a-z]{2}(-[a-z]+)+-\d", "must be an AWS region code", "use a code such as eu-west-1")
        self.matches(
            "prefix", r"[a-z]([a-z0-9-]*[a-z0-9])?",
            "must be lower-case letters, digits and hyphens, a letter first, no hyphen last (S3 bucket naming rules)",
            "use a name such as mlops-dev",
        )  # fmt: skip

    def _shape(self, path: str, value: Mapping[str, Any], shape: Any) -> None:
        annotations = shape.__annotations__
        for key in value:
            if key not in annotations:
                near = difflib.get_close_matches(str(key), annotations, 1)
                fix = f"did you mean {near[0]!r}?" if near else f"use one of {', '.join(sorted(annotations))}"
                self.fault(f"{path}{key}", value[key], f"{shape.__name__} has no such key", fix)
        for key, annotation in annotations.items():
            if key in value:
                self._type(f"{path}{key}", value[key], annotation)
            elif key in shape.__required_keys__:
                self.fault(f"{path}{key}", None, f"{shape.__name__} requires it", f"give {key}")

    def _type(self, path: str, value: Any, annotation: Any) -> None:
        origin: Any = get_origin(annotation)
        inner = get_args(annotation)
        if origin is NotRequired:
            self._type(path, value, inner[0])
        elif origin in (Union, UnionType):  # Input[X]: Union[X, Awaitable[X], Output[X]]
            if is_plain(value):
                self._type(path, value, inner[0])
        elif not is_plain(value):
            self.fault(path, value, "must be a plain value, not an Output", "pass a value known before deployment")
        elif is_typeddict(annotation):
            self._nested(path, value, annotation)
        elif origin is list:
            self._list(path, value, inner[0])
        elif origin is dict:
            self._map(path, value, inner[1])
        elif not _is_a(value, annotation):
            self.fault(path, value, f"must be {_TYPE_NOUNS[annotation]}", f"give {_TYPE_NOUNS[annotation]}")

    def _nested(self, path: str, value: Any, shape: type) -> None:
        if isinstance(value, Mapping):
            self._shape(f"{path}.", value, shape)
        else:
            self.fault(path, value, f"must be a mapping with the keys of {shape.__name__}", "give a mapping")

    def _map(self, path: str, value: Any, item: Any) -> None:
        if not isinstance(value, Mapping):
            wanted = "texts" if item is str else "names to values"
            self.fault(path, value, f"must be a mapping of {wanted}", "give KEY: VALUE pairs")
            return
        known = {key: element for key, element in value.items() if is_plain(element)}
        if item is not str:
            for key, element in known.items():
                self._type(f"{path}.{key}", element, item)
        elif not all(isinstance(element, str) for element in known.values()):
            self.fault(path, value, "must be a mapping of texts", "give KEY: VALUE pairs")

    def _list(self, path: str, value: Any, item: Any) -> None:
        if not isinstance(value, (list, tuple)):
            self.fault(path, value, "must be a list", "put it in [ ]")
            return
        for index, element in enumerate(value):
            if is_plain(element):
                self._type(f"{path}[{index}]", element, item)


_TYPE_NOUNS = {str: "a text", bool: "true or false", int: "a whole number", float: "a number"}


def _is_a(value: object, wanted: type) -> bool:
    if wanted not in (int, float):
        return isinstance(value, wanted)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return False
    # A hosted component receives whole numbers as floats.
    return wanted is float or float(value).is_integer()
