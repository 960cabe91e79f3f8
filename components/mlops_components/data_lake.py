"""Data lake: one bucket per purpose, private, encrypted with its data class's key, TLS only, versioned and logged."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NotRequired, TypedDict

import pulumi
from pulumi_aws import s3

from mlops_components.adoption import adopted_options, check_adopted
from mlops_components.buckets import (
    ACCESS_LOGS,
    LOCK_MODES,
    age_bucket,
    bucket_name,
    check_bucket_name,
    encrypt_bucket,
    harden_bucket,
    lifecycle_rules,
    lock_bucket,
    log_access,
    log_delivery,
    refuse_other_encryption,
)
from mlops_components.cross_account import artefact_statements, check_members, members_of
from mlops_components.deletion import protects
from mlops_components.documents import Statement, bucket_arn
from mlops_components.network_perimeter import capturing_roles, inside_only, macie_role, recovery_roles
from mlops_components.validation import NAME_RULES, Checker


@dataclass(frozen=True)
class Purpose:
    """What one bucket is for: its data class, how its objects age (days; 0: never), and whether they are reached from
    the network alone."""

    data_class: str
    infrequent_after: int = 0
    noncurrent_kept: int = 90
    also_encrypted_as: str = ""
    inside_only: bool = False


PURPOSES: Mapping[str, Purpose] = {
    # Records of people, which only jobs in the network work on.
    "raw": Purpose("personal", infrequent_after=90, inside_only=True),
    "curated": Purpose("personal", infrequent_after=90, noncurrent_kept=30, inside_only=True),
    # The feature store writes its offline store itself, from a network of its own.
    "features": Purpose("features", noncurrent_kept=30),
    # Delivery puts the training code here, and other accounts' endpoints read the artefacts.
    "models": Purpose("models", infrequent_after=180, noncurrent_kept=365),
    "capture": Purpose("personal", noncurrent_kept=7, inside_only=True),
    # A baseline is derived from records of people and keeps their key; approvers read reports where they work.
    "reports": Purpose("operations", infrequent_after=180, also_encrypted_as="personal"),
}
SNAPSHOT_LOCK_DAYS = {"dev": 1, "staging": 30, "prod": 365}
SNAPSHOT_LOCK_MODE = {"dev": "GOVERNANCE", "staging": "GOVERNANCE", "prod": "COMPLIANCE"}
CAPTURE_RETENTION_DAYS = {"dev": 14, "staging": 30, "prod": 90}
LOG_RETENTION_DAYS = {"dev": 30, "staging": 90, "prod": 400}


class DataLakeArgs(TypedDict):
    """Inputs of `DataLake`."""

    prefix: str
    """Start of every name of the environment; buckets are `{prefix}-{purpose}-{account}-{region}`."""
    account: str
    """AWS account id of the environment, 12 digits."""
    region: str
    """AWS region code."""
    environment_class: NotRequired[str]
    """dev, staging or prod; decides the defaults below. Default: prod."""
    personal_key_arn: pulumi.Input[str]
    """ARN of the KMS key of the buckets raw, curated and capture."""
    features_key_arn: pulumi.Input[str]
    """ARN of the KMS key of the bucket features."""
    models_key_arn: pulumi.Input[str]
    """ARN of the KMS key of the bucket models."""
    operations_key_arn: pulumi.Input[str]
    """ARN of the KMS key of the bucket reports."""
    snapshot_lock_mode: NotRequired[str]
    """Object Lock of dataset snapshots: GOVERNANCE can be lifted by a privileged role, COMPLIANCE by nobody.
    Default: COMPLIANCE in prod, else GOVERNANCE."""
    snapshot_lock_days: NotRequired[int]
    """Days for which a dataset snapshot can't be changed or deleted. Default: 1 in dev, 30 in staging, 365 in prod."""
    capture_retention_days: NotRequired[int]
    """Days for which captured requests and answers are kept. Default: 14 in dev, 30 in staging, 90 in prod."""
    log_retention_days: NotRequired[int]
    """Days for which access logs are kept. Default: 30 in dev, 90 in staging, 400 in prod."""
    reader_account_ids: NotRequired[list[str]]
    """Accounts that deploy models from this account's registry and so read its artefacts. Default: none."""
    member_role_names: NotRequired[list[str]]
    """Names of the roles of these accounts that may, where * stands for any characters. Default: every role."""
    organization_id: NotRequired[str]
    """AWS organisation that they have to belong to. Default: any."""
    s3_endpoint_ids: NotRequired[pulumi.Input[list[str]]]
    """VPC endpoints through which alone objects of the buckets raw, curated and capture are reached. Default: none,
    so that they are reached from everywhere."""
    outside_role_arns: NotRequired[list[str]]
    """ARNs (wildcards allowed) of roles that reach these objects from elsewhere too: who brings data from outside,
    and who breaks the glass. Default: none."""
    protect: NotRequired[bool]
    """Whether Pulumi refuses to delete the buckets. Default: false in dev, else true."""
    adopted_buckets: NotRequired[dict[str, str]]
    """Purpose to the name of a bucket that is there already and is taken over by import; its policy, encryption,
    lifecycle and other settings are overwritten. It stays when the environment is destroyed, and so do its settings.
    The one for curated must have Object Lock. Default: none."""


class DataLake(pulumi.ComponentResource):
    """Six data buckets and the bucket of their access logs.

    Every bucket: public access blocked, no ACLs, TLS only, encrypted (uploads with another key refused), versioned,
    unfinished uploads dropped after a week. Dataset snapshots (curated) can't be changed while their lock lasts. Only
    in dev does deleting the environment delete objects.
    """

    raw_bucket: pulumi.Output[str]
    """Name of the bucket of records as they arrive."""
    curated_bucket: pulumi.Output[str]
    """Name of the bucket of dataset snapshots, immutable by Object Lock."""
    features_bucket: pulumi.Output[str]
    """Name of the bucket of the feature store's offline store."""
    models_bucket: pulumi.Output[str]
    """Name of the bucket of model artefacts, checkpoints and training code."""
    capture_bucket: pulumi.Output[str]
    """Name of the bucket of captured requests and answers."""
    reports_bucket: pulumi.Output[str]
    """Name of the bucket of evaluation and monitoring reports."""
    access_logs_bucket: pulumi.Output[str]
    """Name of the bucket of access logs."""

    def __init__(self, name: str, args: DataLakeArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        check = Checker("DataLake", name, args, DataLakeArgs)
        _check(check)
        check.finish()
        super().__init__("mlops:index:DataLake", name, {**args}, opts)
        self._base, self._args = name, args
        self._class = args.get("environment_class") or "prod"
        self._adopted = args.get("adopted_buckets") or {}
        self._protected = protects(args)
        logs = self._access_logs()
        names = {purpose: self._data_bucket(purpose, logs) for purpose in PURPOSES}
        self.raw_bucket = names["raw"]
        self.curated_bucket = names["curated"]
        self.features_bucket = names["features"]
        self.models_bucket = names["models"]
        self.capture_bucket = names["capture"]
        self.reports_bucket = names["reports"]
        # Known once delivery is allowed: what logs there can start at once.
        self.access_logs_bucket = pulumi.Output.all(logs.bucket, self._delivery.id).apply(lambda pair: str(pair[0]))
        outputs = {f"{purpose}_bucket": bucket for purpose, bucket in names.items()}
        self.register_outputs({**outputs, "access_logs_bucket": self.access_logs_bucket})

    def _bucket_name(self, purpose: str) -> str:
        return self._adopted.get(purpose) or bucket_name(
            self._args["prefix"], purpose, self._args["account"], self._args["region"]
        )

    def _bucket(self, purpose: str, *, locked: bool = False) -> s3.Bucket:
        return s3.Bucket(
            f"{self._base}-{purpose}",
            bucket=self._bucket_name(purpose),
            force_destroy=self._class == "dev" and purpose not in self._adopted,
            object_lock_enabled=locked,
            tags={
                "purpose": purpose,
                "data-class": PURPOSES[purpose].data_class if purpose in PURPOSES else "operations",
            },
            opts=self._options(purpose),
        )

    def _options(self, purpose: str) -> pulumi.ResourceOptions:
        if purpose in self._adopted:
            return adopted_options(self, self._adopted[purpose], protect=self._protected)
        return pulumi.ResourceOptions(parent=self, protect=self._protected)

    def _child(self, purpose: str) -> pulumi.ResourceOptions:
        """Return the options of a bucket's settings: those of an adopted one stay with it."""
        return pulumi.ResourceOptions(parent=self, retain_on_delete=purpose in self._adopted or None)

    def _access_logs(self) -> s3.Bucket:
        args = self._args
        bucket = self._bucket(ACCESS_LOGS)
        arn = bucket_arn(self._bucket_name(ACCESS_LOGS), args["region"])
        own = [log_delivery(args["prefix"], args["account"], args["region"], arn, sorted(self._adopted.values()))]
        self._delivery = harden_bucket(
            f"{self._base}-{ACCESS_LOGS}", bucket, arn, own, self, retain=ACCESS_LOGS in self._adopted
        )
        # S3 can't deliver logs under a customer-managed default key (S3 user guide, server access logging).
        child = self._child(ACCESS_LOGS)
        encrypt_bucket(f"{self._base}-{ACCESS_LOGS}", bucket, None, child)
        days = int(args.get("log_retention_days") or LOG_RETENTION_DAYS[self._class])
        age_bucket(f"{self._base}-{ACCESS_LOGS}", bucket, lifecycle_rules(noncurrent_kept=1, expire_after=days), child)
        return bucket

    def _data_bucket(self, purpose: str, logs: s3.Bucket) -> pulumi.Output[str]:
        args, plan = self._args, PURPOSES[purpose]
        arn = bucket_arn(self._bucket_name(purpose), args["region"])
        locked = purpose == "curated"
        bucket = self._bucket(purpose, locked=locked)
        keys = [key for key in (self._key(plan.data_class), self._key(plan.also_encrypted_as)) if key is not None]
        shared = artefact_statements(arn, members_of(args)) if purpose == "models" else []
        harden_bucket(
            f"{self._base}-{purpose}",
            bucket,
            arn,
            pulumi.Output.all(pulumi.Output.all(*keys), args.get("s3_endpoint_ids") or []).apply(
                lambda known: [
                    *refuse_other_encryption(arn, known[0]),
                    *shared,
                    *self._perimeter(purpose, arn, known[1]),
                ]
            ),
            self,
            retain=purpose in self._adopted,
        )
        name, child = f"{self._base}-{purpose}", self._child(purpose)
        encrypt_bucket(name, bucket, self._key(plan.data_class), child)
        days = int(args.get("capture_retention_days") or CAPTURE_RETENTION_DAYS[self._class])
        rules = lifecycle_rules(
            infrequent_after=plan.infrequent_after,
            noncurrent_kept=plan.noncurrent_kept,
            expire_after=days if purpose == "capture" else 0,
        )
        age_bucket(name, bucket, rules, child)
        # Delivery is allowed before logging starts.
        after_delivery = pulumi.ResourceOptions(parent=self, depends_on=[self._delivery])
        log_access(name, bucket, logs.bucket, purpose, after_delivery)
        if locked:
            mode = args.get("snapshot_lock_mode") or SNAPSHOT_LOCK_MODE[self._class]
            days = int(args.get("snapshot_lock_days") or SNAPSHOT_LOCK_DAYS[self._class])
            lock_bucket(name, bucket, mode, days, child)
        return bucket.bucket

    def _perimeter(self, purpose: str, arn: str, endpoint_ids: Sequence[str]) -> list[Statement]:
        args = self._args
        if not PURPOSES[purpose].inside_only:
            return []
        place = (args["account"], args["region"])
        services = [macie_role(*place), *recovery_roles(args["prefix"], *place)]
        exempt = [*services, *(args.get("outside_role_arns") or ())]
        writers = [capturing_roles(args["prefix"], *place)] if purpose == "capture" else []
        return inside_only(arn, endpoint_ids, exempt, writers)

    def _key(self, data_class: str) -> pulumi.Input[str] | None:
        keys: dict[str, pulumi.Input[str]] = {
            "personal": self._args["personal_key_arn"],
            "features": self._args["features_key_arn"],
            "models": self._args["models_key_arn"],
            "operations": self._args["operations_key_arn"],
        }
        return keys.get(data_class)


def _check(check: Checker[DataLakeArgs]) -> None:
    check.one_of("snapshot_lock_mode", LOCK_MODES)
    check.between("snapshot_lock_days", 1, 36500, "days (S3 DefaultRetention)")
    check.between("capture_retention_days", 1, 3650, "days")
    check.between("log_retention_days", 1, 3653, "days")
    check_members(check)
    check.matches("s3_endpoint_ids", r"vpce-[0-9a-f]{8,17}", "must be endpoint ids", "write vpce-...")
    check.arn("outside_role_arns", "iam")
    rule = "a bucket name (S3 user guide, bucket naming rules)"
    check_adopted(check, "adopted_buckets", (*PURPOSES, ACCESS_LOGS), NAME_RULES["bucket"].pattern, rule)
    for data_class in ("personal", "features", "models", "operations"):
        check.arn(f"{data_class}_key_arn", "kms")
    check_bucket_name(check, max([*PURPOSES, ACCESS_LOGS], key=len))
