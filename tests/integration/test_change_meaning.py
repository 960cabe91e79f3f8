"""What a change of the real program means, end to end: from the program and its files to the headlines."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from tests.support.programs import MODEL, PROJECT
from tests.support.project import change_model, copy_project

from mlops_components import execution_role
from mlops_components.documents import statement
from mlops_estate.checks import check_graph, configuration_of
from mlops_estate.comparison.diff import compare
from mlops_estate.comparison.findings import policy_changes
from mlops_estate.comparison.headlines import headlines
from mlops_estate.comparison.model import Comparison, Side
from mlops_estate.comparison.permissions import permission_changes
from mlops_estate.comparison.release import release_timetable
from mlops_estate.config import load_environment
from mlops_estate.engine import run_program
from mlops_estate.engine.naming import without_names
from mlops_estate.graph import ResourceGraph
from mlops_estate.up.session import offline_versions, program_config


def previewed(project: Path, *, name_unknowns: bool = True) -> ResourceGraph:
    """Return the preview of a project's prod."""
    loaded = load_environment("prod", project)
    config = program_config(loaded, "", offline_versions(loaded, as_shipped=False))
    return run_program(project / "stacks" / "__main__.py", stack="prod", config=config, name_unknowns=name_unknowns)


@pytest.fixture(scope="module")
def shipped() -> ResourceGraph:
    return previewed(PROJECT)


def widened(args: Any, package_group: str) -> list[Any]:
    """Return the statements of an endpoint's role with an action widened, as a careless hand would."""
    alarms = f"arn:aws:cloudwatch:{args['region']}:{args['account']}:alarm:{args['prefix']}-*"
    packages = [package_group, package_group.replace(":model-package-group/", ":model-package/") + "/*"]
    return [
        statement("ReadRollbackAlarms", ["cloudwatch:*"], [alarms]),
        statement("ReadModelPackages", ["sagemaker:DescribeModelPackage"], packages),
    ]


@pytest.fixture(scope="module")
def changed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ResourceGraph]:
    """Collect prod as a pull request leaves it: four changes, in the program and in its files."""
    project = copy_project(tmp_path_factory.mktemp("project"))
    (project / "data").unlink()
    shutil.copytree(PROJECT / "data", project / "data")
    schema = project / "data" / MODEL / "schema.yaml"
    lines = schema.read_text(encoding="utf-8").splitlines(keepends=True)
    schema.write_text("".join(line for line in lines if "name: hschool" not in line), encoding="utf-8")
    change_model(project, "prod", MODEL, serving={"instance_type": "ml.m5.xlarge"}, release={"strategy": "all_at_once"})
    with mock.patch.object(execution_role, "_endpoint_statements", widened):
        yield previewed(project)


def between(before: ResourceGraph, after: ResourceGraph) -> Comparison:
    sides = Side("graph", "before"), Side("graph", "after")
    return compare(before, after, environment="prod", base=sides[0], head=sides[1])


def told(comparison: Comparison) -> list[dict[str, Any]]:
    policies = configuration_of(PROJECT / "policies" / "policies.yaml")
    plain = [without_names(side) for side in (comparison.before, comparison.after)]
    sides = [check_graph(side, policies, environment="prod") for side in plain]
    return headlines(
        comparison,
        permissions=permission_changes(comparison),
        release=release_timetable(comparison),
        policy=policy_changes(*sides),
        cost=None,
    )


def test_the_program_against_itself_means_nothing(shipped):
    comparison = between(shipped, shipped)
    assert permission_changes(comparison) == {"granted": [], "revoked": [], "undecided": [], "unknown": []}
    assert (release_timetable(comparison), told(comparison)) == ([], [])


def test_each_of_four_seeded_changes_is_called_out_at_the_top(shipped, changed):
    found = told(between(shipped, changed))
    role = f"mlops-prod-{MODEL}-endpoint"
    assert [(each["level"], each["title"]) for each in found] == [
        ("danger", f"{MODEL}: feature hschool removed"),
        ("danger", f"{role}: action widened cloudwatch:DescribeAlarms -> cloudwatch:*"),
        ("danger", "1 new mandatory policy finding"),
        ("warning", f"{MODEL}: instance type ml.m5.large -> ml.m5.xlarge"),
        ("warning", f"{MODEL}: release canary 10 % -> all at once"),
        ("notice", "1 new advisory policy finding"),
        ("notice", f"{MODEL}: pipeline: other code"),
    ]
    by_kind = {headline["kind"]: headline for headline in found}
    assert "two commits" in by_kind["instance-type"]["detail"]
    assert "ml-prod-endpoint-gradual-shift" in found[2]["detail"]
    assert sum(1 + bool(headline["detail"]) for headline in found) <= 25


def test_nothing_else_of_permissions_and_releases_is_told(shipped, changed):
    comparison = between(shipped, changed)
    permissions = permission_changes(comparison)
    (granted,) = [entry for entry in permissions["granted"] if entry["severity"] != "notice"]
    assert (granted["was"], granted["actions"], granted["severity"]) == (
        "cloudwatch:DescribeAlarms", ["cloudwatch:*"], "danger",
    )  # fmt: skip
    # The schema is part of the code, which is named by its checksum: who reads it, reads it there from now on.
    assert {entry["actions"][0] for entry in permissions["granted"] if entry is not granted} == {"s3:GetObject"}
    assert len(permissions["revoked"]) == len(permissions["granted"]) - 1
    assert permissions["undecided"] == []
    (release,) = release_timetable(comparison)
    assert (release["model"], release["strategy"], release["seconds"]) == (MODEL, "all at once", 1200)
    assert "instance type ml.m5.large -> ml.m5.xlarge" in release["reason"]
    assert any("AWS refuses the update" in caution for caution in release["cautions"])


def test_a_side_without_names_says_which_policies_it_can_not_see(changed):
    before = previewed(PROJECT, name_unknowns=False)
    comparison = between(before, changed)
    found = permission_changes(comparison)
    assert f"{MODEL}-role-policy" in {urn.rpartition("::")[2] for urn in found["unknown"]}
    assert found["granted"] == []
