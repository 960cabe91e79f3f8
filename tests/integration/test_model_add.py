"""`estate model add`: from a CSV file to a model that the estate loads."""

from __future__ import annotations

import json
import shutil

import pytest
import sklearn.datasets
import yaml
from tests.support.project import ROOT, copy_project

from mlops_estate.cli.boundary import run
from mlops_estate.config import load_environment
from mlops_pipelines.data.checking import check
from mlops_pipelines.data.reading import read_raw
from mlops_pipelines.features import load_schema

MESSY = """\
Customer ID,Full name,Signed up,E-mail,Monthly fee (€),Share used,Plan,Gender,Notes,Empty,Über-Alles,Churned?
{rows}"""


@pytest.fixture
def project(tmp_path):
    """A copy of the project whose data may be added to."""
    folder = tmp_path / "project"
    folder.mkdir()
    copy_project(folder)
    (folder / "data").unlink()
    shutil.copytree(ROOT / "data", folder / "data")
    return folder


@pytest.fixture
def files(tmp_path):
    """A folder of data sets outside the project."""
    folder = tmp_path / "somewhere else"
    folder.mkdir()
    return folder


def _tree(folder):
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def _sklearn(folder, name):
    path = folder / f"{name}.csv"
    getattr(sklearn.datasets, f"load_{name}")(as_frame=True).frame.to_csv(path, index=False, lineterminator="\n")
    return path


def _messy(folder):
    rows = "".join(
        f'C{place:05d},"Doe, J{place}",2024-0{place % 9 + 1}-01,j{place}@example.org,{place % 37 + 0.99},'
        f"{'' if place % 9 == 0 else place % 100 / 100},{['Free', 'Pro', 'Team'][place % 3]},{'fm'[place % 2]},"
        f'"said ""hm"" {place}",,{place % 4},{["No", "Yes"][place % 5 == 0]}\r\n'
        for place in range(300)
    )
    path = folder / "my messy data.csv"
    path.write_bytes(b"\xef\xbb\xbf" + MESSY.format(rows=rows).replace("\r\n", "\n").replace("\n", "\r\n").encode())
    return path


def _add(project, name, path, label, *more):
    return run(["model", "add", name, "--data", str(path), "--label", label, *more, "--project", str(project)])


def _sound(project, name, environments=("dev",)):
    """Make sure that the model loads in its environments and that its data pass its schema; return the schema."""
    for environment in environments:
        loaded = load_environment(environment, project)
        schema = load_schema(project / loaded.config.models[name].schema_path)
        folder = (project / loaded.config.models[name].data).parent
        checked = check(read_raw(folder, schema), schema)
        assert not checked.findings
    return schema


@pytest.mark.parametrize(
    ("dataset", "more", "problem", "features"),
    [("wine", [], "multiclass", 13), ("diabetes", ["--protected", "sex"], "regression", 9),
     ("breast_cancer", [], "binary", 30)],
)  # fmt: skip
def test_a_well_known_data_set_becomes_a_model(project, files, capsys, dataset, more, problem, features):
    before = (project / "Pulumi.dev.yaml").read_text()
    name = dataset.replace("_", "-")
    assert _add(project, name, _sklearn(files, dataset), "target", *more) == 0
    said = capsys.readouterr().out
    schema = _sound(project, name)
    assert (schema.problem, len(schema.names("feature"))) == (problem, features)
    assert f"{name}: {problem}" in said
    assert f"estate pipeline run {name} --local" in said
    after = (project / "Pulumi.dev.yaml").read_text()
    assert after.startswith(before)
    assert len(after[len(before) :].splitlines()) <= 15
    made = {path.name for path in (project / "data" / name).iterdir()}
    assert made == {"PROVENANCE.md", f"{dataset}.csv", "schema.yaml"}
    assert run(["config", "check", "dev", "--project", str(project)]) == 0


def test_headers_that_are_no_feature_names_are_kept_beside_one(project, files):
    _add(project, "breast-cancer", _sklearn(files, "breast_cancer"), "target")
    column = _sound(project, "breast-cancer").columns[0]
    assert (column.name, column.header) == ("mean_radius", "mean radius")


def test_messy_data_become_a_model_and_what_to_look_at_is_said(project, files, capsys):
    path = _messy(files)
    assert _add(project, "churn", path, "Churned?", "--protected", "gender", "--ignore", "Notes") == 2
    assert "did you mean `Gender`?" in capsys.readouterr().err
    assert _add(project, "churn", path, "Churned?", "--ignore", "Notes") == 0
    said = capsys.readouterr().out
    schema = _sound(project, "churn")
    found = {column.header: (column.name, column.type, column.role) for column in schema.columns}
    assert found == {
        "Customer ID": ("Customer_ID", "text", "identifier"),
        "Full name": ("Full_name", "text", "ignored"),
        "Signed up": ("Signed_up", "text", "ignored"),
        "E-mail": ("E-mail", "text", "ignored"),
        "Monthly fee (€)": ("Monthly_fee", "number", "feature"),
        "Share used": ("Share_used", "number", "feature"),
        "Plan": ("Plan", "category", "feature"),
        "Gender": ("Gender", "category", "feature"),
        "Notes": ("Notes", "text", "ignored"),
        "Empty": ("Empty", "text", "ignored"),
        "Über-Alles": ("Uber-Alles", "integer", "feature"),
        "Churned?": ("Churned", "category", "label"),
    }
    assert schema.record_identifier == "Customer_ID"
    assert (schema.column("Share_used").minimum, schema.column("Share_used").maximum) == (0, 1)
    assert schema.column("Share_used").nullable
    for words in ("`Gender` may be a protected attribute", "`Signed up` is ignored: it holds dates",
                  "`Empty` is ignored", "binary: the second value, 'Yes', is the positive class"):  # fmt: skip
        assert words in said
    assert (project / "data" / "churn" / "my_messy_data.csv").read_bytes() == path.read_bytes()
    provenance = (project / "data" / "churn" / "PROVENANCE.md").read_text()
    assert "Yes: 60" in provenance


def test_several_environments_get_the_block_and_keep_everything_else(project, files):
    before = {
        name: yaml.safe_load((project / f"Pulumi.{name}.yaml").read_text()) for name in ("dev", "staging", "prod")
    }
    prod = (project / "Pulumi.prod.yaml").read_bytes()
    path = _sklearn(files, "wine")
    assert _add(project, "wine", path, "target", "--env", "dev", "--env", "staging") == 0
    _sound(project, "wine", ("dev", "staging"))
    for name in ("dev", "staging"):
        after = yaml.safe_load((project / f"Pulumi.{name}.yaml").read_text())
        assert after["config"]["mlops-estate:models"].pop("wine")["label"] == "target"
        assert after == before[name]
    assert (project / "Pulumi.prod.yaml").read_bytes() == prod


def test_data_inside_the_project_are_used_where_they_lie(project, files):
    folder = project / "data" / "samples"
    folder.mkdir()
    shutil.copy(_sklearn(files, "wine"), folder / "wine.csv")
    assert _add(project, "wine", folder / "wine.csv", "target") == 0
    model = load_environment("dev", project).config.models["wine"]
    assert (model.data, model.schema_path) == ("data/samples/wine.csv", "data/wine/schema.yaml")
    assert not (project / "data" / "wine" / "wine.csv").exists()


def test_a_dry_run_prints_everything_and_writes_nothing(project, files, capsys):
    before = _tree(project)
    assert _add(project, "wine", _sklearn(files, "wine"), "target", "--dry-run") == 0
    said = capsys.readouterr().out
    assert _tree(project) == before
    for words in (
        "Would write:",
        "- {name: alcohol, type: number, minimum: 0,",
        "label: target",
        "Nothing was written.",
    ):
        assert words in said


def test_json_is_the_whole_result(project, files, capsys):
    assert _add(project, "wine", _sklearn(files, "wine"), "target", "--json") == 0
    data = json.loads(capsys.readouterr().out)
    assert (data["ok"], data["written"], data["problem"], data["records"]) == (True, True, "multiclass", 178)
    assert data["files"] == [
        "Pulumi.dev.yaml", "data/wine/PROVENANCE.md", "data/wine/schema.yaml", "data/wine/wine.csv",
    ]  # fmt: skip
    assert data["columns"][0]["review"]


@pytest.mark.parametrize(
    ("name", "label", "more", "where", "words"),
    [
        ("Wine_1", "target", [], "NAME", "a model name must be lower-case"),
        ("mortgage-approval", "target", [], "NAME", "Pulumi.dev.yaml has a model of that name"),
        ("w" * 60, "target", [], "NAME", "AWS takes at most"),
        ("wine", "tarket", [], "--label", "did you mean `target`?"),
        ("wine", "target", ["--env", "devv"], "environment", "did you mean `dev`?"),
        ("wine", "target", ["--identifier", "hue"], "--identifier", "an identifier tells records apart"),
    ],
)
def test_a_request_that_cannot_be_met_changes_nothing(project, files, capsys, name, label, more, where, words):
    before = _tree(project)
    assert _add(project, name, _sklearn(files, "wine"), label, *more, "--json") == 2
    data = json.loads(capsys.readouterr().out)
    assert _tree(project) == before
    assert any(
        fault["where"] == where and words in f"{fault['rule']} {fault['fix']}" for fault in data["faults"]
    ), data["faults"]  # fmt: skip


def test_a_schema_that_is_there_is_replaced_only_with_force(project, files, capsys):
    path = _sklearn(files, "wine")
    folder = project / "data" / "wine"
    folder.mkdir()
    (folder / "schema.yaml").write_text("mine")
    (folder / "PROVENANCE.md").write_text("mine")
    (folder / "wine.csv").write_text("other data")
    before = _tree(project)
    assert _add(project, "wine", path, "target") == 2
    said = capsys.readouterr().err
    assert "the model has a schema" in said
    assert "the project has another file of that name" in said
    assert _tree(project) == before
    assert _add(project, "wine", path, "target", "--force") == 0
    assert "PROVENANCE.md was kept" in capsys.readouterr().out
    assert (folder / "PROVENANCE.md").read_text() == "mine"
    _sound(project, "wine")


def test_an_environment_with_faults_is_reported_and_left_alone(project, files, capsys):
    path = project / "Pulumi.dev.yaml"
    path.write_text(path.read_text().replace("    region:", "    regoin:"))
    before = _tree(project)
    assert _add(project, "wine", _sklearn(files, "wine"), "target") == 2
    assert "did you mean `region`?" in capsys.readouterr().err
    assert _tree(project) == before


def test_the_first_model_of_an_environment_takes_the_place_of_braces(project, files):
    path = project / "Pulumi.dev.yaml"
    text = path.read_text()
    path.write_text(text[: text.index("  mlops-estate:models:")] + "  mlops-estate:models: {}  # none yet\n")
    assert _add(project, "diabetes", _sklearn(files, "diabetes"), "target") == 0
    assert list(load_environment("dev", project).config.models) == ["diabetes"]
    assert "mlops-estate:models:  # none yet\n    diabetes:\n" in path.read_text()
