"""Roles are counted as the program declares them, and too many for IAM's default quota are told with the fix."""

from __future__ import annotations

from collections import Counter

import pytest
from tests.support.previews import previewed
from tests.support.programs import configured

from mlops_estate.config import EnvironmentConfig, names, role_notes
from mlops_estate.config.service_roles import DEFAULT_QUOTA, role_count, roles_of_model

MODEL = "mortgage-approval"


def many(count: int) -> EnvironmentConfig:
    config = configured("prod")
    return EnvironmentConfig("prod", config.estate, {f"model-{n}": config.models[MODEL] for n in range(count)})


@pytest.mark.parametrize("environment", ["dev", "staging", "prod"])
def test_the_count_is_what_the_program_declares(environment):
    made = Counter(
        node.inputs["name"].removeprefix(f"mlops-{environment}-{MODEL}-")
        for node in previewed(environment).custom_nodes()
        if node.type == "aws:iam/role:Role" and f"-{MODEL}-" in node.inputs["name"]
    )
    found = roles_of_model(configured(environment).models[MODEL], masked=environment == "prod")
    assert made == Counter(found)
    assert set(found) <= set(names.ROLE_SUFFIXES)


def test_without_monitor_and_schedule_there_are_eight():
    config = configured("prod", model={"monitoring": {"enabled": False}, "training": {"schedule": "none"}})
    assert len(roles_of_model(config.models[MODEL], masked=False)) == 8


def test_what_iams_default_holds_is_not_worth_a_note():
    assert role_notes(configured("prod")) == []
    assert role_notes(many(DEFAULT_QUOTA // 11)) == []


def test_three_hundred_models_are_told_how_to_raise_the_quota():
    config = many(300)
    (note,) = role_notes(config)
    assert role_count(config.models, masked=True) == 3300
    assert "3,300 IAM roles" in note
    assert "--quota-code L-FE177D64 --desired-value 4300" in note
    assert "reference_iam-quotas" in note


def test_what_no_quota_holds_is_to_be_spread_over_accounts():
    (note,) = role_notes(many(800))
    assert "spread the models over 3 accounts" in note
