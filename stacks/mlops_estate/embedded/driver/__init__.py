"""Turns what a Pulumi program declares into the AWS calls that its provider would make."""

from __future__ import annotations

from mlops_estate.embedded.driver.aws import AwsDriver

__all__ = ["AwsDriver"]
