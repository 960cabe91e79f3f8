"""What an account has only one of: one word for all of it, or one by one."""

from __future__ import annotations

from mlops_estate.config.baseline import AccountBaselineBlock


def test_one_word_or_a_block() -> None:
    """The word is the default; a key of its own goes before it."""
    assert AccountBaselineBlock.model_validate("create").mode("catalog_encryption") == "create"
    mixed = AccountBaselineBlock.model_validate({"default": "off", "catalog_encryption": "create"})
    assert mixed.mode("catalog_encryption") == "create"
    assert AccountBaselineBlock().mode("catalog_encryption") == "existing"
