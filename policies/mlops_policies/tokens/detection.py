"""Macie: `aws-native` names of what the `aws` provider has. Inspector's switch has no native type."""

from __future__ import annotations

from mlops_policies.tokens import Alias

ALIASES: dict[str, Alias] = {
    "aws-native:macie:Session": Alias("aws:macie2/account:Account"),
}
