"""State backend: where Pulumi keeps an account's state and encrypts its secrets."""

from collections.abc import Mapping, Sequence
from typing import Any, NotRequired, TypedDict

import pulumi
from pulumi_aws import kms, s3

from mlops_components.buckets import (
    ACCESS_LOGS,
    age_bucket,
    bucket_name,
    check_bucket_name,
    encrypt_bucket,
    harden_bucket,
    lifecycle_rules,
    log_access,
    log_delivery,
    refuse_other_encryption,
)
from mlops_components.documents import account_root, bucket_arn, dns_suffix, policy, statement
from mlops_components.encryption_keys import ADMINISTER, ROTATION_DAYS
from mlops_components.validation import Checker

STATE = "state"
HISTORY_DAYS = 365
LOG_RETENTION_DAYS = 400
DELETION_WINDOW_DAYS = 30
_KEYS: Mapping[str, str] = {"state": "Pulumi's state", "secrets": "secrets in Pulumi's state and configuration"}


class StateBackendArgs(TypedDict):
    """Inputs of `StateBackend`."""

    prefix: str
    """Start of every name, such as `mlops-bootstrap`; not the prefix of an environment."""
    account: str
    """AWS account id whose state it holds, 12 digits."""
    region: str
    """AWS region code."""
    user_arns: list[str]
    """ARNs of the account's roles and users that may use both keys: the delivery role and whoever deploys by hand.
    A `*` may stand for the end of a name, as in roles of IAM Identity Center."""
    history_days: NotRequired[int]
    """Days for which a superseded version of the state is kept. Default: 365."""
    log_retention_days: NotRequired[int]
    """Days for which access logs are kept. Default: 400."""
    deletion_window_days: NotRequired[int]
    """Days between scheduling a key's deletion and losing it, 7 to 30. Default: 30."""
    protect: NotRequired[bool]
    """Whether Pulumi refuses to delete buckets and keys. Default: true."""


class StateBackend(pulumi.ComponentResource):
    """A bucket for state with its access logs, and two rotated keys: one for the bucket, one for secrets.

    Both buckets: versioned, public access blocked, no ACLs, TLS only, never emptied by Pulumi. No Object Lock: Pulumi
    rewrites the current state and deletes its own lock files, which a lock would refuse; versions keep the history.
    """

    state_bucket: pulumi.Output[str]
    """Name of the state bucket."""
    access_logs_bucket: pulumi.Output[str]
    """Name of the bucket of its access logs."""
    state_key_arn: pulumi.Output[str]
    """ARN of the key that encrypts the state bucket."""
    secrets_key_arn: pulumi.Output[str]
    """ARN of the key that encrypts secrets."""
    login_url: pulumi.Output[str]
    """What `pulumi login` takes."""
    secrets_provider: pulumi.Output[str]
    """What `pulumi stack init --secrets-provider` takes."""

    def __init__(self, name: str, args: StateBackendArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        checked(name, args).finish()
        super().__init__("mlops:index:StateBackend", name, {**args}, opts)
        self._base, self._args = name, args
        protect = args.get("protect")
        self._child = pulumi.ResourceOptions(parent=self)
        self._kept = pulumi.ResourceOptions(parent=self, protect=True if protect is None else protect)
        keys = {purpose: self._key(purpose, what) for purpose, what in _KEYS.items()}
        alias = kms.Alias(
            f"{name}-secrets-alias",
            name=f"alias/{args['prefix']}-secrets",
            target_key_id=keys["secrets"].key_id,
            opts=self._child,
        )
        logs, delivery = self._access_logs()
        bucket = self._state(keys["state"], logs, delivery)
        region = args["region"]
        self.state_bucket = bucket.bucket
        self.access_logs_bucket = logs.bucket
        self.state_key_arn = keys["state"].arn
        self.secrets_key_arn = keys["secrets"].arn
        self.login_url = pulumi.Output.concat("s3://", bucket.bucket, f"?region={region}")
        self.secrets_provider = pulumi.Output.concat("awskms://", alias.name, f"?region={region}")
        self.register_outputs(
            {
                "state_bucket": self.state_bucket,
                "access_logs_bucket": self.access_logs_bucket,
                "state_key_arn": self.state_key_arn,
                "secrets_key_arn": self.secrets_key_arn,
                "login_url": self.login_url,
                "secrets_provider": self.secrets_provider,
            }
        )

    def _key(self, purpose: str, what: str) -> kms.Key:
        args = self._args
        return kms.Key(
            f"{self._base}-{purpose}-key",
            description=f"{args['prefix']}: {what}",
            deletion_window_in_days=int(args.get("deletion_window_days") or DELETION_WINDOW_DAYS),
            enable_key_rotation=True,
            rotation_period_in_days=ROTATION_DAYS,
            policy=key_policy(purpose, args["account"], args["region"], args["user_arns"]),
            tags={"purpose": purpose},
            opts=self._kept,
        )

    def _bucket(self, purpose: str) -> tuple[s3.Bucket, str]:
        args = self._args
        name = bucket_name(args["prefix"], purpose, args["account"], args["region"])
        bucket = s3.Bucket(
            f"{self._base}-{purpose}", bucket=name, force_destroy=False, tags={"purpose": purpose}, opts=self._kept
        )
        return bucket, bucket_arn(name, args["region"])

    def _access_logs(self) -> tuple[s3.Bucket, s3.BucketPolicy]:
        args = self._args
        bucket, arn = self._bucket(ACCESS_LOGS)
        own = [log_delivery(args["prefix"], args["account"], args["region"])]
        delivery = harden_bucket(f"{self._base}-{ACCESS_LOGS}", bucket, arn, own, self)
        # S3 can't deliver logs under a customer-managed default key (S3 user guide, server access logging).
        encrypt_bucket(f"{self._base}-{ACCESS_LOGS}", bucket, None, self._child)
        days = int(args.get("log_retention_days") or LOG_RETENTION_DAYS)
        rules = lifecycle_rules(noncurrent_kept=1, expire_after=days)
        age_bucket(f"{self._base}-{ACCESS_LOGS}", bucket, rules, self._child)
        return bucket, delivery

    def _state(self, key: kms.Key, logs: s3.Bucket, delivery: s3.BucketPolicy) -> s3.Bucket:
        bucket, arn = self._bucket(STATE)
        own = key.arn.apply(lambda known: refuse_other_encryption(arn, [known]))
        name = f"{self._base}-{STATE}"
        harden_bucket(name, bucket, arn, own, self)
        encrypt_bucket(name, bucket, key.arn, self._child)
        days = int(self._args.get("history_days") or HISTORY_DAYS)
        age_bucket(name, bucket, lifecycle_rules(noncurrent_kept=days), self._child)
        # Delivery is allowed before logging starts.
        log_access(name, bucket, logs.bucket, STATE, pulumi.ResourceOptions(parent=self, depends_on=[delivery]))
        return bucket


def checked(name: str, args: StateBackendArgs) -> Checker[StateBackendArgs]:
    """Return the checker of a state backend's arguments, with whatever faults it found."""
    check = Checker("StateBackend", name, args, StateBackendArgs)
    check.between("history_days", 1, 3650, "days")
    check.between("log_retention_days", 1, 3653, "days")
    check.between("deletion_window_days", 7, 30, "days (KMS ScheduleKeyDeletion, PendingWindowInDays)")
    check_bucket_name(check, ACCESS_LOGS)
    account = check.plain("account")
    if check.plain("user_arns") == []:
        check.fault("user_arns", [], "must name who uses the keys, or nobody can deploy", "give the delivery role")
    if account:
        check.matches(
            "user_arns", rf"arn:aws[a-z-]*:iam::{account}:(role|user)/[\w+=,.@/-]+\*?",
            f"must be the ARN of a role or user of account {account}, with a * only at its end",
            f"use arn:aws:iam::{account}:role/NAME",
        )  # fmt: skip
    return check


def key_policy(purpose: str, account: str, region: str, user_arns: Sequence[str]) -> str:
    """Return the policy of the key for `state` or for `secrets`: the account administers, only users use.

    Resource `*` in a key policy is that key. No role is named as principal, so that one made later is found.
    """
    root = {"AWS": account_root(account, region)}
    condition: dict[str, dict[str, Any]] = {"ArnLike": {"aws:PrincipalArn": sorted(user_arns)}}
    if purpose == STATE:
        condition["StringEquals"] = {"kms:ViaService": f"s3.{region}.{dns_suffix(region)}"}
    use = ["kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey"]
    return policy(
        [
            statement("AdministerByAccount", ADMINISTER, ["*"], principal=root),
            statement("UseByThoseWhoDeploy", use, ["*"], principal=root, condition=condition),
        ]
    )
