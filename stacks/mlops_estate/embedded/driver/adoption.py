"""Taking over what stands already: Pulumi's import, of the types that have been reviewed for it.

Pulumi reads the resource, holds the program's inputs against it, and fails the import where they differ; nothing is
changed. Source: https://www.pulumi.com/docs/iac/concepts/resources/options/import/
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from mlops_estate.embedded.driver.readback import differences, equal
from mlops_estate.embedded.driver.tags import merged
from mlops_estate.engine.driver_api import ResourceRequest, ResourceState
from mlops_estate.engine.wire import top_property
from mlops_estate.faults import Fault, FaultsFound

if TYPE_CHECKING:
    from mlops_estate.embedded.driver.aws import AwsDriver
    from mlops_estate.embedded.driver.mapping import Mapped
    from mlops_estate.embedded.driver.operations import Operations

Client = Callable[[str], Any]
DIFFERS = "inputs to import do not match the existing resource"
SOURCE = "https://www.pulumi.com/docs/iac/concepts/resources/options/import/"


def adopted(driver: AwsDriver, request: ResourceRequest, resource_id: str, ignored: frozenset[str]) -> ResourceState:
    """Return the state of what stands under `resource_id`; `FaultsFound` with every input that differs from it."""
    row = driver._row(request)
    if row.adoption is None:
        rule = f"the embedded account imports no {request.type}: it was not reviewed for it"
        raise FaultsFound([Fault("import", resource_id, rule, "declare it without import", request.urn)])
    mapped, faults = driver._checked(request, row)
    faults = [fault for fault in faults if top_property(fault.where) not in ignored]  # they are as they stand
    if faults:
        raise FaultsFound(faults)
    keys = {row.adoption.key: resource_id}
    item = _found(driver, row, keys, request)
    found = [*_differing(row, mapped, item, keys, request), *_unshown(driver, row, keys, request, ignored)]
    if found:
        raise FaultsFound(found)
    return driver._state(request, row, mapped.params, keys, {})


def _found(driver: AwsDriver, row: Operations, keys: Mapping[str, str], request: ResourceRequest) -> dict[str, Any]:
    from mlops_estate.embedded.driver.aws import is_gone

    (resource_id,) = keys.values()
    try:
        item = driver._read(row, keys, request.urn)
    except FaultsFound as found:
        if not is_gone(found):
            raise
        item = None
    if item is None:
        rule = f"there is no such {row.what} in account {driver.account.account_id}, {driver.account.region}"
        raise FaultsFound([Fault("import", resource_id, rule, "create it first, or name one that exists", request.urn)])
    return item


def _differing(
    row: Operations, mapped: Mapped, item: Mapping[str, Any], keys: Mapping[str, str], request: ResourceRequest
) -> Iterator[Fault]:
    """Yield what the main read operation shows otherwise than the inputs have it."""
    for text in differences(row, mapped.params, item, keys):
        path, _, how = text.partition(": ")
        yield _fault(mapped.origin(path), None, how.replace("sent", "the program has"), request)


def _unshown(
    driver: AwsDriver, row: Operations, keys: Mapping[str, str], request: ResourceRequest, ignored: frozenset[str]
) -> Iterator[Fault]:
    """Yield what other operations show otherwise than the inputs have it."""
    assert row.adoption is not None
    wanted = {**request.inputs, "tags": merged(request.type, request.inputs, request.default_tags)}
    for name, value in row.adoption.shows(driver.account.client, keys).items():
        if name not in ignored and not equal(wanted.get(name), value):
            yield _fault(name, wanted.get(name), f"it has {value!r}", request)


def _fault(where: str, value: Any, how: str, request: ResourceRequest) -> Fault:
    fix = "bring the resource or the program to the other's value first"
    return Fault(where, value, f"{DIFFERS}: {how}", fix, request.urn, SOURCE)


def bucket_as_inputs(client: Client, keys: Mapping[str, str]) -> dict[str, Any]:
    """Return a bucket's inputs beyond its name; `forceDestroy` is the provider's own, and false after an import."""
    s3 = client("s3")
    locked = _answer(s3.get_object_lock_configuration, keys).get("ObjectLockConfiguration", {})
    tags = {tag["Key"]: tag["Value"] for tag in _answer(s3.get_bucket_tagging, keys).get("TagSet", [])}
    return {"objectLockEnabled": locked.get("ObjectLockEnabled") == "Enabled", "forceDestroy": False, "tags": tags}


def _answer(method: Callable[..., Any], keys: Mapping[str, str]) -> dict[str, Any]:
    """Return what a bucket's setting answers; S3 answers an error where it was never set."""
    try:
        answer: dict[str, Any] = method(**keys)
    except ClientError:
        return {}
    return answer


def key_as_inputs(client: Client, keys: Mapping[str, str]) -> dict[str, Any]:
    """Return a key's inputs that DescribeKey does not show; its deletion window is the provider's own."""
    kms = client("kms")
    rotation = kms.get_key_rotation_status(**keys)
    tags = {tag["TagKey"]: tag["TagValue"] for tag in kms.list_resource_tags(**keys).get("Tags", [])}
    return {
        "enableKeyRotation": rotation["KeyRotationEnabled"],
        "rotationPeriodInDays": rotation.get("RotationPeriodInDays"),
        "deletionWindowInDays": None,
        "tags": tags,
    }


def domain_as_inputs(client: Client, keys: Mapping[str, str]) -> dict[str, Any]:
    """Return a Studio domain's inputs that DescribeDomain does not show."""
    sagemaker = client("sagemaker")
    arn = sagemaker.describe_domain(**keys)["DomainArn"]
    return {"tags": {tag["Key"]: tag["Value"] for tag in sagemaker.list_tags(ResourceArn=arn).get("Tags", [])}}
