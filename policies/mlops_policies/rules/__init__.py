"""The rules, by subject. A module is found by being here; `mlops_policies.catalog` lists them all."""
