"""Athena operations that moto lacks, metric filters that replace their like, and roles that AWS makes for services."""

from __future__ import annotations

import functools
import json
from typing import Any

from moto.athena.responses import AthenaResponse
from moto.iam import models as iam_models
from moto.iam.exceptions import InvalidInput
from moto.iam.models import IAMBackend
from moto.logs.exceptions import ResourceNotFoundException
from moto.logs.models import LogsBackend

from mlops_estate.embedded.backends.trails import refused

OURS = frozenset({"UpdateWorkGroup", "DeleteNamedQuery", "UpdateNamedQuery"})


def install() -> None:
    """Add them."""
    AthenaResponse.update_work_group = _update_work_group
    AthenaResponse.delete_work_group = _delete_work_group
    AthenaResponse.delete_named_query = _delete_named_query
    AthenaResponse.update_named_query = _update_named_query
    LogsBackend.put_metric_filter = _putting(LogsBackend.put_metric_filter)
    IAMBackend.create_service_linked_role = _linking(IAMBackend.create_service_linked_role)
    # moto names the role AWSServiceRoleForconfig (developer guide, Using service-linked roles for AWS Config).
    iam_models.SERVICE_NAME_CONVERSION["config"] = "Config"


def _missing(what: str) -> Exception:
    found: Exception = refused("InvalidRequestException", f"{what} is not found.")
    return found


def _update_work_group(self: Any) -> str:
    """Change a workgroup in place. Source: Athena API reference, UpdateWorkGroup and WorkGroupConfigurationUpdates."""
    params = json.loads(self.body)
    group = self.athena_backend.work_groups.get(params["WorkGroup"])
    if group is None:
        raise _missing(f"WorkGroup {params['WorkGroup']}")
    group.description = params.get("Description", group.description)
    group.state = params.get("State", group.state)
    updates = dict(params.get("ConfigurationUpdates") or {})
    result = updates.pop("ResultConfigurationUpdates", None)
    if updates.pop("RemoveBytesScannedCutoffPerQuery", False):
        group.configuration.pop("BytesScannedCutoffPerQuery", None)
    group.configuration.update(updates)
    if result is not None:
        held = group.configuration.get("ResultConfiguration", {})
        removed = {key.removeprefix("Remove") for key, value in result.items() if key.startswith("Remove") and value}
        new = {key: value for key, value in result.items() if not key.startswith("Remove")}
        merged = {key: value for key, value in {**held, **new}.items() if key not in removed}
        group.configuration["ResultConfiguration"] = merged
    return "{}"


def _delete_work_group(self: Any) -> str:
    """Delete a workgroup; one that holds queries only with all of them. Source: API reference, DeleteWorkGroup."""
    params, backend = json.loads(self.body), self.athena_backend
    name = params["WorkGroup"]
    if name not in backend.work_groups:
        raise _missing(f"WorkGroup {name}")
    held = [key for key, query in backend.named_queries.items() if query.workgroup.name == name]
    if held and not params.get("RecursiveDeleteOption"):
        raise refused("InvalidRequestException", f"WorkGroup {name} is not empty")
    for key in held:
        del backend.named_queries[key]
    backend.delete_work_group(name)
    return "{}"


def _delete_named_query(self: Any) -> str:
    if self.athena_backend.named_queries.pop(json.loads(self.body)["NamedQueryId"], None) is None:
        raise _missing("NamedQuery")
    return "{}"


def _update_named_query(self: Any) -> str:
    """Change name, text and description. Source: Athena API reference, UpdateNamedQuery."""
    params = json.loads(self.body)
    query = self.athena_backend.named_queries.get(params["NamedQueryId"])
    if query is None:
        raise _missing("NamedQuery")
    query.name, query.query_string = params["Name"], params["QueryString"]
    query.description = params.get("Description", query.description)
    return "{}"


def _putting(put: Any) -> Any:
    @functools.wraps(put)
    def put_metric_filter(self: Any, filter_name: str, filter_pattern: str, log_group_name: str, given: Any) -> None:
        """A filter replaces the one of its name, on a log group that is there (API reference, PutMetricFilter)."""
        if log_group_name not in self.groups:
            raise ResourceNotFoundException()
        self.filters.delete_filter(filter_name, log_group_name)
        put(self, filter_name, filter_pattern, log_group_name, given)

    return put_metric_filter


def _linking(create: Any) -> Any:
    @functools.wraps(create)
    def create_service_linked_role(self: Any, service_name: str, description: str, suffix: str) -> Any:
        """A service's role is made once (API reference, CreateServiceLinkedRole: InvalidInput)."""
        for role in self.roles.values():
            if not suffix and role.path == f"/aws-service-role/{service_name}/":
                raise InvalidInput(f"Service role name {role.name} has been taken in this account")
        return create(self, service_name, description, suffix)

    return create_service_linked_role
