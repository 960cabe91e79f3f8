"""The local runner: order, branches, failures, the container layout, spot interruptions. Jobs here are toys."""

from __future__ import annotations

import gzip
import io
import json
import tarfile

import pytest
from tests.support.pipelines import Objects

from mlops_pipelines.training.jobs import JobFailed, moved, packed
from mlops_pipelines.training.local import StepFailed, run_definition

WRITE = """
import json, pathlib, sys
pathlib.Path(sys.argv[1], "r.json").write_text(json.dumps({"value": float(sys.argv[2])}))
"""
UPPER = """
import pathlib, sys
pathlib.Path(sys.argv[2], "o.txt").write_text(pathlib.Path(sys.argv[1], "i.txt").read_text().upper())
"""
CHECKPOINTED = """
import os, pathlib, time
checkpoint = pathlib.Path("/opt/ml/checkpoints".replace("/opt/ml", os.environ["ML"]), "c")
if checkpoint.exists():
    pathlib.Path(os.environ["SM_MODEL_DIR"], "model").write_text(checkpoint.read_text() + " and resumed")
    print("loss=1.5"); print("loss=0.5")
else:
    pathlib.Path(os.environ["SM_MODEL_DIR"], "half").write_text("lost with the instance")
    checkpoint.write_text("kept")
    time.sleep(600)
"""


def processing(name, code, *arguments, outputs=("out",), inputs=(), **extra):
    """Return a processing step that runs Python code."""
    return {
        "Name": name,
        "Type": "Processing",
        "Arguments": {
            "AppSpecification": {"ContainerEntrypoint": ["python3", "-c", code], "ContainerArguments": list(arguments)},
            "ProcessingInputs": [
                {"InputName": key, "S3Input": {"S3Uri": uri, "LocalPath": f"/opt/ml/processing/{key}"}}
                for key, uri in inputs
            ],
            "ProcessingOutputConfig": {
                "Outputs": [
                    {
                        "OutputName": key,
                        "S3Output": {"S3Uri": f"s3://b/{name}/{key}", "LocalPath": f"/opt/ml/processing/{key}"},
                    }
                    for key in outputs
                ]
            },
            **extra,
        },
    }


def training(code="", **extra):
    arguments = {
        "AlgorithmSpecification": {"MetricDefinitions": [{"Name": "loss", "Regex": "loss=([0-9.]+)"}]},
        "HyperParameters": {
            "sagemaker_program": "main.py",
            "sagemaker_submit_directory": "s3://b/src.tar.gz",
            "depth": "3",
        },
        "OutputDataConfig": {"S3OutputPath": "s3://b/models/"},
        "StoppingCondition": {"MaxRuntimeInSeconds": 60, "MaxWaitTimeInSeconds": 60},
        **extra,
    }
    return {"Name": "Train", "Type": "Training", "Arguments": arguments}, source({"main.py": code})


def source(files):
    plain = io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w") as archive:
        for name, text in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(text.encode())
            archive.addfile(entry, io.BytesIO(text.encode()))
    return gzip.compress(plain.getvalue(), mtime=0)


def run(folder, steps, objects=None, parameters=None, given=None, **options):
    objects = Objects() if objects is None else objects
    definition = {"Version": "2020-12-01", "Parameters": parameters or [], "Steps": steps}
    return run_definition(
        definition, parameters=given or {}, work_dir=folder, fetch=objects.fetch, store=objects.store,
        execution_id="run1", **options,
    )  # fmt: skip


def test_a_processing_job_reads_its_inputs_and_stores_its_outputs(tmp_path):
    objects = Objects({"s3://b/in/i.txt": b"text"})
    step = processing("A", UPPER, "/opt/ml/processing/in", "/opt/ml/processing/out", inputs=[("in", "s3://b/in")])
    result = run(tmp_path, [step], objects)
    assert objects["s3://b/A/out/o.txt"] == b"TEXT"
    assert [(item.name, item.type, item.attempts) for item in result.steps] == [("A", "Processing", 1)]


def test_steps_run_when_what_they_refer_to_has_run(tmp_path):
    first = processing("First", "pass")
    second = processing("Second", "pass", {"Get": "Steps.First.ProcessingOutputConfig.Outputs['out'].S3Output.S3Uri"})
    third = processing("Third", "pass") | {"DependsOn": ["Second"]}
    told = []
    run(tmp_path, [third, second, first], on_step=lambda name, state, _seconds: told.append((name, state)))
    assert told == [(name, state) for name in ("First", "Second", "Third") for state in ("running", "succeeded")]


@pytest.mark.parametrize(("value", "chosen"), [(0.9, "Good"), (0.5, "Good"), (0.1, "Bad")])
def test_a_condition_on_a_property_file_chooses_the_branch(tmp_path, value, chosen):
    measure = processing("Measure", WRITE, "/opt/ml/processing/out", str(value))
    measure["PropertyFiles"] = [{"PropertyFileName": "R", "OutputName": "out", "FilePath": "r.json"}]
    left = {"Std:JsonGet": {"PropertyFile": {"Get": "Steps.Measure.PropertyFiles.R"}, "Path": "value"}}
    condition = {"Type": "GreaterThanOrEqualTo", "LeftValue": left, "RightValue": {"Get": "Parameters.Least"}}
    branches = {"IfSteps": [processing("Good", "pass")], "ElseSteps": [processing("Bad", "pass")]}
    gate = {"Name": "Gate", "Type": "Condition", "Arguments": {"Conditions": [condition], **branches}}
    least = [{"Name": "Least", "Type": "Float", "DefaultValue": 0.5}]
    result = run(tmp_path, [measure, gate], parameters=least)
    assert [step.name for step in result.steps] == ["Measure", "Gate", chosen]
    assert result.property_files == {"R": {"value": value}}


def test_a_registered_model_package_has_every_reference_resolved(tmp_path):
    arguments = {
        "ModelPackageGroupName": "g",
        "By": {"Get": "Execution.PipelineExecutionArn"},
        "Seed": {"Get": "Parameters.Seed"},
    }
    register = {"Name": "Register", "Type": "RegisterModel", "Arguments": arguments}
    seed = [{"Name": "Seed", "Type": "Integer", "DefaultValue": 1}]
    arn = "arn:aws:sagemaker:eu-west-1:123456789012:pipeline/p"
    result = run(tmp_path, [register], parameters=seed, given={"Seed": 5}, pipeline_arn=arn)
    assert result.model_package == {"ModelPackageGroupName": "g", "By": f"{arn}/execution/run1", "Seed": 5}


def test_a_fail_step_fails_the_run_with_its_message(tmp_path):
    message = {"Std:Join": {"On": " ", "Values": ["below", 0.5]}}
    with pytest.raises(StepFailed, match=r"step Stop failed: below 0\.5"):
        run(tmp_path, [{"Name": "Stop", "Type": "Fail", "Arguments": {"ErrorMessage": message}}])


def test_a_failed_job_names_the_step_and_shows_the_end_of_its_standard_error(tmp_path):
    code = "import sys\nfor i in range(40): print('line', i, file=sys.stderr)\nsys.exit(3)"
    told = []
    with pytest.raises(StepFailed, match="step Broken failed: exit code 3") as caught:
        run(tmp_path, [processing("Broken", code)], on_step=lambda name, state, _s: told.append((name, state)))
    assert "line 39" in caught.value.reason
    assert "line 24" not in caught.value.reason
    assert told[-1] == ("Broken", "failed")


def test_a_job_is_ended_at_its_longest_run_time(tmp_path):
    step = processing("Slow", "import time; time.sleep(600)", StoppingCondition={"MaxRuntimeInSeconds": 0.2})
    with pytest.raises(StepFailed, match=r"longer than MaxRuntimeInSeconds = 0\.2"):
        run(tmp_path, [step])


def test_what_is_missing_in_s3_is_named(tmp_path):
    with pytest.raises(StepFailed, match="no object at or below s3://b/in"):
        run(tmp_path, [processing("A", "pass", inputs=[("in", "s3://b/in")])])


def test_an_unreadable_property_file_fails_its_step(tmp_path):
    step = processing("A", "pass")
    step["PropertyFiles"] = [{"PropertyFileName": "R", "OutputName": "out", "FilePath": "r.json"}]
    with pytest.raises(StepFailed, match=r"property file R \(out/r\.json\) cannot be read"):
        run(tmp_path, [step])


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"Nme": 1}, "parameter Nme is unknown (known: Count, Flag, Word)"),
        ({"Count": "1"}, "parameter Count = '1' is not of type Integer"),
        ({"Count": True}, "parameter Count = True is not of type Integer"),
        ({"Flag": 1}, "parameter Flag = 1 is not of type Boolean"),
        ({"Word": "c"}, "parameter Word = 'c' is none of ['a', 'b']"),
        ({}, "parameter Count has no default and was not given"),
    ],
)
def test_parameters_are_checked_before_anything_runs(tmp_path, given, message):
    parameters = [
        {"Name": "Count", "Type": "Integer"},
        {"Name": "Flag", "Type": "Boolean", "DefaultValue": True},
        {"Name": "Word", "Type": "String", "DefaultValue": "a", "EnumValues": ["a", "b"]},
    ]
    with pytest.raises(ValueError, match="parameter") as caught:
        run(tmp_path, [processing("A", "pass")], parameters=parameters, given=given)
    assert message in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_steps_that_cannot_be_run_are_refused_before_anything_runs(tmp_path):
    odd = {"Name": "Odd", "Type": "EMR", "Arguments": {}}
    lost = processing("Lost", "pass", {"Get": "Steps.Nowhere.X"})
    with pytest.raises(ValueError, match=r"Odd is of type EMR.*Lost refers to step Nowhere"):
        run(tmp_path, [odd, lost])
    assert list(tmp_path.iterdir()) == []


def test_a_cycle_is_reported(tmp_path):
    steps = [processing("A", "pass") | {"DependsOn": ["B"]}, processing("B", "pass") | {"DependsOn": ["A"]}]
    with pytest.raises(StepFailed, match="it waits for B"):
        run(tmp_path, steps)


def test_script_mode_gets_the_toolkits_variables_and_arguments(tmp_path):
    code = """
import json, os, pathlib, sys
seen = {key: value for key, value in os.environ.items() if key.startswith("SM_")}
report = [sys.argv[1:], seen, os.listdir(os.environ["SM_CHANNEL_TRAIN"])]
pathlib.Path(os.environ["SM_MODEL_DIR"], "seen.json").write_text(json.dumps(report))
pathlib.Path(os.environ["SM_OUTPUT_DATA_DIR"], "extra.txt").write_text("x")
"""
    channel = {"ChannelName": "train", "DataSource": {"S3DataSource": {"S3Uri": "s3://b/data"}}}
    step, tarball = training(code, InputDataConfig=[channel])
    objects = Objects({"s3://b/src.tar.gz": tarball, "s3://b/data/rows.csv": b"1"})
    run(tmp_path, [step], objects)
    prefix = "s3://b/models/pipelines-run1-Train/output"
    with tarfile.open(fileobj=io.BytesIO(objects[f"{prefix}/model.tar.gz"])) as archive:
        arguments, seen, files = json.load(archive.extractfile("seen.json"))
    assert (arguments, files) == (["--depth", "3"], ["rows.csv"])
    assert (seen["SM_HP_DEPTH"], seen["SM_CURRENT_HOST"], json.loads(seen["SM_CHANNELS"])) == ("3", "algo-1", ["train"])
    assert f"{prefix}/output.tar.gz" in objects


def test_a_program_in_a_folder_finds_modules_at_the_root(tmp_path):
    step, _ = training()
    step["Arguments"]["HyperParameters"]["sagemaker_program"] = "sub/main.py"
    tarball = source({"sub/main.py": "import at_the_root", "at_the_root.py": "print('loss=0.25')"})
    assert run(tmp_path, [step], Objects({"s3://b/src.tar.gz": tarball})).metrics == {"loss": 0.25}


def test_a_reclaimed_spot_job_resumes_from_its_checkpoint(tmp_path):
    step, tarball = training(
        CHECKPOINTED, EnableManagedSpotTraining=True, CheckpointConfig={"S3Uri": "s3://b/checkpoints"},
        Environment={"ML": "/opt/ml"},
    )  # fmt: skip
    objects = Objects({"s3://b/src.tar.gz": tarball})
    result = run(tmp_path, [step], objects, reclaim={"Train"})
    assert objects["s3://b/checkpoints/c"] == b"kept"
    assert (result.steps[0].attempts, result.metrics) == (2, {"loss": 0.5})
    with tarfile.open(fileobj=io.BytesIO(objects["s3://b/models/pipelines-run1-Train/output/model.tar.gz"])) as archive:
        assert archive.getnames() == ["model"]
        assert archive.extractfile("model").read() == b"kept and resumed"


@pytest.mark.parametrize(
    ("files", "parameters", "message"),
    [
        ({"main.py": "", "requirements.txt": "x"}, {}, "requirements.txt"),
        ({"main.py": ""}, {"sagemaker_program": ""}, "only script mode runs here"),
        ({"main.py": "raise SystemExit(4)"}, {}, "exit code 4"),
    ],
)
def test_a_training_job_that_cannot_run_says_why(tmp_path, files, parameters, message):
    step, _ = training()
    step["Arguments"]["HyperParameters"] |= parameters
    with pytest.raises(StepFailed, match=message):
        run(tmp_path, [step], Objects({"s3://b/src.tar.gz": source(files)}))


def test_jobs_see_no_credentials_and_none_of_the_callers_variables(tmp_path, monkeypatch):
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setenv("PYTHONPATH", "/elsewhere")
    code = "import json, os, pathlib, sys; pathlib.Path(sys.argv[1], 'e').write_text(json.dumps(dict(os.environ)))"
    objects = Objects()
    run(tmp_path, [processing("A", code, "/opt/ml/processing/out")], objects)
    variables = json.loads(objects["s3://b/A/out/e"])
    assert [name for name in variables if name.startswith("AWS")] == []
    assert "/elsewhere" not in " ".join(variables.values())


def test_a_container_path_outside_opt_ml_is_refused(tmp_path):
    assert moved(tmp_path, "/opt/ml/model") == tmp_path / "opt/ml/model"
    for path in ("/etc", "/opt/ml/../../etc", "/opt/mlx/a"):
        with pytest.raises(JobFailed, match="does not lie below"):
            moved(tmp_path, path)


def test_an_archive_of_the_same_contents_has_the_same_bytes(tmp_path):
    for name in ("one", "two"):
        (tmp_path / name / "sub").mkdir(parents=True)
        (tmp_path / name / "sub/b").write_text("b")
        (tmp_path / name / "a").write_text("a")
    (tmp_path / "two/a").touch()
    assert packed(tmp_path / "one") == packed(tmp_path / "two")


def test_jobs_reach_no_network(tmp_path):
    code = (
        "import socket\n"
        "connect = lambda: socket.create_connection(('192.0.2.1', 443), 1)\n"
        "by_name = lambda: socket.socket().connect(('nowhere.invalid', 443))\n"
        "for reach in (connect, by_name, lambda: socket.getaddrinfo('example.com', 443)):\n"
        "    try:\n"
        "        reach()\n"
        "    except OSError as error:\n"
        "        assert 'reaches no network' in str(error), error\n"
        "    else:\n"
        "        raise SystemExit('it was let through')\n"
    )
    result = run(tmp_path, [processing("Reach", code)])
    assert [step.name for step in result.steps] == ["Reach"]
