"""IAM's decision about a request: identity policies, boundary, session and resource policies, with their conditions.

Source: IAM user guide, "Policy evaluation logic" and "IAM JSON policy elements reference". Organisation policies (SCP,
RCP) and VPC endpoint policies are not part of it.
"""

from mlops_estate.embedded.iam.evaluation import Decision, Policies, Request, decide
from mlops_policies.iam.conditions import condition_holds
from mlops_policies.iam.statements import InvalidPolicy, Statement, parse

__all__ = ["Decision", "InvalidPolicy", "Policies", "Request", "Statement", "condition_holds", "decide", "parse"]
