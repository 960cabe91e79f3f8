"""An account of the command's own starts empty, so what a configuration takes as given cannot be in it."""

from __future__ import annotations

import pytest
from tests.support.project import change_estate, copy_project

from mlops_estate.cli.boundary import run

OWN = "111122223333"


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"permissions_boundary_arn": f"arn:aws:iam::{OWN}:policy/b"}, "estate.permissions_boundary_arn"),
        ({"adopt": {"buckets": {"raw": "acme-raw"}}}, "estate.adopt.buckets.raw"),
        ({"zones": ["eu-west-1z"]}, "estate.zones[0]"),
    ],
)
def test_it_is_refused_with_the_way_to_an_account_that_has_it(tmp_path, capsys, change, path):
    project = copy_project(tmp_path)
    change_estate(project, "dev", **change)
    assert run(["up", "dev", "--project", str(project)]) == 2
    said = capsys.readouterr().err
    assert path in said
    assert "`estate serve dev --empty` keeps one" in said
    assert "`estate up dev --account URL`" in said
    assert not (project / ".estate").exists()
