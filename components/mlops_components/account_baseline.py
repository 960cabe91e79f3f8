"""Account baseline: settings that an account has once per region, or once, whoever uses it."""

from typing import NotRequired, TypedDict

import pulumi
from pulumi_aws import ebs, s3

from mlops_components.validation import Checker

MODES = ("create", "existing", "off")


class AccountBaselineArgs(TypedDict):
    """Inputs of `AccountBaseline`."""

    account: str
    """AWS account id of the environment, 12 digits."""
    s3_public_access_block: NotRequired[str]
    """Block of public access to every bucket of the account: create (set it here), existing (another stack or a landing
    zone does) or off. Default: existing."""
    ebs_encryption: NotRequired[str]
    """Encryption of every new EBS volume of the region, with the account's default key: create, existing or off.
    Default: existing."""


class AccountBaseline(pulumi.ComponentResource):
    """The account's settings that are asked for, set for everything in it; the others are left alone."""

    created: pulumi.Output[list[str]]
    """Settings that are set here, by the names of the arguments."""

    def __init__(self, name: str, args: AccountBaselineArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        check = Checker("AccountBaseline", name, args, AccountBaselineArgs)
        for setting in ("s3_public_access_block", "ebs_encryption"):
            check.one_of(setting, MODES)
        check.finish()
        super().__init__("mlops:index:AccountBaseline", name, {**args}, opts)
        child = pulumi.ResourceOptions(parent=self)
        created = []
        if args.get("s3_public_access_block") == "create":
            created.append("s3_public_access_block")
            s3.AccountPublicAccessBlock(
                f"{name}-public-access",
                account_id=args["account"],
                block_public_acls=True,
                block_public_policy=True,
                ignore_public_acls=True,
                restrict_public_buckets=True,
                opts=child,
            )
        if args.get("ebs_encryption") == "create":
            created.append("ebs_encryption")
            ebs.EncryptionByDefault(f"{name}-ebs", enabled=True, opts=child)
        self.created = pulumi.Output.from_input(created)
        self.register_outputs({"created": self.created})
