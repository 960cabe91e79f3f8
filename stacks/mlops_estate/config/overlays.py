"""Changes to raw configuration that commands make for one run, and say that they make."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any


def overlay_account(estate_raw: Mapping[str, Any], account_id: str) -> dict[str, Any]:
    """Return the estate block with the environment and the registry both in `account_id`, and ARNs of its own too."""
    estate: dict[str, Any] = _moved(dict(estate_raw), f":{estate_raw.get('account')}:", f":{account_id}:")
    estate["account"] = account_id
    estate["registry"] = {**estate.get("registry", {}), "account": account_id}
    return estate


def _moved(value: Any, before: str, after: str) -> Any:
    """Return a copy of a value with every ARN in it moved from one account to another."""
    if isinstance(value, dict):
        return {key: _moved(item, before, after) for key, item in value.items()}
    if isinstance(value, list):
        return [_moved(item, before, after) for item in value]
    return value.replace(before, after, 1) if isinstance(value, str) and value.startswith("arn:") else value


BROUGHT = ("vpc_id", "subnet_ids", "security_group_ids", "s3_endpoint_ids")


def overlay_network(estate_raw: Mapping[str, Any]) -> dict[str, Any]:
    """Return the estate block with a managed network in the place of one that is brought: no other account has it."""
    estate = copy.deepcopy(dict(estate_raw))
    network = {key: value for key, value in (estate.get("network") or {}).items() if key not in BROUGHT}
    estate.pop("network", None)
    return {**estate, "network": network} if network else estate


def overlay_versions(models_raw: Mapping[str, Any], versions: Mapping[str, int | None]) -> dict[str, Any]:
    """Return the models with each version in `versions` pinned; None removes the pin and `previous` with it.

    Models that `versions` doesn't name stay as they are. Raises KeyError for a name that is no model.
    """
    models = copy.deepcopy(dict(models_raw))
    for name, version in versions.items():
        if name not in models:
            raise KeyError(f"no model named {name}; there are {', '.join(models) or 'none'}")
        release = dict(models[name].get("release") or {})
        if version is None:
            release.pop("version", None)
            release.pop("previous", None)
        else:
            release["version"] = version
        if release:
            models[name]["release"] = release
        else:
            models[name].pop("release", None)
    return models
