"""Glue and Athena: `aws-native` names of what the `aws` provider has."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mlops_policies.tokens import Alias
from mlops_policies.values import is_unknown


def _lifted(holder: str, *names: str) -> tuple[dict[str, str], Callable[[dict[str, Any]], dict[str, Any]]]:
    """Return the renames and the turn that take properties out of the object natively around them."""

    def turn(props: dict[str, Any]) -> dict[str, Any]:
        inner = props.get(holder)
        if is_unknown(inner):
            return {**props, **dict.fromkeys(names, inner)}
        return {**props, **{name: value for name, value in (inner or {}).items() if name in names}}

    return {f"{holder}.{name}": name for name in names}, turn


def _security_configuration(props: dict[str, Any]) -> dict[str, Any]:
    encryption = props.get("encryptionConfiguration")
    if not isinstance(encryption, dict):
        return props
    logs = encryption.get("cloudWatchEncryption")
    turned = {
        "s3Encryption": encryption.get("s3Encryptions"),
        "cloudwatchEncryption": {"cloudwatchEncryptionMode": logs.get("cloudWatchEncryptionMode")}
        if isinstance(logs, dict)
        else logs,
        "jobBookmarksEncryption": encryption.get("jobBookmarksEncryption"),
    }
    return {**props, "encryptionConfiguration": turned}


def _workgroup(props: dict[str, Any]) -> dict[str, Any]:
    settings = props.get("configuration")
    if not isinstance(settings, dict) or "enforceWorkGroupConfiguration" not in settings:
        return props
    turned = {**settings, "enforceWorkgroupConfiguration": settings["enforceWorkGroupConfiguration"]}
    return {**props, "configuration": turned}


_CONNECTION = _lifted(
    "connectionInput", "name", "connectionType", "connectionProperties", "authenticationConfiguration"
)
_TABLE = _lifted("tableInput", "name", "tableType", "parameters", "storageDescriptor")

ALIASES: dict[str, Alias] = {
    "aws-native:glue:Job": Alias("aws:glue/job:Job", {"role": "roleArn"}),
    "aws-native:glue:Crawler": Alias(
        "aws:glue/crawler:Crawler", {"crawlerSecurityConfiguration": "securityConfiguration"}
    ),
    "aws-native:glue:SecurityConfiguration": Alias(
        "aws:glue/securityConfiguration:SecurityConfiguration", {}, _security_configuration
    ),
    "aws-native:glue:DataCatalogEncryptionSettings": Alias(
        "aws:glue/dataCatalogEncryptionSettings:DataCatalogEncryptionSettings"
    ),
    "aws-native:glue:Connection": Alias("aws:glue/connection:Connection", *_CONNECTION),
    "aws-native:glue:MlTransform": Alias("aws:glue/mLTransform:MLTransform"),
    "aws-native:glue:DataQualityRuleset": Alias("aws:glue/dataQualityRuleset:DataQualityRuleset"),
    "aws-native:glue:Table": Alias("aws:glue/catalogTable:CatalogTable", *_TABLE),
    "aws-native:athena:WorkGroup": Alias(
        "aws:athena/workgroup:Workgroup", {"workGroupConfiguration": "configuration"}, _workgroup
    ),
}
