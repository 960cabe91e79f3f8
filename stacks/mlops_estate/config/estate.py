"""The estate-wide block: account, region, network, alerts, budget and what is kept how long."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from mlops_estate.config.adoption import AdoptBlock
from mlops_estate.config.audit import AuditBlock
from mlops_estate.config.baseline import AccountBaselineBlock, short_form_in_schema
from mlops_estate.config.budget import BudgetBlock
from mlops_estate.config.classes import Block, EnvironmentClass, by_class
from mlops_estate.config.detection import DetectionBlock
from mlops_estate.config.people import EXAMPLE, PeopleBlock
from mlops_estate.config.protection import ProtectionBlock
from mlops_estate.config.recovery import RecoveryBlock
from mlops_estate.config.retention import LogRetention
from mlops_estate.config.studio import StudioBlock
from mlops_estate.config.usage import EstateUsageBlock

AccountId = Annotated[str, Field(pattern=r"^[0-9]{12}$", examples=["123456789012"])]
Zone = Annotated[str, Field(pattern=r"^[a-z]{2}(-[a-z]+)+-[0-9]+[a-z]$", examples=["eu-west-1a"])]
Email = Annotated[str, Field(pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$", max_length=254, examples=["ml-oncall@example.com"])]
Days = Annotated[int, Field(ge=1, le=3650)]


class RegistryBlock(Block):
    """Where approved model versions are kept: one registry for all environments."""

    account: AccountId = Field(
        description="Account that owns the model registry. Only the environment in this account creates the "
        "model package groups; the others refer to them by ARN.",
        examples=["123456789012"],
    )
    prefix: str = Field(
        default="mlops",
        pattern=r"^[a-z](-?[a-z0-9])*$",
        max_length=40,
        description="Names of model package groups begin with this. Two environments in the registry's own account "
        "need two prefixes.",
    )
    member_accounts: list[AccountId] = Field(
        default_factory=list,
        max_length=50,
        description="Accounts of all environments that share the registry: they register in it and deploy from it, and "
        "read each other's model artefacts. The environment's own account and the registry's needn't be named.",
        examples=[["111122223333"]],
    )
    member_role_names: list[Annotated[str, Field(pattern=r"^[A-Za-z0-9+=,.@*_-]{1,64}$")]] = Field(
        default_factory=list,
        max_length=10,
        description="Names of the roles of those accounts that may, where `*` stands for any characters. Default: "
        "those that begin with `prefix`, whatever the environment.",
        examples=[["mlops-*"]],
    )
    organization_id: Annotated[str, Field(pattern=r"^o-[a-z0-9]{10,32}$")] | None = Field(
        default=None,
        description="AWS organisation that those accounts have to belong to. Default: any.",
        examples=["o-a1b2c3d4e5"],
    )
    repositories: list[Annotated[str, Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=40)]] = Field(
        default_factory=lambda: ["steps", "inference"],
        max_length=20,
        description="Repositories of the estate's own images, named `{registry.prefix}/...`; made in the registry's "
        "account. `steps` is that of the training pipeline's jobs (`training.steps_image`).",
        examples=[["steps"]],
    )


class NetworkBlock(Block):
    """The private network: managed here (the default), or one that you bring."""

    cidr: str | None = Field(
        default=None,
        pattern=r"^\d{1,3}(\.\d{1,3}){3}/\d{1,2}$",
        description="Address range of the managed network, /16 to /24. Default: 10.64.0.0/16.",
        examples=["10.64.0.0/16"],
    )
    vpc_id: str | None = Field(
        default=None,
        pattern=r"^vpc-[0-9a-f]{8,17}$",
        description="Bring your own network: its id. Needs `subnet_ids`; excludes `cidr`.",
        examples=["vpc-0a1b2c3d4e5f60718"],
    )
    subnet_ids: list[Annotated[str, Field(pattern=r"^subnet-[0-9a-f]{8,17}$")]] = Field(
        default_factory=list,
        max_length=16,
        description="Private subnets of the network you bring: at most 16, as SageMaker takes no more.",
        examples=[["subnet-0a1b2c3d4e5f60718"]],
    )
    security_group_ids: list[Annotated[str, Field(pattern=r"^sg-[0-9a-f]{8,17}$")]] = Field(
        default_factory=list,
        max_length=5,
        description="Security groups of the network you bring, for the workloads: at most 5. "
        "Default: one is made that only reaches the network over HTTPS.",
        examples=[["sg-0a1b2c3d4e5f60718"]],
    )
    s3_endpoint_ids: list[Annotated[str, Field(pattern=r"^vpce-[0-9a-f]{8,17}$")]] = Field(
        default_factory=list,
        max_length=10,
        description="Endpoints of S3 in the network you bring, through which its workloads reach data.",
        examples=[["vpce-0a1b2c3d4e5f60718"]],
    )
    flow_log_retention_days: LogRetention = by_class(
        30, 90, 365, description="Days for which flow logs of the managed network are kept: CloudWatch's own choices."
    )

    @property
    def managed(self) -> bool:
        """Whether the estate makes the network itself."""
        return self.vpc_id is None


class AlertsBlock(Block):
    """Who is told, by severity."""

    critical: list[Email] = Field(
        default_factory=list,
        description="Mail addresses for what needs a person now: failing endpoints, rollbacks.",
        examples=[["ml-oncall@example.com"]],
    )
    warning: list[Email] = Field(
        default_factory=list,
        description="Mail addresses for what needs a look today: drift, a budget about to be spent.",
        examples=[["ml-platform@example.com"]],
    )
    info: list[Email] = Field(
        default_factory=list,
        description="Mail addresses for what is good to know: releases, approvals.",
        examples=[["ml-platform@example.com"]],
    )


class KeysBlock(Block):
    """Customer-managed keys: one per data class, and one that signs."""

    deletion_window_days: int = by_class(
        7, 14, 30, ge=7, le=30, description="Days between a key's scheduled deletion and its deletion (AWS: 7 to 30)."
    )
    rotation_days: int = Field(
        default=365,
        ge=90,
        le=2560,
        description="Days between two automatic rotations of key material (AWS: 90 to 2560). The key that signs is "
        "not rotated: KMS doesn't rotate asymmetric keys.",
    )


class StorageBlock(Block):
    """How long data is locked and kept."""

    snapshot_lock_mode: Literal["GOVERNANCE", "COMPLIANCE"] = by_class(
        "GOVERNANCE",
        "GOVERNANCE",
        "COMPLIANCE",
        description="Object Lock of dataset snapshots: GOVERNANCE can be lifted by a privileged role, "
        "COMPLIANCE by nobody.",
    )
    snapshot_lock_days: int = by_class(
        1, 30, 365, ge=1, le=36500, description="Days for which a dataset snapshot can't be changed or deleted."
    )
    capture_retention_days: int = by_class(
        14, 30, 90, ge=1, le=3650, description="Days for which captured requests and answers are kept."
    )
    log_retention_days: int = by_class(30, 90, 400, ge=1, le=3653, description="Days for which access logs are kept.")


class EstateBlock(Block):
    """Everything that the models of an environment share."""

    environment_class: EnvironmentClass = Field(
        description="What the environment is for; decides every default marked by class. "
        "Default: the environment's own name, where that is dev, staging or prod.",
        examples=["dev"],
    )
    account: AccountId = Field(
        description="AWS account of the environment; the providers refuse any other.", examples=["123456789012"]
    )
    region: str = Field(description="AWS region of the environment.", examples=["eu-west-1"])
    zones: list[Zone] = Field(
        min_length=1,
        max_length=6,
        description="Availability zones for private subnets, of the region. Each costs one interface "
        "endpoint per service.",
        examples=[["eu-west-1a"]],
    )
    registry: RegistryBlock = Field(description="The model registry.", examples=[{"account": "123456789012"}])
    people: PeopleBlock = Field(description="Who may take which persona; required.", examples=[EXAMPLE])
    prefix: str = Field(
        default="mlops-{environment}",
        pattern=r"^([a-z0-9-]|\{environment\})+$",
        max_length=63,
        description="Names begin with this; `{environment}` stands for the environment's name.",
    )
    owner: str = Field(
        default="ml-platform",
        pattern=r"^[A-Za-z0-9 .:/=+@_-]+$",
        max_length=256,
        description="Value of the tag `owner` on every resource.",
    )
    runbooks: Annotated[str, Field(pattern=r"^https://[A-Za-z0-9.:/=+@_-]+$", max_length=190)] | None = Field(
        default=None,
        description="Address under which each model has its runbook: the tag `runbook-url` on what belongs to a model "
        "is this and the model's name. Default: no such tag; the policies ask for it in prod.",
        examples=["https://runbooks.example.com/mlops"],
    )
    network: NetworkBlock = Field(default_factory=NetworkBlock, description="The private network.")
    alerts: AlertsBlock = Field(default_factory=AlertsBlock, description="Who is told, by severity.")
    budget: BudgetBlock = Field(default_factory=BudgetBlock, description="What the environment may cost.")
    keys: KeysBlock = Field(default_factory=KeysBlock, description="Customer-managed keys.")
    storage: StorageBlock = Field(default_factory=StorageBlock, description="How long data is locked and kept.")
    studio: StudioBlock = Field(default_factory=StudioBlock, description="Where people work with data.")
    recovery: RecoveryBlock = Field(
        default_factory=RecoveryBlock, description="How much may be lost and for how long, and the backups for that."
    )
    protection: ProtectionBlock = Field(
        default_factory=ProtectionBlock, description="How data is protected beyond keys, locks and retention."
    )
    audit: AuditBlock = Field(default_factory=AuditBlock, description="What is recorded for an auditor.")
    account_baseline: AccountBaselineBlock = Field(
        default_factory=AccountBaselineBlock,
        description="Everything of which an account has only one per region: create, existing or off for all of it, "
        "or a block that says so one by one.",
        examples=["existing"],
        json_schema_extra=short_form_in_schema,
    )
    adopt: AdoptBlock = Field(
        default_factory=AdoptBlock,
        description="What is there already and is taken over by import; see docs/reference/adoption.md.",
    )
    detection: DetectionBlock = Field(
        default_factory=DetectionBlock, description="What the account's detective controls look for, and how often."
    )
    delivery_role_arns: list[Annotated[str, Field(pattern=r"^arn:aws:iam::[0-9]{12}:role/.+$")]] = Field(
        default_factory=list,
        max_length=10,
        description="Roles, beside the environment's own, that may use its keys: the one that deploys.",
        examples=[["arn:aws:iam::123456789012:role/mlops-delivery"]],
    )
    permissions_boundary_arn: Annotated[str, Field(pattern=r"^arn:aws:iam::[0-9]{12}:policy/.+$")] | None = Field(
        default=None,
        description="Policy that caps every role of the environment; the delivery role of `bootstrap/` makes no role "
        "without its own.",
        examples=["arn:aws:iam::123456789012:policy/mlops-bootstrap-boundary"],
    )
    usage: EstateUsageBlock = Field(
        default_factory=EstateUsageBlock, description="How much the environment is used, for estimates of its cost."
    )
    protect: bool = by_class(
        False, True, True, description="Whether stateful resources (buckets, keys, feature groups) refuse deletion."
    )

    @property
    def member_role_names(self) -> list[str]:
        """Patterns of the names of the roles that may come from the other accounts."""
        return self.registry.member_role_names or [f"{self.prefixes}-*".replace("*-*", "*")]

    @property
    def prefixes(self) -> str:
        """The pattern of the prefixes of all environments that share this one's template."""
        return self.prefix.replace("{environment}", "*")

    @property
    def other_accounts(self) -> list[str]:
        """Accounts of the other environments that share the registry, in ascending order."""
        return sorted({self.registry.account, *self.registry.member_accounts} - {self.account})
