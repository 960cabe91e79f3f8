"""Who may take which persona of an environment: trust is always named, and never assumed."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import Field

from mlops_estate.config.classes import Block


class TrustBlock(Block):
    """Who may take one persona: `sso`, `principals`, or both; one of the two is required."""

    sso: str | None = Field(
        default=None,
        max_length=32,
        description="Permission set of IAM Identity Center, assigned in the environment's account.",
        examples=["DataScientist"],
    )
    principals: list[str] = Field(
        default_factory=list,
        max_length=10,
        description="ARNs of roles and users, of the environment's account or of `identity_accounts`. Users need a "
        "second factor, roles a source identity.",
        examples=[["arn:aws:iam::123456789012:role/ml-engineers"]],
    )


class PeopleBlock(Block):
    """Trust of the five personas, all of them required."""

    data_scientist: TrustBlock = Field(
        description="Reads features, reports and the registry; outside prod starts pipelines.",
        examples=[{"sso": "DataScientist"}],
    )
    ml_engineer: TrustBlock = Field(
        description="Starts pipelines, registers versions that wait for approval, reads and invokes endpoints.",
        examples=[{"sso": "MlEngineer"}],
    )
    model_approver: TrustBlock = Field(
        description="Approves and rejects versions, and makes none.", examples=[{"sso": "ModelApprover"}]
    )
    auditor: TrustBlock = Field(
        description="Reads settings, identities and what was recorded; no data.", examples=[{"sso": "Auditor"}]
    )
    platform_operator: TrustBlock = Field(
        description="Watches, stops and retries what runs.", examples=[{"sso": "PlatformOperator"}]
    )
    identity_accounts: list[str] = Field(
        default_factory=list,
        max_length=10,
        description="Other accounts whose roles and users `principals` may name: where people sign in.",
        examples=[["999999999999"]],
    )

    @property
    def trust(self) -> Mapping[str, TrustBlock]:
        """The trust of each persona, by its name."""
        return {
            "data_scientist": self.data_scientist,
            "ml_engineer": self.ml_engineer,
            "model_approver": self.model_approver,
            "auditor": self.auditor,
            "platform_operator": self.platform_operator,
        }


EXAMPLE = {
    "data_scientist": {"sso": "DataScientist"},
    "ml_engineer": {"sso": "MlEngineer"},
    "model_approver": {"sso": "ModelApprover"},
    "auditor": {"sso": "Auditor"},
    "platform_operator": {"sso": "PlatformOperator"},
}
"""A whole block as the shipped environments have it."""
