"""Requests to the feature store's run time."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import unquote

from moto.core.common_types import TYPE_RESPONSE
from moto.core.responses import BaseResponse

from mlops_estate.embedded.backends.feature_store_runtime.models import (
    FeatureStoreRuntimeBackend,
    RecordRefused,
    sagemakerfeaturestoreruntime_backends,
)


class FeatureStoreRuntimeResponse(BaseResponse):
    """One request."""

    def __init__(self) -> None:
        super().__init__(service_name="sagemaker-featurestore-runtime")

    @property
    def backend(self) -> FeatureStoreRuntimeBackend:
        """The records of the request's account and region."""
        found: FeatureStoreRuntimeBackend = sagemakerfeaturestoreruntime_backends[self.current_account][self.region]
        return found

    def put_record(self) -> TYPE_RESPONSE:
        """Store a record in the group's stores."""
        body = json.loads(self.body)
        return self._answer(lambda: self.backend.put(self._group(), body["Record"], body.get("TargetStores")))

    def get_record(self) -> TYPE_RESPONSE:
        """Return the latest record of an identifier from the online store."""
        identifier = self.querystring["RecordIdentifierValueAsString"][0]
        features = self.querystring.get("FeatureName")
        return self._answer(lambda: self.backend.get(self._group(), identifier, features))

    def delete_record(self) -> TYPE_RESPONSE:
        """Delete a record from the group's stores."""
        identifier = self.querystring["RecordIdentifierValueAsString"][0]
        when = self.querystring["EventTime"][0]
        hard = self.querystring.get("DeletionMode", ["SoftDelete"])[0] == "HardDelete"
        stores = self.querystring.get("TargetStores")
        return self._answer(lambda: self.backend.delete(self._group(), identifier, when, stores, hard=hard))

    def batch_get_record(self) -> TYPE_RESPONSE:
        """Return records of several groups."""
        return self._answer(lambda: self.backend.batch(json.loads(self.body)["Identifiers"]))

    def _group(self) -> str:
        return unquote(self.path.rsplit("/", 1)[-1])

    def _answer(self, act: Any) -> TYPE_RESPONSE:
        try:
            return 200, {"Content-Type": "application/json"}, json.dumps(act() or {})
        except RecordRefused as refused:
            headers = {"x-amzn-errortype": refused.code, "Content-Type": "application/json"}
            headers["status"] = str(refused.status)  # where moto takes it from
            return refused.status, headers, json.dumps({"Message": str(refused)})
