"""What an account has once: two stacks in one account, and a stack in an account that has everything already."""

from __future__ import annotations

import json
from functools import cache

import pytest
from tests.support.once_per_account import ANSWERS, PRESENT, TAKEN_TWICE
from tests.support.programs import PROJECT

from mlops_estate.config import load_environment
from mlops_estate.config.baseline import AccountBaselineBlock
from mlops_estate.embedded.account import EmbeddedAccount
from mlops_estate.embedded.driver import AwsDriver
from mlops_estate.engine import EngineFault, destroy, read_back, run_program
from mlops_estate.up.session import program_config

MAIN = PROJECT / "stacks" / "__main__.py"
ONCE = sorted(AccountBaselineBlock.model_fields.keys() - {"default"})


def run(baseline, prefix="mlops", driver=None, previous=None):
    """Run the unchanged program as prod, which has everything, in a stack named after its prefix."""
    config = program_config(load_environment("prod", PROJECT), EmbeddedAccount.account_id, {})
    estate = json.loads(config["mlops-estate:estate"])
    own = {"prefix": f"{prefix}-prod", "environment_class": "prod", "account_baseline": baseline}
    estate |= {**own, "registry": {**estate["registry"], "prefix": prefix}}
    config["mlops-estate:estate"] = json.dumps(estate)
    return run_program(MAIN, stack=prefix, config=config, driver=driver, previous=previous)


def made(graph) -> list[str]:
    return [node.type for node in graph.custom_nodes() if not node.is_provider]


@cache
def types_of(key: str) -> frozenset[str]:
    """Return the types that one key makes once per account: what `create` adds to `existing`."""
    create, existing = ({*made(run({"default": "create", key: mode}))} for mode in ("create", "existing"))
    return frozenset(create - existing)


def different(graph, driver):
    return {urn: found.differences for urn, found in read_back(graph, driver) if not found.equal}


@pytest.fixture
def account():
    with EmbeddedAccount(seed=0) as embedded:
        yield embedded


@pytest.mark.parametrize("key", ONCE)
def test_each_key_makes_something_that_is_left_alone_when_it_is_anothers(key):
    assert types_of(key)


def test_a_second_stack_uses_what_the_first_made(account):
    first, second = AwsDriver(account, seed="first"), AwsDriver(account, seed="second")
    one = run("create", driver=first)
    other = run("existing", prefix="other", driver=second)
    assert different(one, first) == {}
    assert different(other, second) == {}
    assert len(account.client("guardduty").list_detectors()["DetectorIds"]) == 1
    assert len(account.client("accessanalyzer").list_analyzers()["analyzers"]) == 1
    rules = {rule["Name"] for rule in account.client("events").list_rules(Limit=100)["Rules"]}
    assert {"mlops-prod-guardduty-critical", "other-prod-guardduty-critical"} <= rules
    report = destroy(other, second, unprotect=True)
    assert report.faults == []
    assert different(one, first) == {}, "the second stack took nothing of the first away"


def test_a_second_stack_that_would_make_them_too_is_refused_for_each_by_name(account):
    run("create", driver=AwsDriver(account, seed="first"))
    driver, modes, previous = AwsDriver(account, seed="second"), {"default": "create"}, None
    # What depends on something refused is skipped, and so refused only once that is left to the first stack.
    while len(modes) <= len(ONCE):
        try:
            previous = run(modes, prefix="other", driver=driver, previous=previous)
            break
        except EngineFault as fault:
            previous = fault.graph
            refused = {found.urn.split("::")[2].rpartition("$")[2]: found.rule for found in fault.faults}
        named = {key: [kind for kind in refused if kind in types_of(key) and ANSWERS[key] in refused[kind]]
                 for key in ONCE if key in ANSWERS}  # fmt: skip
        assert {kind for kinds in named.values() for kind in kinds} == refused.keys(), refused
        modes |= {key: "existing" for key, kinds in named.items() if kinds}
    assert modes.keys() - {"default"} == {*ONCE} - TAKEN_TWICE
    assert different(previous, driver) == {}


def test_a_stack_stands_where_a_landing_zone_made_everything(account):
    for key in ONCE:
        PRESENT[key](account)
    driver = AwsDriver(account, seed="guest")
    graph = run("existing", driver=driver)
    assert different(graph, driver) == {}
    report = destroy(graph, driver, unprotect=True)
    assert report.faults == []
    assert account.client("macie2").get_macie_session()["status"] == "ENABLED"
    assert account.client("securityhub").describe_hub()["HubArn"]
