"""Load the SDK once for these tests."""

from __future__ import annotations

import warnings

import pulumi_aws

with warnings.catch_warnings():
    # While they load, two modules warn of deprecated classes of their own; the components use none of them.
    warnings.simplefilter("ignore", DeprecationWarning)
    LOADED = (pulumi_aws.ec2.Vpc, pulumi_aws.s3.Bucket)  # modules load on first use of a name
