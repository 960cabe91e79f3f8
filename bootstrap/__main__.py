"""Run once per account: state, secrets key, delivery role and boundary (docs/reference/bootstrap.md)."""

import pulumi

from mlops_estate.bootstrap import declare

for name, value in declare(pulumi.Config("mlops-bootstrap").get_object("bootstrap")).items():
    pulumi.export(name, value)
