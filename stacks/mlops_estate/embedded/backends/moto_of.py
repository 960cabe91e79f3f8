"""Where moto keeps what it answers for itself, from where our own kinds are kept."""

from __future__ import annotations

from moto.sagemaker.models import SageMakerModelBackend, sagemaker_backends

from mlops_estate.embedded.backends.derived import DerivedBackend


def moto_of(backend: DerivedBackend) -> SageMakerModelBackend:
    """Return moto's own back end of the same account and region."""
    found: SageMakerModelBackend = sagemaker_backends[backend.account_id][backend.region_name]
    return found
