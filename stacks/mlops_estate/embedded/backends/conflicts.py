"""What AWS refuses and moto accepts: names that are taken, pipelines that are no JSON, domains that are in use.

AWS lets models and endpoint configurations in use be deleted: "you must not", says the API reference, but it does not
refuse (DeleteEndpointConfig, DeleteModel). So does this account.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Callable
from typing import Any

from moto.core.responses import ActionResult
from moto.core.utils import camelcase_to_underscores
from moto.sagemaker.exceptions import ValidationError
from moto.sagemaker.models import sagemaker_backends
from moto.sagemaker.responses import SageMakerResponse

from mlops_estate.embedded.backends.derived import ResourceInUse, ResourceNotFound, plain_params
from mlops_estate.embedded.backends.sagemaker import derived

# Operation, the member that names the thing, moto's attribute that holds it, what the service answers.
NAMED = (
    ("CreateModel", "ModelName", "_models", 'Cannot create already existing model "{}".'),
    ("CreateEndpointConfig", "EndpointConfigName", "endpoint_configs",
     'Cannot create already existing endpoint configuration "{}".'),
    ("CreateModelPackageGroup", "ModelPackageGroupName", "model_package_groups",
     "Model Package Group already exists: {}"),
)  # fmt: skip
# The same, for kinds whose operation says ResourceInUse.
IN_USE = tuple(
    (
        f"Create{kind}Job",
        f"{kind}JobName",
        f"{kind.lower()}_jobs",
        "Job name must be unique in an account and region: {}",
    )
    for kind in ("Training", "Processing", "Transform")
) + tuple(
    (
        f"Create{kind}JobDefinition",
        "JobDefinitionName",
        f"{camelcase_to_underscores(kind)}_job_definitions",
        "Job definition name must be unique in an account and region: {}",
    )
    for kind in ("DataQuality", "ModelQuality", "ModelBias", "ModelExplainability")
)


def install() -> None:
    """Add the refusals."""
    for table, error in ((NAMED, _taken), (IN_USE, ResourceInUse)):
        for operation, member, attribute, message in table:
            _unique(operation, member, attribute, message, error)
    for operation in ("CreatePipeline", "UpdatePipeline"):
        _json_definition(operation)
    _domain_in_use()


def _taken(message: str) -> ValidationError:
    return ValidationError(message)


Check = Callable[[Any, dict[str, Any]], None]


def _wrap(operation: str) -> Callable[[Check], None]:
    """Return a decorator that sets what runs in place of an operation's method; the method runs after."""

    def decorate(function: Check) -> None:
        name = camelcase_to_underscores(operation)
        method = getattr(SageMakerResponse, name)

        @functools.wraps(method)
        def wrapped(self: Any) -> ActionResult:
            function(self, plain_params(self.body))
            result: ActionResult = method(self)
            return result

        setattr(SageMakerResponse, name, wrapped)

    return decorate


def _unique(operation: str, member: str, attribute: str, message: str, error: Any) -> None:
    @_wrap(operation)
    def _(self: Any, params: dict[str, Any]) -> None:
        store = getattr(sagemaker_backends[self.current_account][self.region], attribute)
        if params[member] in store:
            arn = store[params[member]].arn
            # moto keeps the ARN of an endpoint configuration in a tuple.
            raise error(message.format(arn if isinstance(arn, str) else arn[0]))


def _json_definition(operation: str) -> None:
    """Refuse a definition that is no JSON object with steps (SageMaker Developer Guide, Pipeline definition schema)."""

    @_wrap(operation)
    def _(_self: Any, params: dict[str, Any]) -> None:
        if "PipelineDefinition" not in params:
            return
        try:
            definition = json.loads(params["PipelineDefinition"])
        except ValueError as error:
            raise ValidationError(message=f"Unable to parse pipeline definition. Invalid JSON: {error}") from error
        if not isinstance(definition, dict) or not isinstance(definition.get("Steps"), list):
            raise ValidationError(message="Unable to parse pipeline definition. It must be an object with Steps")


def _domain_in_use() -> None:
    """A domain with profiles, spaces or apps is not deleted (SageMaker API Reference, DeleteDomain)."""

    @_wrap("DeleteDomain")
    def _(self: Any, params: dict[str, Any]) -> None:
        if params["DomainId"] not in sagemaker_backends[self.current_account][self.region].domains:
            raise ResourceNotFound(f"Domain [{params['DomainId']}] does not exist.")
        for kind in ("UserProfile", "Space", "App"):
            if any(row["DomainId"] == params["DomainId"] for row in derived(self).rows.get(kind, {}).values()):
                raise ResourceInUse(f"Unable to delete Domain [{params['DomainId']}]: it still has {kind}s.")
