"""What the graph says of operation, and what it does not: monitors, alarms, roles, buckets, retention."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from tests.support.evidence import MODEL, graph_of, material, node

from mlops_estate.config import LoadedEnvironment
from mlops_estate.evidence.model import Material
from mlops_estate.evidence.pack import Prepared, prepare
from mlops_estate.evidence.run import RunRecord


def rows(made: Prepared, section: str, title: str) -> list[list[Any]]:
    (found,) = (one for one in made.sections if one.id == section)
    (table,) = (one for one in found.tables if one.title == title)
    return table.rows


def test_a_monitor_without_a_baseline_is_told_and_is_a_gap(prepared: Prepared, environment: LoadedEnvironment) -> None:
    assert rows(prepared, "monitoring", "Monitors") == [["m-bias", "ModelBias", "cron(0 0 ? * * *)", "no baseline"]]
    assert prepared.known.gaps["monitoring.baselines"].why == "without one: bias"
    graph = graph_of()
    graph.stack_outputs["models"][MODEL]["monitors_without_baseline"] = []
    made = prepare(material(environment, graph=graph))
    assert rows(made, "monitoring", "Monitors")[0][3] == "has one"
    assert made.known.facts["monitoring.baselines"].value == "yes"


def test_an_alarm_is_told_with_its_condition_and_whether_it_rolls_back(prepared: Prepared) -> None:
    assert rows(prepared, "monitoring", "Alarms") == [["m-errors", "E", "> 0.01, 3 x 60 s", "Errors"]]
    assert prepared.known.facts["monitoring.rollback"].value == "m-errors"
    assert prepared.known.facts["monitoring.capture"].value == "100 % to s3://capture/m"
    assert prepared.known.facts["monitoring.retraining"].value == "cron(0 3 1 * ? *) UTC"


def test_a_role_is_told_with_who_takes_it_and_how_many_policies_it_has(environment: LoadedEnvironment) -> None:
    more = node("aws:iam/rolePolicy:RolePolicy", f"{MODEL}-role-more", role="m-role", policy="{}")
    made = prepare(material(environment, graph=graph_of(more)))
    assert rows(made, "access", "Roles") == [
        ["m-role", "sagemaker.amazonaws.com", 2, "Serves"], ["auditor", "sagemaker.amazonaws.com", None, "Audits"]
    ]  # fmt: skip
    assert made.known.facts["access.roles"].value == 1
    assert made.known.facts["access.boundary"].value == "boundary"


def test_another_models_resources_are_not_this_ones(environment: LoadedEnvironment) -> None:
    other = node("aws:cloudwatch/metricAlarm:MetricAlarm", "other-errors", name="o", tags={"model": "other"})
    made = prepare(material(environment, graph=graph_of(other)))
    assert made.known.facts["monitoring.alarms"].value == 1
    assert other.urn.encode() not in made.documents["resources.json"]


def test_buckets_are_told_with_versions_and_lock_and_logs_with_their_days(prepared: Prepared) -> None:
    assert rows(prepared, "retention", "Buckets") == [["raw", "Enabled", None, "COMPLIANCE 365 days", None]]
    assert rows(prepared, "retention", "Logs") == [["/flow", 365]]
    assert rows(prepared, "retention", "Keys") == [["keys-models", True, 30, "Models"]]
    assert prepared.known.facts["retention.trail"].value == "every region, files validated"
    assert prepared.known.facts["retention.backups"].value == "35"


def test_a_run_outside_a_clone_has_no_commit(whole: Material) -> None:
    lineage = {**whole.run.documents["lineage"], "commit": "unrecorded"}
    run = RunRecord(whole.run.place, {**whole.run.documents, "lineage": lineage}, whole.run.contents)
    known = prepare(replace(whole, run=run)).known
    assert "the run was made outside a git clone" in known.gaps["lineage.commit"].why


def test_a_rehearsed_restore_is_a_fact_with_what_was_lost(environment: LoadedEnvironment) -> None:
    drill = {"rehearsals": [{"lost": []}, {"lost": ["a"]}]}
    assert prepare(material(environment, drill=drill)).known.facts["incidents.drill"].value == "1 of 2 restored"
