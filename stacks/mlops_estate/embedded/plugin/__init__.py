"""A provider plugin for the Pulumi CLI: `aws` and `aws-native` from a served embedded account."""

from __future__ import annotations

from mlops_estate.embedded.plugin.provider import EstateProvider

__all__ = ["EstateProvider"]
