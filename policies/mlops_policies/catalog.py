"""Every rule there is, with the identifiers by which other tools know it."""

from __future__ import annotations

import functools
import pkgutil
from collections.abc import Mapping
from importlib import import_module, resources

import yaml

from mlops_policies import rules as rule_modules
from mlops_policies.rule import Rule, registered


@functools.cache
def rules() -> Mapping[str, Rule]:
    """Return every rule by its id, in alphabetical order."""
    for module in sorted(pkgutil.iter_modules(rule_modules.__path__), key=lambda entry: entry.name):
        import_module(f"{rule_modules.__name__}.{module.name}")
    return dict(sorted(registered().items()))


@functools.cache
def references() -> Mapping[str, tuple[str, ...]]:
    """Return by rule id what other tools call it: ``Checkov CKV_AWS_122``, ``SecHub SageMaker.1``."""
    text = resources.files("mlops_policies").joinpath("references.yaml").read_text(encoding="utf-8")
    return {rule: tuple(names) for rule, names in yaml.safe_load(text).items()}
