"""What is there already and is taken over instead of being made: buckets and keys, by purpose and data class."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from mlops_estate.config.classes import Block

BucketName = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$", examples=["acme-loan-applications"])]
"""Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html"""

KeyId = Annotated[
    str,
    Field(
        pattern=r"^(arn:aws:kms:[a-z0-9-]+:[0-9]{12}:key/)?"
        r"([0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|mrk-[0-9a-f]{32})$",
        examples=["arn:aws:kms:eu-west-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"],
    ),
]
"""Source: https://docs.aws.amazon.com/kms/latest/developerguide/concepts.html#key-id; an alias can't be imported."""


def _adopted(what: str, example: str) -> str | None:
    field: str | None = Field(default=None, description=f"{what} Default: one is made.", examples=[example])
    return field


class AdoptedBucketsBlock(Block):
    """Buckets that are there already, by purpose; their settings are overwritten with the estate's."""

    raw: BucketName | None = _adopted("Bucket of records as they arrive.", "acme-loan-applications")
    curated: BucketName | None = _adopted(
        "Bucket of dataset snapshots; it must have Object Lock.", "acme-loan-snapshots"
    )
    features: BucketName | None = _adopted("Bucket of the feature store's offline store.", "acme-features")
    models: BucketName | None = _adopted("Bucket of model artefacts.", "acme-models")
    capture: BucketName | None = _adopted("Bucket of captured requests and answers.", "acme-captured")
    reports: BucketName | None = _adopted("Bucket of evaluation and monitoring reports.", "acme-reports")
    access_logs: BucketName | None = _adopted("Bucket of the other buckets' access logs.", "acme-access-logs")

    def by_purpose(self) -> dict[str, str]:
        """Return what is adopted, by the purposes of `names.BUCKET_PURPOSES`."""
        given: dict[str, str] = self.model_dump(exclude_none=True)
        return {field.replace("_", "-"): name for field, name in given.items()}


_KEY = "1234abcd-12ab-34cd-56ef-1234567890ab"


class AdoptedKeysBlock(Block):
    """Customer-managed KMS keys that are there already, by use; their policies are overwritten."""

    personal: KeyId | None = _adopted("Key of records of people, by id or ARN.", _KEY)
    features: KeyId | None = _adopted("Key of feature groups, by id or ARN.", _KEY)
    models: KeyId | None = _adopted("Key of model artefacts and volumes, by id or ARN.", _KEY)
    operations: KeyId | None = _adopted("Key of logs, reports and alerts, by id or ARN.", _KEY)
    signing: KeyId | None = _adopted(
        "Key that signs model versions, by id or ARN: asymmetric, ECC_NIST_P256, to sign and verify.", _KEY
    )

    def by_class(self) -> dict[str, str]:
        """Return what is adopted, by data class, or `signing`."""
        given: dict[str, str] = self.model_dump(exclude_none=True)
        return given


class AdoptBlock(Block):
    """What is there already: taken over by import, managed from then on, and left when the estate is destroyed."""

    buckets: AdoptedBucketsBlock = Field(default_factory=AdoptedBucketsBlock, description="Buckets, by purpose.")
    keys: AdoptedKeysBlock = Field(default_factory=AdoptedKeysBlock, description="KMS keys, by use.")
    domain: Annotated[str, Field(pattern=r"^d-(-*[a-z0-9]){1,61}$")] | None = Field(
        default=None,
        description="Studio domain, by id; needs `studio.enabled` and the network that it is in. Default: one is made.",
        examples=["d-abcdefghijkl"],
    )
