"""Where a delivery role works."""

from collections.abc import Sequence
from dataclasses import dataclass

from mlops_components.documents import partition

PROJECT = "mlops-estate"


@dataclass(frozen=True)
class Reach:
    """Where a delivery role works: one account and region, and the prefix of the environment it deploys."""

    account: str
    region: str
    prefix: str
    boundary_arn: str
    adopted_buckets: Sequence[str] = ()

    def arn(self, service: str, resource: str, *, region: bool = True) -> str:
        """Return the ARN of a resource of this account."""
        where = self.region if region else ""
        return f"arn:{partition(self.region)}:{service}:{where}:{self.account}:{resource}"

    @property
    def roles(self) -> str:
        """ARN pattern of the environment's roles."""
        return self.arn("iam", f"role/{self.prefix}-*", region=False)
