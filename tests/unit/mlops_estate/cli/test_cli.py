"""The `estate` command: exit codes, text and JSON, and that a user never sees a traceback."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from pathlib import Path
from types import SimpleNamespace

import pytest
import yaml
from tests.support.programs import MODEL, PROJECT

from mlops_estate.cli import commands, main
from mlops_estate.cli.boundary import run
from mlops_estate.engine import DestroyReport, EngineFault
from mlops_estate.faults import Fault, FaultsFound
from mlops_estate.graph import ResourceGraph, ResourceNode
from mlops_estate.graph_file import load, save
from mlops_estate.up import UpReport

COMMANDS = [
    ["up"], ["serve"], ["destroy"], ["preview"], ["check"], ["graph"], ["config", "check"], ["config", "schema"],
    ["rules", "list"], ["rules", "show"], ["pipeline", "validate"], ["pipeline", "graph"],
    ["cost"], ["prices", "list"], ["prices", "show"], ["prices", "refresh"], ["savings"], ["carbon"], ["roi"],
    ["maturity"], ["evidence"], ["preflight"], ["health"],
]  # fmt: skip
HERE = ["--project", str(PROJECT)]
FAULT = Fault("models.churn.label", 1, "must be a string", "quote it")


@pytest.fixture
def project(tmp_path) -> Path:
    """Return a project that holds a configuration without its program."""
    (tmp_path / "Pulumi.yaml").write_text("name: mlops-estate\n")
    (tmp_path / "Pulumi.dev.yaml").write_text((PROJECT / "Pulumi.dev.yaml").read_text())
    (tmp_path / "data").symlink_to(PROJECT / "data")
    return tmp_path


def raising(error: BaseException):
    def command(*_arguments, **_options):
        raise error

    return command


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_each_command_explains_itself_with_an_example(command, capsys):
    assert run([*command, "--help"]) == 0
    text = capsys.readouterr().out
    assert f"  estate {' '.join(command)} " in text.partition("Example")[2]


def test_the_help_names_every_command_and_the_exit_codes(capsys):
    assert run(["--help"]) == 0
    text = " ".join(capsys.readouterr().out.split())
    assert all(f" {name} " in text for name in ("up", "serve", "destroy", "preview", "graph", "config"))
    for code in ("0 done", "1 something failed", "2 the configuration or the command line is wrong", "130 interrupted"):
        assert code in text


@pytest.mark.parametrize("arguments", [[], ["config"]])
def test_no_command_at_all_shows_the_help(arguments, capsys):
    assert run(arguments) == 2
    said = capsys.readouterr()
    assert said.err.startswith("Usage: estate")
    assert "rule:" not in said.err
    assert said.out == ""


@pytest.mark.parametrize(
    ("arguments", "message", "where"),
    [
        (["nope"], "No such command 'nope'", "estate"),
        (["config", "nope"], "No such command 'nope'", "estate config"),
        (["up"], "Missing argument 'ENV'", "estate up"),
        (["up", "dev", "--nope"], "No such option: --nope", "estate up"),
        (["up", "dev", "--port", "70000"], "less than or equal to 65535", "estate up"),
        (["graph", "dev"], "Missing option '-o' / '--output'", "estate graph"),
    ],
)
def test_a_wrong_command_line_is_a_fault_of_exit_code_2(arguments, message, where, capsys):
    assert run(arguments) == 2
    text = capsys.readouterr().err
    assert message in text
    assert f"{where} --help shows what there is" in text
    assert run([*arguments, "--json"]) == 2
    data = json.loads(capsys.readouterr().out)
    assert (data["ok"], data["faults"][0]["where"]) == (False, where)


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (FaultsFound([FAULT], "nothing was created"), 2),
        (EngineFault(ResourceGraph("p", "dev"), [FAULT]), 1),
        (KeyboardInterrupt(), 130),
    ],
)
def test_what_a_command_raises_becomes_its_exit_code(monkeypatch, capsys, error, code):
    monkeypatch.setattr(commands, "run_config_check", raising(error))
    assert run(["config", "check", "dev"]) == code
    said = capsys.readouterr()
    assert said.out == ""
    assert "Traceback" not in said.err
    assert said.err


def test_a_bug_of_ours_is_not_dressed_up(monkeypatch):
    monkeypatch.setattr(commands, "run_config_check", raising(ZeroDivisionError("ours")))
    with pytest.raises(ZeroDivisionError):
        run(["config", "check", "dev"])


def test_faults_are_text_on_standard_error_or_data_on_standard_output(monkeypatch, capsys):
    monkeypatch.setattr(commands, "run_config_check", raising(FaultsFound([FAULT, FAULT], "two things")))
    run(["config", "check", "dev"])
    said = capsys.readouterr()
    assert said.err.startswith("\ntwo things:\n")
    assert said.err.count("  models.churn.label = 1\n      rule: must be a string\n      fix:  quote it\n") == 2
    run(["config", "check", "dev", "--json"])
    said = capsys.readouterr()
    assert said.err == ""
    assert json.loads(said.out) == {"ok": False, "summary": "two things", "faults": [FAULT.as_dict()] * 2}


def test_the_console_script_exits_with_the_code(monkeypatch):
    monkeypatch.setattr(commands, "run_config_schema", lambda: 0)
    with pytest.raises(SystemExit) as caught:
        main(["config", "schema"])
    assert caught.value.code == 0


@pytest.mark.parametrize("environment", ["dev", "staging", "prod"])
def test_a_sound_configuration_is_said_to_be_sound(environment, capsys):
    assert run(["config", "check", environment, *HERE]) == 0
    assert f"Pulumi.{environment}.yaml is sound: class {environment}, 1 model ({MODEL})" in capsys.readouterr().out
    assert run(["config", "check", environment, *HERE, "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {
        "ok": True, "environment": environment, "class": environment, "models": [MODEL], "notes": [],
    }  # fmt: skip


@pytest.mark.parametrize("command", [["up"], ["serve"], ["preview"], ["config", "check"], ["graph", "-o", "x.svg"]])
def test_a_faulty_configuration_stops_every_command_before_it_begins(command, project, capsys):
    text = (project / "Pulumi.dev.yaml").read_text().replace("label: deny", "lable: deny")
    (project / "Pulumi.dev.yaml").write_text(text)
    assert run([*command[:2 if command[0] == "config" else 1], "dev", *command[1 if command[0] == "graph" else 2:],
                "--project", str(project)]) == 2  # fmt: skip
    said = capsys.readouterr()
    assert f"models.{MODEL}.lable" in said.err
    assert f"models.{MODEL}.label" in said.err, "every fault at once"
    assert not (project / ".estate").exists()


@pytest.mark.parametrize(("name", "message"), [("nope", "Pulumi.nope.yaml"), ("../dev", "../dev"), ("", "environment")])
def test_an_environment_that_is_not_there_is_a_fault(name, message, capsys):
    assert run(["preview", name, *HERE]) == 2
    assert message in capsys.readouterr().err


def test_a_folder_that_is_no_project_is_a_fault(tmp_path, capsys):
    assert run(["preview", "dev", "--project", str(tmp_path)]) == 2
    assert "there is no Pulumi.yaml in this folder" in capsys.readouterr().err


def test_the_project_is_found_upwards_from_here(monkeypatch):
    monkeypatch.chdir(PROJECT / "docs")
    assert commands.project_dir(None) == PROJECT


def test_outside_of_any_project_the_installed_one_is_taken(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    assert commands.project_dir(None) == PROJECT


def test_a_preview_prints_the_tree_and_says_what_it_assumes(capsys):
    assert run(["preview", "dev", *HERE]) == 0
    text = capsys.readouterr().out
    assert text.startswith("mlops-estate dev: ")
    assert f"note: {MODEL} has no pinned version: version 1 is assumed (--as-shipped leaves it out)" in text
    assert "native sagemaker.Endpoint" in text
    assert "Nothing was created." in text


def test_as_shipped_assumes_nothing(capsys):
    assert run(["preview", "dev", "--as-shipped", *HERE]) == 0
    text = capsys.readouterr().out
    assert "is assumed" not in text
    assert "native sagemaker.Endpoint" not in text


def test_a_preview_as_json_is_the_graph_and_nothing_else(capsys, tmp_path):
    assert run(["preview", "dev", "--json", *HERE]) == 0
    said = capsys.readouterr()
    assert said.err == ""
    (tmp_path / "graph.json").write_text(said.out)
    graph = load(tmp_path / "graph.json")
    assert graph.preview
    assert sum(1 for _ in graph.custom_nodes()) > 50


@pytest.mark.parametrize("kind", ["svg", "html", "json"])
def test_the_graph_is_written_as_its_ending_says(kind, tmp_path, capsys):
    path = tmp_path / "new" / f"estate.{kind}"
    assert run(["graph", "dev", "-o", str(path), "--json", *HERE]) == 0
    data = json.loads(capsys.readouterr().out)
    assert (data["ok"], data["file"]) == (True, str(path))
    text = path.read_text()
    if kind == "svg":
        assert ET.fromstring(text).tag.endswith("svg")
    elif kind == "html":
        assert text.startswith("<!doctype html>")
    else:
        assert sum(1 for _ in load(path).custom_nodes()) == data["resources"]


def test_another_ending_is_refused_before_anything_runs(tmp_path, capsys):
    assert run(["graph", "dev", "-o", str(tmp_path / "x.png"), *HERE]) == 2
    assert "end it in .svg, .html or .json" in capsys.readouterr().err


def test_the_schema_is_json(capsys):
    assert run(["config", "schema"]) == 0
    assert json.loads(capsys.readouterr().out)["$schema"].startswith("https://json-schema.org/")


@pytest.mark.parametrize(("unequal", "code"), [({}, 0), ({"urn:x": ["differs"]}, 1)])
def test_up_reports_and_its_exit_code_says_whether_all_read_back_equal(monkeypatch, project, capsys, unequal, code):
    report = UpReport("dev", "123456789012", "eu-west-1", unequal=unequal, graph_file=".estate/dev/graph.json")
    save(ResourceGraph("mlops-estate", "dev"), project / report.graph_file)
    monkeypatch.setattr("mlops_estate.up.up", lambda *_arguments, **_options: report)
    assert run(["up", "dev", "--project", str(project)]) == code
    text = capsys.readouterr().out
    assert text.startswith("mlops-estate dev: 0 resources")
    assert ("  urn:x\n      differs" in text) == bool(unequal)
    assert run(["up", "dev", "--json", "--project", str(project)]) == code
    said = capsys.readouterr()
    assert (json.loads(said.out)["ok"], said.err) == (not unequal, "")


@pytest.mark.parametrize(
    ("arguments", "rehearse"), [([], False), (["--destroy-after"], True), (["--destroy-after", "--serve"], False)]
)
def test_up_rehearses_the_teardown_where_asked_and_not_served(monkeypatch, project, arguments, rehearse):
    asked = SimpleNamespace()
    report = UpReport("dev", "1", "r", graph_file=".estate/dev/graph.json")
    save(ResourceGraph("mlops-estate", "dev"), project / report.graph_file)

    def up(environment, *, account_url, progress, rehearse_destroy, standing):
        asked.rehearse = rehearse_destroy
        return report

    monkeypatch.setattr("mlops_estate.up.up", up)
    assert run(["up", "dev", *arguments, "--json", "--project", str(project)]) == 0
    assert asked.rehearse is rehearse


def test_a_failure_half_way_names_the_resource_and_where_the_graph_is(monkeypatch, project, capsys):
    graph = ResourceGraph("p", "dev", nodes={"u": ResourceNode("u", "a:b:C", "c", True, status="failed")})
    fault = EngineFault(graph, [Fault("size", 0, "must be 1", "give 1", "urn:pulumi:dev::p::a:b:C::c")])
    monkeypatch.setattr("mlops_estate.up.up", raising(fault))
    monkeypatch.chdir(project)
    assert run(["up", "dev", "--project", str(project)]) == 1
    text = capsys.readouterr().err
    assert "1 resource(s) failed, 0 skipped" in text
    assert "the graph of what stood is in .estate/dev/graph.json" in text
    assert "urn:pulumi:dev::p::a:b:C::c size = 0" in text


@pytest.mark.parametrize(("faults", "code"), [([], 0), ([FAULT], 1)])
def test_destroy_says_what_went_and_what_stays(monkeypatch, project, capsys, faults, code):
    report = DestroyReport(["a", "b"], ["r"], {"k": "why"}, ["a key waits"], list(faults))
    monkeypatch.setattr("mlops_estate.up.served.destroy_served", lambda *_arguments, **_options: report)
    assert run(["destroy", "dev", "--project", str(project)]) == code
    text = capsys.readouterr().out
    assert "dev: 2 resources deleted, 1 kept" in text
    assert "left as expected: a key waits" in text
    assert ("FAILED: models.churn.label" in text) == bool(faults)
    run(["destroy", "dev", "--json", "--project", str(project)])
    data = json.loads(capsys.readouterr().out)
    assert (data["ok"], data["deleted"], data["kept"], data["retained"]) == (not faults, 2, ["k"], ["r"])


def test_destroy_without_a_served_account_says_how_to_get_one(project, capsys):
    assert run(["destroy", "dev", "--project", str(project)]) == 2
    assert "start one: estate up dev --serve" in capsys.readouterr().err


def test_a_taken_port_is_a_fault(project, capsys):
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        environment = SimpleNamespace(project_dir=project, name="dev")
        account = SimpleNamespace(region="eu-west-1", account_id="123456789012", instance="i")
        with pytest.raises(FaultsFound, match="cannot listen on it") as caught:
            commands._serve(account, environment, port)
    assert (caught.value.faults[0].where, caught.value.faults[0].value) == ("--port", port)


def test_the_lines_that_wire_the_plugin_name_the_account_and_both_packages(project):
    shell, yaml_line = commands.wiring("http://127.0.0.1:5000", project)
    assert shell.strip() == "export MLOPS_ESTATE_ENDPOINT=http://127.0.0.1:5000"
    providers = yaml.safe_load(yaml_line)["plugins"]["providers"]
    assert [(item["name"], item["path"]) for item in providers] == [
        (name, str(project / "plugins" / name)) for name in ("aws", "aws-native")
    ]
