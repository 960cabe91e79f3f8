"""The Pulumi program: read the stack's configuration, declare the estate, export what others need."""

import pulumi

from mlops_estate.config import parse
from mlops_estate.program import declare

config = pulumi.Config("mlops-estate")
environment = parse(pulumi.get_stack(), config.get_object("estate"), config.get_object("models"))
for name, value in declare(environment).items():
    pulumi.export(name, value)
