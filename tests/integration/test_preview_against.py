"""`estate preview --against`: what a reviewer is told of a change, from git, from files and from the engine."""

from __future__ import annotations

import json
import os
import shutil
import subprocess

import pytest
import yaml
from tests.support.project import ROOT, change_model, copy_project

from mlops_estate.cli.boundary import run

MODEL = "mortgage-approval"
WHO = {f"GIT_{who}_{what}": "x@example.com" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
SCREEN = 25


def git(folder, *arguments):
    environment = {**os.environ, **WHO, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
    subprocess.run(["git", "-C", str(folder), *arguments], check=True, capture_output=True, env=environment)


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """A project under git whose working tree has the four changes of a pull request, with its own data and code."""
    folder = copy_project(tmp_path_factory.mktemp("reviewed"))
    (folder / "data").unlink()
    shutil.copytree(ROOT / "data", folder / "data")
    (folder / "policies").mkdir()
    shutil.copy(ROOT / "policies" / "policies.yaml", folder / "policies")
    (folder / ".gitignore").write_text(".estate/\n", encoding="utf-8")
    change_model(folder, "prod", MODEL, release={"version": 1, "strategy": "canary", "step_percent": 10})
    git(folder, "init", "--quiet", "--initial-branch", "main")
    git(folder, "add", "-A")
    git(folder, "commit", "--quiet", "-m", "Before")
    return folder


NARROW = ('["sagemaker:StartPipelineExecution"]', '["sagemaker:DescribePipeline"]')


@pytest.fixture(scope="module")
def changed(project, tmp_path_factory):
    """The same with four changes in the working tree: an instance type, a feature less, another strategy, and what a
    role may do. The code of the commit allows less: a revision is collected by its own."""
    folder = tmp_path_factory.mktemp("changed")
    shutil.copytree(project, folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns(".git", ".estate"))
    for root in ("stacks", "components", "pipelines", "policies"):
        shutil.copytree(ROOT / root, folder / root, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__"))
    schedule = folder / "components" / "mlops_components" / "pipeline_schedule.py"
    code = schedule.read_text(encoding="utf-8")
    assert NARROW[0] in code
    schedule.write_text(code.replace(*NARROW), encoding="utf-8")
    git(folder, "init", "--quiet", "--initial-branch", "main")
    git(folder, "add", "-A")
    git(folder, "commit", "--quiet", "-m", "Before")
    change_model(folder, "prod", MODEL, serving={"instance_type": "ml.m5.xlarge"},
                 release={"version": 1, "strategy": "all_at_once"})  # fmt: skip
    _drop_feature(folder / "data" / MODEL, "pirat")
    return folder


def _drop_feature(folder, feature):
    schema, data = folder / "schema.yaml", folder / "hmda_boston_mortgages.csv"
    document = yaml.safe_load(schema.read_text(encoding="utf-8"))
    document["columns"] = [column for column in document["columns"] if column["name"] != feature]
    schema.write_text(yaml.safe_dump(document, sort_keys=False), encoding="utf-8")
    rows = [line.split(",") for line in data.read_text(encoding="utf-8").splitlines()]
    place = rows[0].index(feature)
    data.write_text("\n".join(",".join(row[:place] + row[place + 1 :]) for row in rows) + "\n", encoding="utf-8")


def previewed(project, *arguments, code=0):
    assert run(["preview", "prod", "--project", str(project), *arguments]) == code


def document_of(project, capsys, *arguments):
    previewed(project, *arguments, "--json")
    return json.loads(capsys.readouterr().out)


def test_identical_trees_give_an_empty_report(project, capsys):
    document = document_of(project, capsys, "--against", "HEAD")
    assert document["summary"] == {
        "remove": 0, "replace": 0, "change": 0, "add": 0, "unchanged": document["summary"]["unchanged"],
    }  # fmt: skip
    assert document["summary"]["unchanged"] > 300
    assert (document["headlines"], document["changes"], document["release"]) == ([], [], [])
    assert [document["permissions"][key] for key in ("granted", "revoked", "undecided")] == [[], [], []]
    assert (document["policy"]["new"], document["policy"]["fixed"]) == ([], [])
    assert document["cost"]["delta"] == {"low": 0, "expected": 0, "high": 0}
    assert document["carbon"]["delta"] == {"low": 0, "expected": 0, "high": 0}


def test_each_change_is_called_what_it_is_at_the_top_in_one_screen(changed, capsys):
    previewed(changed, "--against", "HEAD", "--markdown")
    markdown = capsys.readouterr().out
    assert markdown.startswith("<!-- mlops-estate:change:prod -->\n")
    top = "\n".join(markdown.splitlines()[:SCREEN])
    for told in ("ml.m5.large", "ml.m5.xlarge", "pirat", "canary", "StartPipelineExecution"):
        assert told in top, markdown[:4000]
    kinds = {each["kind"] for each in document_of(changed, capsys, "--against", "HEAD")["headlines"]}
    assert {"instance-type", "feature-removed", "strategy", "permission-widened"} <= kinds


def test_all_forms_are_written_and_say_the_same(changed, tmp_path, capsys):
    outputs = [tmp_path / f"report.{kind}" for kind in ("html", "md", "json", "txt")]
    previewed(changed, "--against", "HEAD", *(word for path in outputs for word in ("-o", str(path))))
    printed = capsys.readouterr().out
    document = json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))
    for headline in document["headlines"][:3]:
        assert headline["title"].split("`")[0][:40] in printed
    assert "http" not in (tmp_path / "report.html").read_text(encoding="utf-8").replace("http-equiv", "")
    assert "uncommitted changes" in " ".join(document["notes"])


def test_a_saved_graph_can_be_compared_with(project, changed, tmp_path, capsys):
    saved = tmp_path / "saved.json"
    assert run(["graph", "prod", "--project", str(changed), "-o", str(saved)]) == 0
    capsys.readouterr()
    document = document_of(changed, capsys, "--against", str(saved))
    assert (document["base"]["kind"], document["changes"]) == ("graph", [])


def test_without_anything_to_compare_with_it_is_a_first_deployment(tmp_path, capsys):
    """Of a project without a configuration of the policy pack, too."""
    previewed(copy_project(tmp_path), "-o", str(tmp_path / "report.json"))
    document = json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))
    assert document["base"]["kind"] == "nothing"
    assert document["summary"]["add"] == document["head"]["resources"]
    assert document["cost"]["before"]["expected"] == 0
    assert document["cost"]["after"]["expected"] > 0


def test_what_can_t_be_compared_with_is_told_and_nothing_is_printed_as_a_report(project, tmp_path, capsys):
    previewed(project, "--against", "nowhere", code=2)
    assert "no such revision" in capsys.readouterr().err
    old = tmp_path / "plan.json"
    old.write_text('{"format": "mlops-estate/graph", "version": 0, "nodes": []}', encoding="utf-8")
    previewed(project, "--against", str(old), code=2)
    assert "version 1" in capsys.readouterr().err
    previewed(project, "--against", "HEAD", "-o", str(tmp_path / "report.pdf"), code=2)
    assert "the file's ending says what to write" in capsys.readouterr().err


def test_a_revision_whose_configuration_is_refused_says_so(project, tmp_path, capsys):
    clone = tmp_path / "clone"
    git(tmp_path, "clone", "--quiet", str(project), str(clone))
    broken = clone / "Pulumi.prod.yaml"
    sound = broken.read_text(encoding="utf-8")
    broken.write_text(sound.replace("zones:", "zone:"), encoding="utf-8")
    git(clone, "commit", "--quiet", "-am", "Broken")
    broken.write_text(sound, encoding="utf-8")
    previewed(clone, "--against", "HEAD", code=2)
    said = capsys.readouterr().err
    assert "HEAD" in said
    assert "zone" in said
