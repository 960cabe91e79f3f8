"""Records of feature groups, by group and record identifier; the offline store is written to S3 as JSON lines.

The service writes Parquet some minutes later; here a record is in the offline store at once.
Source: SageMaker API Reference, Amazon SageMaker Feature Store Runtime; Developer Guide, Offline store data format.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Mapping
from typing import Any

from moto.core.base_backend import BackendDict, BaseBackend

from mlops_estate.embedded.backends.derived import derived_backends

ISO = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,9})?Z")
NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?")


class RecordRefused(Exception):  # noqa: N818 -- the service's own answer
    """The service refuses a request."""

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.code, self.status = code, status


class FeatureStoreRuntimeBackend(BaseBackend):
    """The records of one account and region."""

    def __init__(self, region_name: str, account_id: str) -> None:
        super().__init__(region_name, account_id)
        self.online: dict[str, dict[str, dict[str, str]]] = {}
        self.offline: dict[str, list[dict[str, str]]] = {}

    def group(self, name: str) -> dict[str, Any]:
        """Return a group's description, by its name or ARN."""
        rows = derived_backends[self.account_id][self.region_name].rows.get("FeatureGroup", {})
        found: dict[str, Any] | None = rows.get((name.rsplit("/", 1)[-1],))
        if found is None:
            raise RecordRefused("ResourceNotFound", f"Feature group {name} does not exist", 404)
        return found

    def put(self, name: str, record: list[Mapping[str, Any]], target_stores: list[str] | None) -> None:
        """Store a record; its features must be defined, and the latest event time wins online."""
        group = self.group(name)
        values = {item["FeatureName"]: str(item["ValueAsString"]) for item in record if "ValueAsString" in item}
        self._check(group, values)
        name, identifier = group["FeatureGroupName"], values[group["RecordIdentifierFeatureName"]]
        when = group["EventTimeFeatureName"]
        stores = set(target_stores or ["OnlineStore", "OfflineStore"])
        if "OnlineStore" in stores and (group.get("OnlineStoreConfig") or {}).get("EnableOnlineStore"):
            records = self.online.setdefault(name, {})
            standing = records.get(identifier)
            if standing is None or _moment(values[when]) >= _moment(standing[when]):
                records[identifier] = values
        if "OfflineStore" in stores and group.get("OfflineStoreConfig"):
            self.offline.setdefault(name, []).append(values)

    def get(self, name: str, identifier: str, features: list[str] | None) -> dict[str, Any]:
        """Return a record of the online store; nothing where there is none."""
        group = self.group(name)
        if not (group.get("OnlineStoreConfig") or {}).get("EnableOnlineStore"):
            raise RecordRefused("ValidationError", f"Feature group {name} has no online store")
        values = self.online.get(group["FeatureGroupName"], {}).get(identifier)
        if values is None:
            return {}
        return {"Record": [{"FeatureName": key, "ValueAsString": value} for key, value in values.items()
                           if not features or key in features]}  # fmt: skip

    def delete(self, name: str, identifier: str, _event_time: str) -> None:
        """Delete a record from the online store."""
        group = self.group(name)
        self.online.get(group["FeatureGroupName"], {}).pop(identifier, None)

    def batch(self, identifiers: list[Mapping[str, Any]]) -> dict[str, Any]:
        """Return records of several groups, with an error beside each that is refused."""
        records, errors = [], []
        for wanted in identifiers:
            for identifier in wanted["RecordIdentifiersValueAsString"]:
                where = {"FeatureGroupName": wanted["FeatureGroupName"], "RecordIdentifierValueAsString": identifier}
                try:
                    found = self.get(wanted["FeatureGroupName"], identifier, wanted.get("FeatureNames"))
                except RecordRefused as refused:
                    errors.append({**where, "ErrorCode": refused.code, "ErrorMessage": str(refused)})
                    continue
                if found:
                    records.append({**where, **found})
        return {"Records": records, "Errors": errors, "UnprocessedIdentifiers": []}

    def _check(self, group: Mapping[str, Any], values: Mapping[str, str]) -> None:
        types = {item["FeatureName"]: item["FeatureType"] for item in group["FeatureDefinitions"]}
        for needed in (group["RecordIdentifierFeatureName"], group["EventTimeFeatureName"]):
            if not values.get(needed):
                raise RecordRefused("ValidationError", f"Missing required feature {needed}")
        for name, value in values.items():
            if name not in types:
                raise RecordRefused("ValidationError", f"Feature {name} is not defined in {group['FeatureGroupName']}")
            if types[name] == "Integral" and not re.fullmatch(r"[+-]?\d+", value):
                raise RecordRefused("ValidationError", f"Feature {name} is Integral, {value!r} is not")
            if types[name] == "Fractional" and not NUMBER.fullmatch(value):
                raise RecordRefused("ValidationError", f"Feature {name} is Fractional, {value!r} is not")
        when = group["EventTimeFeatureName"]
        if types[when] == "String" and not ISO.fullmatch(values[when]):
            raise RecordRefused(
                "ValidationError", f"Event time {values[when]!r} is not ISO-8601 (yyyy-MM-dd'T'HH:mm:ssZ)"
            )


def _moment(value: str) -> float:
    if NUMBER.fullmatch(value):
        return float(value)
    return datetime.datetime.fromisoformat(value.replace("Z", "+00:00")).timestamp()


sagemakerfeaturestoreruntime_backends = BackendDict(FeatureStoreRuntimeBackend, "sagemaker")
