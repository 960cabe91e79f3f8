"""Records of feature groups: the latest online, and all of them in the offline store's bucket (`offline`).

Source: SageMaker API Reference, Amazon SageMaker Feature Store Runtime; Developer Guide, Delete records.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Mapping
from typing import Any

from moto.core.base_backend import BackendDict, BaseBackend

from mlops_estate.embedded.backends.derived import derived_backends
from mlops_estate.embedded.backends.feature_store_runtime.offline import append

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
        self.deleted: dict[str, dict[str, float]] = {}
        """Event times of soft deletions, by group and identifier: older records stay out of the online store."""

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
            at = moment(values[when])
            if at >= self._latest(name, identifier, when):
                self.online.setdefault(name, {})[identifier] = values
                self.deleted.get(name, {}).pop(identifier, None)
        if "OfflineStore" in stores and group.get("OfflineStoreConfig"):
            append(self, group, values, moment(values[when]))

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

    def delete(
        self, name: str, identifier: str, event_time: str, target_stores: list[str] | None, *, hard: bool = False
    ) -> None:
        """Delete a record online, softly or for good, and note it offline; one with a later event time stays.

        A soft deletion keeps its event time, so that an older record doesn't come back; one for good keeps nothing.
        """
        group = self.group(name)
        name, when = group["FeatureGroupName"], group["EventTimeFeatureName"]
        stores, at = set(target_stores or ["OnlineStore", "OfflineStore"]), moment(event_time)
        if "OnlineStore" in stores and at >= self._latest(name, identifier, when):
            self.online.get(name, {}).pop(identifier, None)
            marks = self.deleted.setdefault(name, {})
            marks.pop(identifier, None)
            if not hard:
                marks[identifier] = at
        if "OfflineStore" in stores and group.get("OfflineStoreConfig"):
            gone = {group["RecordIdentifierFeatureName"]: identifier, when: event_time}
            append(self, group, gone, at, deleted=True)

    def _latest(self, name: str, identifier: str, when: str) -> float:
        """Return the event time of what stands online of an identifier, a record or a soft deletion."""
        standing = self.online.get(name, {}).get(identifier)
        if standing is not None:
            return moment(standing[when])
        return self.deleted.get(name, {}).get(identifier, float("-inf"))

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


def moment(value: str) -> float:
    """Return an event time as seconds since 1970."""
    if NUMBER.fullmatch(value):
        return float(value)
    return datetime.datetime.fromisoformat(value.replace("Z", "+00:00")).timestamp()


sagemakerfeaturestoreruntime_backends = BackendDict(FeatureStoreRuntimeBackend, "sagemaker")
