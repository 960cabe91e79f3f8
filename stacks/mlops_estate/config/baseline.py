"""What an AWS account has only one of: made here, by another stack or landing zone, or not at all."""

from __future__ import annotations

from typing import Any, Literal, get_args

from pydantic import Field, model_validator

from mlops_estate.config.classes import Block, by_class

Mode = Literal["create", "existing", "off"]
"""create: this stack makes it; existing: it is there already and is used; off: the estate does without."""


def short_form_in_schema(schema: dict[str, Any]) -> None:
    """Let the JSON Schema of the field take one word in the place of the block."""
    schema["anyOf"] = [{"enum": list(get_args(Mode))}, {"$ref": schema.pop("$ref")}]


class AccountBaselineBlock(Block):
    """Everything of which an account has only one per region; `account_baseline: create` is short for `default`."""

    default: Mode = Field(
        default="existing",
        description="What holds for each key below that is not given: create (this stack makes it), existing (another "
        "stack or a landing zone made it) or off (the estate does without).",
        examples=["existing"],
    )
    catalog_encryption: Mode | None = Field(
        default=None, description="Encryption of the account's Glue catalogue. Default: `default`."
    )
    s3_public_access_block: Mode | None = Field(
        default=None, description="Block of public access to every bucket of the account. Default: `default`."
    )
    ebs_encryption: Mode | None = Field(
        default=None, description="Encryption of every new EBS volume of the region. Default: `default`."
    )
    guardduty: Mode | None = Field(default=None, description="GuardDuty's detector. Default: `default`.")
    macie: Mode | None = by_class(
        "off",
        None,
        None,
        description="Macie's session. The environment's own job over records of people goes with create and existing. "
        "Default: off in dev, else `default`.",
    )
    security_hub: Mode | None = Field(
        default=None, description="Security Hub CSPM, with its standards. Default: `default`."
    )
    inspector: Mode | None = Field(
        default=None, description="Inspector's scans, and the image registry's use of them. Default: `default`."
    )
    access_analyzer: Mode | None = Field(
        default=None,
        description="IAM Access Analyzer's analyser of external access: an account may have one. Default: `default`.",
    )
    cost_anomaly_monitor: Mode | None = Field(
        default=None,
        description="Cost Anomaly Detection's monitor of AWS services: an account may have one, and new accounts come "
        "with it. With existing, `budget.anomaly_monitor_arn` is subscribed to. Default: `default`.",
    )
    cloudtrail: Mode | None = Field(
        default=None,
        description="The account's trail. With existing, audit queries read `audit.existing_trail_uri`. "
        "Default: `default`.",
    )
    config_recorder: Mode | None = Field(
        default=None, description="The region's AWS Config recorder and delivery channel. Default: `default`."
    )
    config_service_role: Mode | None = Field(
        default=None,
        description="AWS Config's service-linked role, which an account keeps once it used AWS Config: create or "
        "existing. Default: `default`.",
    )

    @model_validator(mode="before")
    @classmethod
    def _short_form(cls, given: Any) -> Any:
        """Take one word for all of it."""
        return {"default": given} if isinstance(given, str) else given

    def mode(self, singleton: str) -> Mode:
        """Return what holds for one singleton, named by its key here."""
        own: Mode | None = getattr(self, singleton)
        return own or self.default
