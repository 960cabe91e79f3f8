"""What an account has only one of: one word for all of it, or one by one."""

from __future__ import annotations

from mlops_estate.config.baseline import AccountBaselineBlock
from mlops_estate.config.classes import CLASSES, defaults_of


def test_one_word_or_a_block() -> None:
    """The word is the default; a key of its own goes before it."""
    assert AccountBaselineBlock.model_validate("create").mode("catalog_encryption") == "create"
    mixed = AccountBaselineBlock.model_validate({"default": "off", "catalog_encryption": "create"})
    assert mixed.mode("catalog_encryption") == "create"
    assert AccountBaselineBlock().mode("catalog_encryption") == "existing"


def test_macie_is_off_in_dev_and_follows_the_default_elsewhere() -> None:
    """Dev does without Macie, unless it says otherwise."""
    modes = {}
    for environment_class in CLASSES:
        with defaults_of(environment_class):
            modes[environment_class] = AccountBaselineBlock.model_validate("create").mode("macie")
            assert AccountBaselineBlock.model_validate({"macie": "existing"}).mode("macie") == "existing"
    assert modes == {"dev": "off", "staging": "create", "prod": "create"}
