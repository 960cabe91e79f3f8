"""SageMaker Studio: the domain and the people's profiles."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mlops_estate.embedded.driver.adoption import domain_as_inputs
from mlops_estate.embedded.driver.mapping import At
from mlops_estate.embedded.driver.operations import Adoption, Inputs, Operations, Place

ARN = "arn:aws:sagemaker:{region}:{account}"


def _domain_update(inputs: dict[str, Any], _place: Place) -> dict[str, Any]:
    """An update calls the domain's own settings by another name (UpdateDomain, DomainSettingsForUpdate)."""
    kept = {key: At(value, key) for key, value in inputs.items()}
    if "domainSettings" in kept:
        kept["domainSettingsForUpdate"] = kept.pop("domainSettings")
    return kept


def _domain_deletion(inputs: Inputs, keys: Mapping[str, Any]) -> dict[str, Any]:
    """Home directories stay unless it is said that they go (DeleteDomain, RetentionPolicy)."""
    kept = (inputs.get("retentionPolicy") or {}).get("homeEfsFileSystem") or "Retain"
    return {
        "DomainId": keys["DomainId"],
        "RetentionPolicy": {"HomeEfsFileSystem": At(kept, "retentionPolicy.homeEfsFileSystem")},
    }


ROWS = {
    "aws:sagemaker/domain:Domain": Operations(
        "sagemaker", "CreateDomain", "DescribeDomain", "DeleteDomain", "UpdateDomain",
        keys={"DomainId": "response.DomainId"}, id="{DomainId}",
        drop=("retentionPolicy",),  # used when the domain is deleted
        update_before=_domain_update,
        delete_before=_domain_deletion,
        outputs={"arn": ARN + ":domain/{DomainId}"},
        unread=("Tags",), why_unread="DescribeDomain shows no tags",
        adoption=Adoption("DomainId", domain_as_inputs),
    ),
    "aws:sagemaker/userProfile:UserProfile": Operations(
        "sagemaker", "CreateUserProfile", "DescribeUserProfile", "DeleteUserProfile", "UpdateUserProfile",
        keys={"DomainId": "params.DomainId", "UserProfileName": "params.UserProfileName"},
        id=ARN + ":user-profile/{DomainId}/{UserProfileName}",
        outputs={"arn": ARN + ":user-profile/{DomainId}/{UserProfileName}"},
        unread=("Tags",), why_unread="DescribeUserProfile shows no tags",
    ),
}  # fmt: skip
