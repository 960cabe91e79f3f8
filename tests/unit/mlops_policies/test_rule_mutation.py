"""Each mutant of a rule (a condition negated, a property misspelt, an answer dropped) is noticed by its cases."""

from __future__ import annotations

import pytest
from tests.support.rule_mutation import equivalent, modules, mutants, survivors

SAMPLE = '''
@resource_rule("x", on=["a", "b"], only=["prod"])
def check(it, use):
    """Not mutated: 'a'."""
    if it.present("a") and not use["b"]:
        yield it.equals("c", "On", default="On")
    yield it.fails("d", "is told") if it.get("e") != 3 else PASS
'''


@pytest.mark.parametrize("module", modules())
def test_no_mutant_of_a_rule_survives_its_cases(module):
    total, alive = survivors(module)
    known = equivalent(module)
    assert total > 0
    assert [str(mutant) for mutant in alive if mutant.label not in known] == []
    assert set(known) <= {mutant.label for mutant in alive}, "listed as equivalent, and noticed"


def test_mutants_are_made_of_conditions_properties_answers_and_declarations():
    assert sorted(mutant.label for mutant in mutants(SAMPLE)) == sorted([
        "type 0 dropped in check", "type 1 dropped in check", "only dropped in check", "condition negated in check",
        "and/or swapped in check", "'a' misspelt in check", "answer dropped in check", "'c' misspelt in check",
        "'On' misspelt in check", "'On' misspelt in check", "answer dropped in check", "'d' misspelt in check",
        "'e' misspelt in check", "NotEq turned in check",
    ])  # fmt: skip
