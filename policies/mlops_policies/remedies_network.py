"""Remedies for networks and queries: what changes nothing but the fault, and leaves unknown values alone."""

from __future__ import annotations

from typing import Any

from mlops_policies.rule import Use
from mlops_policies.values import is_unknown

_NATIVE_LAUNCH_TEMPLATE = "aws-native:ec2:LaunchTemplate"
_NATIVE_WORKGROUP = "aws-native:athena:WorkGroup"


def no_public_ip(props: dict[str, Any], token: str, use: Use) -> dict[str, Any] | None:
    """Give a subnet's instances no public addresses, unless nobody knows yet whether they get some."""
    return None if is_unknown(props.get("mapPublicIpOnLaunch")) else {**props, "mapPublicIpOnLaunch": False}


def session_tokens(props: dict[str, Any], token: str, use: Use) -> dict[str, Any] | None:
    """Require session tokens in a launch template, where its metadata options are known and the service is on."""
    native = token == _NATIVE_LAUNCH_TEMPLATE
    holder = props.get("launchTemplateData") if native else props
    if not isinstance(holder, dict):
        return None
    options = holder.get("metadataOptions") or {}
    if is_unknown(options) or is_unknown(options.get("httpTokens")) or options.get("httpEndpoint") == "disabled":
        return None
    changed = {**holder, "metadataOptions": {**options, "httpTokens": "required"}}
    return {**props, "launchTemplateData": changed} if native else changed


def enforced_settings(props: dict[str, Any], token: str, use: Use) -> dict[str, Any] | None:
    """Let a workgroup's settings override those of its clients, where they say that they don't."""
    native = token == _NATIVE_WORKGROUP
    holder = "workGroupConfiguration" if native else "configuration"
    name = "enforceWorkGroupConfiguration" if native else "enforceWorkgroupConfiguration"
    settings = props.get(holder)
    if not isinstance(settings, dict) or settings.get(name) is not False:
        return None
    return {**props, holder: {**settings, name: True}}
