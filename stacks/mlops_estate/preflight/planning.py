"""Collects the program as it would stand, with nothing created: every id and ARN that can be told before is filled in.

A preview leaves unknown what the update makes known: policies that name a key's ARN, definitions of pipelines. The
checks need both, so the program runs against a driver that answers what AWS would, as far as it follows from what is
asked (`assumed`), and that creates nothing.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import jmespath

from mlops_components.documents import partition
from mlops_estate.embedded.driver.aws import AwsDriver
from mlops_estate.embedded.driver.caller import opened
from mlops_estate.embedded.driver.mapping import Mapped
from mlops_estate.embedded.driver.operations import Operations
from mlops_estate.embedded.driver.outputs import declared, flatten, outputs_from
from mlops_estate.embedded.driver.tags import TAGGING, merged
from mlops_estate.engine.driver_api import ResourceRequest, ResourceState
from mlops_estate.engine.wire import for_graph
from mlops_estate.faults import Fault
from mlops_estate.preflight.assumed import LINKED_ROLES, arn_of, assumed_key, words_of


class NoAccount:
    """Stands where an account would: it knows its number and region, and answers no call."""

    def __init__(self, account_id: str, region: str) -> None:
        self.account_id = account_id
        self.region = region

    def client(self, service: str) -> Any:
        """Refuse: nothing is asked of an account."""
        raise RuntimeError(f"no account is asked while planning, and {service} would be")

    def begin(self, urn: str) -> None:
        """Do nothing."""

    def backend_of(self, service: str, operation: str) -> str:
        """Return "": nothing answers."""
        return ""


class PlanningDriver(AwsDriver):
    """Answers what creating a resource would, and keeps every fault that AWS's own rules find in what is asked.

    `faults` are by URN: names too long or of the wrong form, values out of range, as the service models and the
    documented limits have it. `calls` are the operations of each resource's creation, by URN.
    """

    def __init__(self, account_id: str, region: str) -> None:
        super().__init__(NoAccount(account_id, region), seed=account_id, lookups=False)
        self.partition = partition(region)
        self.faults: list[Fault] = []

    def adopt(self, request: ResourceRequest, resource_id: str, ignored: frozenset[str]) -> ResourceState:
        """Take what is adopted as given: that it is there is for `--account` to see."""
        row = self._row(request)
        key = row.adoption.key if row.adoption else next(iter(row.keys))
        return self._planned(request, row, {key: resource_id})

    def _create(self, request: ResourceRequest) -> ResourceState:
        return self._planned(request, self._row(request), {})

    def _planned(self, request: ResourceRequest, row: Operations, given: Mapping[str, str]) -> ResourceState:
        mapped, faults = self._checked(request, row)
        self.faults += faults
        words: dict[str, Any] = self._told(request, row, mapped)
        keys: dict[str, Any] = {}
        for key, path in row.keys.items():
            found = given.get(key) or jmespath.search(path, {"params": mapped.params, "response": {}})
            keys[key] = found or assumed_key(key, request.type, {**words, **keys})
        words |= keys
        record = _record(row, mapped, keys)
        record["operations"] = self._operations(request, row, keys, adopted=bool(given))
        record["tags"] = merged(request.type, request.inputs, request.default_tags)
        record["name"] = words["name"]
        outputs = self._outputs(request, row, mapped, words)
        record["arn"] = arn_of(request.type, words) or next(
            (
                str(value)
                for key, value in outputs.items()
                if key == "arn" or (key.endswith("Arn") and key in row.outputs)
            ),
            "",
        )
        return ResourceState(request, _id(row, words, request), outputs, record)

    def _operations(
        self, request: ResourceRequest, row: Operations, keys: Mapping[str, Any], *, adopted: bool
    ) -> list[tuple[str, str, str]]:
        """Return the operations of a resource's life as (phase, service, operation), each once."""
        found = [] if adopted else [("create", row.service, row.create)]
        created = [] if adopted else self._extra_calls(request, row, keys, None)
        found += [("create", call.service or row.service, call.operation) for call in created]
        found += [("read", row.service, row.read)] if row.read else []
        found += [("update", row.service, row.update)] if row.update else []
        every = set(request.inputs) | {"tags"}
        changed = self._extra_calls(request, row, keys, every)
        found += [("update", call.service or row.service, call.operation) for call in changed]
        found += [("delete", row.service, row.delete)] if row.delete else []
        found += [("delete", *operation) for operation in _before_deletion(request, row)]
        if merged(request.type, request.inputs, request.default_tags):
            found += [("tag", row.service, operation) for operation in _tag_operations(request, row)]
        return list(dict.fromkeys(found))

    def _told(self, request: ResourceRequest, row: Operations, mapped: Mapped) -> dict[str, Any]:
        """Return the words that formats are filled with: names of what the call names, and what is made up."""
        inputs = request.inputs
        service = str(inputs.get("awsServiceName") or "")
        name = inputs.get(row.auto_name) if row.auto_name else None
        for key in [] if name else list(row.keys)[::-1]:
            found = jmespath.search(row.keys[key], {"params": mapped.params, "response": {}})
            if key.lower().endswith("name") and isinstance(found, str):
                name = found
                break
        name = name or LINKED_ROLES.get(service) or self._physical_name(request, row)
        words: dict[str, Any] = {
            key: value for key, value in mapped.params.items() if isinstance(value, str) and len(value) < 256
        }
        words |= words_of(request.urn, str(name), self.account.account_id, self.account.region, self.partition)
        return {**words, "service": service, "topic": str(inputs.get("topic", "")).rsplit(":", 1)[-1]}

    def _outputs(
        self, request: ResourceRequest, row: Operations, mapped: Mapped, words: Mapping[str, Any]
    ) -> dict[str, Any]:
        inputs = {key: for_graph(value) for key, value in request.inputs.items()}
        names = declared(request.type)
        if row.auto_name and row.auto_name in names:
            inputs.setdefault(row.auto_name, words["name"])
        templated = {name: template.format(**words) for name, template in row.outputs.items()}
        arn = arn_of(request.type, words)
        for output in ("arn", "endpointArn", "jobDefinitionArn", "keyArn"):
            if arn and output in names:
                templated[output] = arn
        templated |= {key: value for key, value in _of_type(request, words, arn).items() if key in names}
        known = flatten({key: value for key, value in words.items() if value}, flatten(dict(mapped.params)))
        outputs = {**outputs_from(request.type, {**inputs, **templated}, known, row.what)}
        if "tagsAll" in names:
            outputs["tagsAll"] = merged(request.type, request.inputs, request.default_tags)
        if "region" in names:
            outputs.setdefault("region", self.account.region)
        return outputs


def _tag_operations(request: ResourceRequest, row: Operations) -> tuple[str, ...]:
    """Return the operations that add and remove tags."""
    if row.service == "ec2":
        return ("CreateTags", "DeleteTags")
    if row.service == "iam":
        noun = "Policy" if request.type.endswith(":Policy") else "Role"
        return (f"Tag{noun}", f"Untag{noun}")
    return TAGGING[row.service][:2] if row.service in TAGGING else ()


def _before_deletion(request: ResourceRequest, row: Operations) -> list[tuple[str, str]]:
    """Return what the driver does before it deletes (`embedded.driver.deletion`), as service and operation."""
    versions = [("s3", "ListObjectVersions"), ("s3", "DeleteObjectVersion")]
    steps: dict[str, list[tuple[str, str]]] = {
        "empty_bucket": [*versions, ("s3", "BypassGovernanceRetention")] if request.inputs.get("forceDestroy") else [],
        "delete_every_version": versions,
        "earlier_versions": [("iam", "ListPolicyVersions"), ("iam", "DeletePolicyVersion")],
    }
    return steps.get(row.before_delete, [])


def _id(row: Operations, words: Mapping[str, Any], request: ResourceRequest) -> str:
    return row.id.format(**words) if row.id else str(words.get("name") or request.name)


def _record(row: Operations, mapped: Mapped, keys: Mapping[str, Any]) -> dict[str, Any]:
    params = json.loads(json.dumps(opened(mapped.params, Mapped()), default=lambda _value: "[bytes]"))
    return {"operation": f"{row.service}:{row.create}", "keys": dict(keys), "params": params}


def _of_type(request: ResourceRequest, words: Mapping[str, Any], arn: str) -> dict[str, Any]:
    """Return outputs whose form is the service's own (API references of ECR, S3, EC2, IAM)."""
    name, region = words["name"], words["region"]
    registry = f"{words['account']}.dkr.ecr.{region}.amazonaws.com"
    by_type: dict[str, dict[str, Any]] = {
        "aws:ecr/repository:Repository": {"repositoryUrl": f"{registry}/{name}", "registryId": words["account"]},
        "aws:s3/bucket:Bucket": {
            "bucketDomainName": f"{name}.s3.amazonaws.com",
            "bucketRegionalDomainName": f"{name}.s3.{region}.amazonaws.com",
        },
        "aws:ec2/vpc:Vpc": {"defaultSecurityGroupId": f"sg-{words['hex'][:17]}"},
        "aws:iam/serviceLinkedRole:ServiceLinkedRole": {"name": name},
        "aws:kms/key:Key": {"keyId": words.get("KeyId")},
    }
    return by_type.get(request.type, {})
