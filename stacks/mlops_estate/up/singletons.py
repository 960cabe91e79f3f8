"""How what an account has one of is looked up, where `account_baseline` calls it existing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

Client = Callable[[str], Any]


@dataclass(frozen=True, slots=True)
class Singleton:
    """One singleton: its key in `account_baseline`, what is said where it is missing, and how it is looked up.

    `look` answers something false where there is none, or is refused with one of the codes in `absent`.
    """

    key: str
    missing: str
    look: Callable[[Client, str], Any]
    absent: tuple[str, ...] = ()

    def is_there(self, client: Client, account: str) -> bool:
        """Whether the account has it; refusals for other reasons are raised."""
        try:
            return bool(self.look(client, account))
        except ClientError as error:
            if error.response["Error"]["Code"] in self.absent:
                return False
            raise


def _catalog(client: Client, _account: str) -> bool:
    settings = client("glue").get_data_catalog_encryption_settings()["DataCatalogEncryptionSettings"]
    return bool(settings.get("EncryptionAtRest", {}).get("CatalogEncryptionMode", "DISABLED") != "DISABLED")


def _public_access(client: Client, account: str) -> bool:
    return all(
        client("s3control").get_public_access_block(AccountId=account)["PublicAccessBlockConfiguration"].values()
    )


def _inspector(client: Client, account: str) -> bool:
    (found,) = client("inspector2").batch_get_account_status(accountIds=[account])["accounts"]
    return bool(found["state"]["status"] == "ENABLED")


def _cost_anomaly_monitor(client: Client, _account: str) -> bool:
    monitors = client("ce").get_anomaly_monitors()["AnomalyMonitors"]
    return any(monitor.get("MonitorDimension") == "SERVICE" for monitor in monitors)


# The codes are those that the services' API references give for an account that has not enabled them.
SINGLETONS: tuple[Singleton, ...] = (
    Singleton("catalog_encryption", "the Glue catalogue is not encrypted", _catalog),
    Singleton(
        "s3_public_access_block", "the account does not block public access to all its buckets", _public_access,
        ("NoSuchPublicAccessBlockConfiguration",),
    ),
    Singleton(
        "ebs_encryption", "new EBS volumes are not encrypted by default",
        lambda client, _account: client("ec2").get_ebs_encryption_by_default()["EbsEncryptionByDefault"],
    ),
    Singleton(
        "guardduty", "GuardDuty has no detector",
        lambda client, _account: client("guardduty").list_detectors()["DetectorIds"],
    ),
    Singleton(
        "macie", "Macie is not enabled",
        lambda client, _account: client("macie2").get_macie_session()["status"] == "ENABLED",
        ("AccessDeniedException",),
    ),
    Singleton(
        "security_hub", "Security Hub is not enabled",
        lambda client, _account: client("securityhub").describe_hub()["HubArn"],
        ("InvalidAccessException", "ResourceNotFoundException"),
    ),
    Singleton("inspector", "Inspector is not enabled", _inspector),
    Singleton(
        "access_analyzer", "there is no analyser of external access",
        lambda client, _account: client("accessanalyzer").list_analyzers(type="ACCOUNT")["analyzers"],
    ),
    Singleton("cost_anomaly_monitor", "there is no monitor of what AWS services cost", _cost_anomaly_monitor),
    Singleton(
        "cloudtrail", "no trail records the region's API calls",
        lambda client, _account: client("cloudtrail").describe_trails()["trailList"],
    ),
    Singleton(
        "config_recorder", "AWS Config has no recorder in the region",
        lambda client, _account: client("config").describe_configuration_recorders()["ConfigurationRecorders"],
    ),
    Singleton(
        "config_service_role", "the account has no role of AWS Config's own",
        lambda client, _account: client("iam").get_role(RoleName="AWSServiceRoleForConfig")["Role"],
        ("NoSuchEntity",),
    ),
)  # fmt: skip
"""Every key of `account_baseline` but `default`."""
