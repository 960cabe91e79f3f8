"""Masking: a copy of records of people that development can work with, and in which nobody is found again.

Rules say by column how: `drop`, `hash`, `generalise`, `synthesise` or `keep`. What identifies, is free text, or is not
used at all is dropped unless a rule says otherwise. Rules and pseudonyms need the standard library alone.
"""

from mlops_pipelines.masking.rules import METHODS, ColumnRule, MaskingFaults, MaskingRules, read_rules, rule_faults

__all__ = ["METHODS", "ColumnRule", "MaskingFaults", "MaskingRules", "read_rules", "rule_faults"]
