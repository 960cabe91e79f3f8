"""One environment in one account: what the program is given, and what is kept of its runs."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from types import SimpleNamespace

import pytest
from tests.support.fake_driver import FakeDriver
from tests.support.programs import MODEL, PROJECT

from mlops_estate.config import load_environment
from mlops_estate.engine import EngineFault, Event
from mlops_estate.faults import Fault
from mlops_estate.graph import ResourceGraph, ResourceNode
from mlops_estate.up.session import EstateSession, graph_path, offline_versions, program_config

ACCOUNT = "123456789012"


@pytest.fixture(scope="module")
def dev():
    return load_environment("dev", PROJECT)


def config_of(dev, *arguments) -> tuple[dict, dict]:
    config = program_config(dev, *arguments)
    assert set(config) == {"mlops-estate:estate", "mlops-estate:models"}
    return json.loads(config["mlops-estate:estate"]), json.loads(config["mlops-estate:models"])


def test_every_account_becomes_the_embedded_one(dev):
    estate, models = config_of(dev, ACCOUNT, {})
    assert (estate["account"], estate["registry"]["account"]) == (ACCOUNT, ACCOUNT)
    assert models == dev.models_raw


def test_a_network_that_is_brought_stays_where_the_account_may_have_it(dev):
    network = {"vpc_id": "vpc-0a1b2c3d", "subnet_ids": ["subnet-0a1b2c3d"]}
    environment = SimpleNamespace(estate_raw={**dev.estate_raw, "network": network}, models_raw=dev.models_raw)
    given = json.loads(program_config(environment, ACCOUNT, {}, stand_in=False)["mlops-estate:estate"])
    assert given["network"] == network
    assert "network" not in json.loads(program_config(environment, ACCOUNT, {})["mlops-estate:estate"])


def test_without_an_account_they_stay_as_configured(dev):
    estate, _ = config_of(dev, "", {})
    assert estate == dev.estate_raw


def test_versions_and_baselines_are_overlaid_and_the_files_own_values_stay(dev):
    before = copy.deepcopy(dev.models_raw)
    _, models = config_of(dev, ACCOUNT, {MODEL: 3}, {MODEL: "s3://b/baseline"})
    assert models[MODEL]["release"] == {"version": 3, "baseline_uri": "s3://b/baseline"}
    assert dev.models_raw == before


def test_a_configured_baseline_wins(dev):
    raw = copy.deepcopy(dev.models_raw)
    raw[MODEL]["release"] = {"version": 1, "baseline_uri": "s3://mine/baseline"}
    environment = SimpleNamespace(estate_raw=dev.estate_raw, models_raw=raw)
    _, models = config_of(environment, "", {}, {MODEL: "s3://b/baseline"})
    assert models[MODEL]["release"]["baseline_uri"] == "s3://mine/baseline"


@pytest.mark.parametrize(("as_shipped", "expected"), [(False, {MODEL: 1}), (True, {})])
def test_offline_commands_assume_version_1_of_unpinned_models(dev, as_shipped, expected):
    assert offline_versions(dev, as_shipped=as_shipped) == expected


def test_the_graph_of_an_environment_has_its_place():
    assert graph_path(Path("/p"), "dev") == Path("/p/.estate/dev/graph.json")


@pytest.fixture
def session(dev):
    return EstateSession(dev, SimpleNamespace(account_id=ACCOUNT), FakeDriver())


def graph(*names) -> ResourceGraph:
    return ResourceGraph("p", "dev", nodes={name: ResourceNode(name, "a:b:C", name, True) for name in names})


@pytest.fixture
def runs(monkeypatch):
    """Replace the engine; return what it was asked, and let it answer with `answers`, one after the other."""
    asked = SimpleNamespace(calls=[], answers=[])

    def run_program(program, **options):
        asked.calls.append((program, options))
        answer = asked.answers.pop(0)
        for action in ("created", "created"):
            options["on_event"](Event(action, "urn", "a:b:C", "x"))
        if isinstance(answer, Exception):
            raise answer
        return answer

    monkeypatch.setattr("mlops_estate.engine.run_program", run_program)
    return asked


def test_the_unchanged_program_is_applied_upon_what_stands(session, runs, dev):
    first, second = graph("a"), graph("a", "b")
    runs.answers = [first, second]
    assert session.apply({MODEL: None}) is first
    assert session.apply({MODEL: 2}) is second is session.applied()
    program, options = runs.calls[1]
    assert program == PROJECT / "stacks" / "__main__.py"
    assert (options["stack"], options["previous"], options["driver"]) == ("dev", first, session.driver)
    assert json.loads(options["config"]["mlops-estate:models"])[MODEL]["release"] == {"version": 2}


def test_a_failed_run_keeps_its_partial_graph(session, runs):
    partial = graph("a")
    runs.answers = [EngineFault(partial, [Fault("x", 1, "r", "f")])]
    with pytest.raises(EngineFault):
        session.apply({})
    assert session.graph is partial


def test_progress_counts_and_never_beyond_the_total(session, runs):
    told = []
    session.progress = lambda *arguments: told.append(arguments)
    runs.answers = [graph("a"), graph("a")]
    session.apply({})
    session.apply({})
    # How much there is to do is not known before the first run has shown it.
    assert told == [("created x", 1, 0), ("created x", 2, 0), ("created x", 1, 1), ("created x", 2, 2)]


def test_phases_of_one_name_add_up_also_where_they_fail(session, monkeypatch):
    ticks = iter([0.0, 1.0, 10.0, 12.5])
    monkeypatch.setattr("mlops_estate.up.session.perf_counter", lambda: next(ticks))
    with session.phase("train"):
        pass
    with pytest.raises(ZeroDivisionError), session.phase("train"):
        raise ZeroDivisionError
    assert session.seconds == {"train": 3.5}


@pytest.mark.parametrize("use", ["applied", "read_back", "destroy"])
def test_nothing_can_be_read_or_destroyed_before_it_was_applied(session, use):
    arguments = {"unprotect": True} if use == "destroy" else {}
    with pytest.raises(RuntimeError, match="nothing has been applied yet"):
        getattr(session, use)(**arguments)
