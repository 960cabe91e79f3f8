"""Studio domains as SageMaker has them, where moto forgets: tags and their propagation are kept, a name is taken once.

Source: SageMaker API reference, CreateDomain (ResourceInUse) and DescribeDomain.
"""

from __future__ import annotations

import functools
from typing import Any

from moto.core.responses import ActionResult
from moto.sagemaker.models import sagemaker_backends
from moto.sagemaker.responses import SageMakerResponse

from mlops_estate.embedded.backends.derived import ResourceInUse, plain_params


def install() -> None:
    """Mend the two operations."""
    create, describe = SageMakerResponse.create_domain, SageMakerResponse.describe_domain

    def domains(response: Any) -> dict[str, Any]:
        found: dict[str, Any] = sagemaker_backends[response.current_account][response.region].domains
        return found

    @functools.wraps(create)
    def create_domain(self: Any) -> ActionResult:
        params = plain_params(self.body)
        if any(domain.domain_name == params["DomainName"] for domain in domains(self).values()):
            raise ResourceInUse(f"Domain [{params['DomainName']}] already exists.")
        result: ActionResult = create(self)
        made = next(domain for domain in domains(self).values() if domain.domain_name == params["DomainName"])
        made.tags = made.tags or []
        made.tag_propagation = params.get("TagPropagation", "DISABLED")
        return result

    @functools.wraps(describe)
    def describe_domain(self: Any) -> ActionResult:
        result: ActionResult = describe(self)
        domain = domains(self)[plain_params(self.body)["DomainId"]]
        result._result["TagPropagation"] = getattr(domain, "tag_propagation", "DISABLED")
        settings = getattr(domain, "domain_settings_for_update", None)
        if settings:
            result._result["DomainSettings"] = {**(domain.domain_settings or {}), **settings}
        return result

    SageMakerResponse.create_domain, SageMakerResponse.describe_domain = create_domain, describe_domain
