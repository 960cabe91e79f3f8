"""Import this before components: it loads the modules of `pulumi_aws` that warn of themselves while they load."""

from __future__ import annotations

import warnings

import pulumi_aws

with warnings.catch_warnings():
    # Each holds classes that are deprecated; the components use none of them, and warnings are errors in tests.
    warnings.simplefilter("ignore", DeprecationWarning)
    LOADED = (pulumi_aws.ec2.Vpc, pulumi_aws.s3.Bucket)  # a module loads on first use of one of its names
