"""Security, compliance, reliability and cost rules for AWS resources in any Pulumi stack.

Importing this package never starts a policy pack; only `policies/__main__.py` does. `catalog.rules()` has every rule.
"""
