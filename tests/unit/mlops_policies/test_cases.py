"""Every rule against its cases: exactly the resources that should pass, fail, not concern it, or not be evaluated."""

from __future__ import annotations

import json

import pytest
from tests.support.policy_cases import GROUPS, Block, blocks, faults, of_rule

from mlops_policies.catalog import rules
from mlops_policies.verdicts import Status

KINDS = {status: group for group, status in GROUPS.items()}


@pytest.mark.parametrize("rule", rules())
def test_a_rule_answers_its_cases_exactly(rule):
    assert [fault for block in of_rule(rule) for mode in block.modes()
            for fault in faults(rules()[rule], block, mode)] == []  # fmt: skip


def _kinds(block: Block) -> set[str]:
    found = {block.data["answer"]} if "answer" in block.data else {group for group in GROUPS if block.data.get(group)}
    if "${unknown}" in json.dumps(block.data.get("passes") or {}):
        found.add(KINDS[Status.UNKNOWN])  # a rule about presence takes what is unknown for given
    return found


@pytest.mark.parametrize("rule", rules())
def test_a_rule_has_a_case_of_every_kind(rule):
    assert set().union(*(_kinds(block) for block in of_rule(rule))) == set(GROUPS)


def test_every_case_is_of_a_rule():
    assert {block.rule for block in blocks()} - set(rules()) == set()
