"""Where moto answers wrongly or needlessly slowly: the smallest changes, its files untouched. Each has a test."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable
from typing import Any

from mlops_estate.embedded.validation.model import service_model


def apply() -> None:
    """Mend moto: instance types of today, SageMaker tags that replace, S3 addresses loaded once, default groups."""
    _instance_types()
    _tags()
    _s3_addresses()
    _s3_copies()
    _default_group()
    _domain_ids()
    _paths_of_state_machines()
    _copies_into_locked_buckets()


def _enum(shape: str) -> frozenset[str]:
    return frozenset(getattr(service_model("sagemaker").shape_for(shape), "enum", ()))


def _checker(shape: str) -> Callable[..., None]:
    from moto.sagemaker.exceptions import ValidationError

    def check(_self: Any, instance_type: str, *_: Any) -> None:
        if instance_type not in _enum(shape):
            rule = "failed to satisfy constraint: Member must satisfy enum value set"
            raise ValidationError(message=f"Value '{instance_type}' at 'instanceType' {rule}")

    return check


def _instance_types() -> None:
    """moto's lists end in 2020: 66 of 277 endpoint instance types. The service model has them all."""
    from moto.sagemaker import models

    models.FakeEndpointConfig.validate_instance_type = _checker("ProductionVariantInstanceType")
    models.FakeSagemakerNotebookInstance.validate_instance_type = _checker("InstanceType")


def _tags() -> None:
    """moto appends on AddTags, where SageMaker replaces the value of a key; and it knows only its own kinds of
    things."""
    from moto.core.responses import ActionResult
    from moto.sagemaker.responses import SageMakerResponse

    from mlops_estate.embedded.backends.derived import plain_params
    from mlops_estate.embedded.backends.sagemaker import derived

    add, listed, delete = SageMakerResponse.add_tags, SageMakerResponse.list_tags, SageMakerResponse.delete_tags

    def row_of(response: Any, arn: str) -> dict[str, Any] | None:
        rows = (row for kind in derived(response).rows.values() for row in kind.values())
        return next((row for row in rows if row.get("Arn") == arn), None)

    def add_tags(self: Any) -> ActionResult:
        params = plain_params(self.body)
        new = {tag["Key"] for tag in params["Tags"]}
        row = row_of(self, params["ResourceArn"])
        if row is not None:
            row["Tags"] = [tag for tag in row.get("Tags", []) if tag["Key"] not in new] + params["Tags"]
            return ActionResult({"Tags": row["Tags"]})
        self.sagemaker_backend.delete_tags(params["ResourceArn"], sorted(new))
        result: ActionResult = add(self)
        return result

    def list_tags(self: Any) -> ActionResult:
        row = row_of(self, plain_params(self.body)["ResourceArn"])
        result: ActionResult = ActionResult({"Tags": row.get("Tags", [])}) if row is not None else listed(self)
        return result

    def delete_tags(self: Any) -> ActionResult:
        params = plain_params(self.body)
        row = row_of(self, params["ResourceArn"])
        if row is not None:
            row["Tags"] = [tag for tag in row.get("Tags", []) if tag["Key"] not in params["TagKeys"]]
            return ActionResult({})
        result: ActionResult = delete(self)
        return result

    SageMakerResponse.add_tags, SageMakerResponse.list_tags = add_tags, list_tags
    SageMakerResponse.delete_tags = delete_tags


def _s3_addresses() -> None:
    """moto imports its S3 addresses anew on every request, four fifths of the time of a run with many buckets."""
    from moto.s3.models import S3Backend

    slow = S3Backend.__dict__["_url_module"].fget
    loaded: list[Any] = []

    def url_module(self: Any) -> Any:
        if not loaded:
            loaded.append(slow(self))
        return loaded[0]

    S3Backend._url_module = property(url_module)


def _s3_copies() -> None:
    """Encrypt a copy as its bucket does by default: moto calls a copy in place AES256 where the call says nothing.

    Source: S3 API Reference, CopyObject: "If you don't specify encryption information in your copy request, the
    encryption setting of the target object is set to the default encryption configuration of the destination bucket".
    """
    from moto.s3.models import S3Backend

    copy = S3Backend.copy_object

    @functools.wraps(copy)
    def copied(self: Any, src_key: Any, dest_bucket_name: str, *args: Any, **kwargs: Any) -> None:
        held = self.get_bucket(dest_bucket_name).encryption
        if held and not kwargs.get("encryption"):
            kwargs["encryption"] = held["Rule"]["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"]
        copy(self, src_key, dest_bucket_name, *args, **kwargs)

    S3Backend.copy_object = copied


def _default_group() -> None:
    """A VPC's default security group lets its own members in (VPC User Guide, Default security groups); moto's does
    not."""
    from moto.ec2.models import EC2Backend

    create = EC2Backend.create_vpc

    @functools.wraps(create)
    def create_vpc(self: Any, *arguments: Any, **options: Any) -> Any:
        vpc = create(self, *arguments, **options)
        group = self.get_security_group_from_name("default", vpc_id=vpc.id)
        if group is not None:
            self.authorize_security_group_ingress(
                group.group_id, "-1", None, None, [], source_groups=[{"GroupId": group.group_id}], vpc_id=vpc.id
            )
        return vpc

    EC2Backend.create_vpc = create_vpc


def _domain_ids() -> None:
    """CreateDomain answers the new domain's id (SageMaker API Reference); moto's leaves it out."""
    from moto.sagemaker.models import SageMakerModelBackend

    create = SageMakerModelBackend.create_domain

    @functools.wraps(create)
    def create_domain(self: Any, *arguments: Any, **options: Any) -> dict[str, str]:
        answer: dict[str, str] = create(self, *arguments, **options)
        return {**answer, "DomainId": answer["DomainArn"].rsplit("/", 1)[-1]}

    SageMakerModelBackend.create_domain = create_domain


def is_definite(path: str) -> bool:
    """Whether a JSONPath names one value: no wildcard, slice, union, filter or descent outside quotes."""
    plain = re.sub(r"'[^']*'|\"[^\"]*\"", "", path)
    return not re.search(r"\*|\.\.|\?|\[[^\]]*[:,]", plain)


def _paths_of_state_machines() -> None:
    """A path that names one value gives that value (Step Functions Developer Guide, Reference paths): moto's
    `$.a[0].b` gives a list of it, as only paths that end with an index count as such there."""
    from moto.stepfunctions.parser.asl.utils import json_path

    json_path._is_singleton_array_access = is_definite


def _copies_into_locked_buckets() -> None:
    """A copy has no body to give a checksum of: PutObject alone asks for one where the bucket locks by default (API
    reference, PutObject and CopyObject); moto asks for it of both."""
    from moto.s3.responses import S3Response
    from werkzeug.datastructures import Headers

    put = S3Response._key_response_put

    @functools.wraps(put)
    def key_response_put(self: Any, query: dict[str, Any], key_name: str) -> Any:
        if "x-amz-copy-source" in self.headers:
            self.headers = Headers({**dict(self.headers), "Content-Md5": "of nothing"})
        return put(self, query, key_name)

    S3Response._key_response_put = key_response_put
