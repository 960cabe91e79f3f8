"""The local runner: steps side by side, isolation from the network, the reason of a failure, outputs taken again."""

from __future__ import annotations

import json
import threading
from time import monotonic

import pytest
from tests.integration.test_training_local import UPPER, WRITE, processing, run, source, training
from tests.support.pipelines import Objects

from mlops_pipelines.training.cache import KEPT_DAYS, StepCache, digest_of
from mlops_pipelines.training.local import PipelineRun, StepFailed

MEET = """
import pathlib, sys, time
here = pathlib.Path(sys.argv[1]); (here / sys.argv[2]).touch()
until = time.monotonic() + 20
while not (here / sys.argv[3]).exists():
    if time.monotonic() > until: raise SystemExit("nobody came")
    time.sleep(0.01)
"""
ISOLATED = {"NetworkConfig": {"EnableNetworkIsolation": True}}


def test_steps_that_wait_for_nothing_run_side_by_side(tmp_path):
    steps = [processing("One", MEET, str(tmp_path), "a", "b"), processing("Two", MEET, str(tmp_path), "b", "a")]
    result = run(tmp_path / "work", steps, parallel=2)
    assert [step.name for step in result.steps] == ["One", "Two"]


def test_no_more_steps_run_at_a_time_than_may(tmp_path):
    running, most = set(), []

    def on_step(name, state, _seconds):
        (running.add if state == "running" else running.discard)(name)
        most.append(len(running))

    run(tmp_path, [processing(name, "pass") for name in "ABCDE"], parallel=2, on_step=on_step)
    assert max(most) == 2


def test_the_first_failure_ends_the_others_and_keeps_what_was_done(tmp_path):
    done, begin = PipelineRun("", {}), monotonic()
    slow = processing("Slow", "import time; time.sleep(600)")
    broken = processing("Broken", "raise SystemExit(3)", {"Get": "Steps.First.ProcessingJobName"})
    with pytest.raises(StepFailed, match="step Broken failed"):
        run(tmp_path, [processing("First", "pass"), slow, broken], parallel=3, run=done)
    assert [step.name for step in done.steps] == ["First"]
    assert monotonic() - begin < 300  # the sleeping job was ended
    assert not any(thread.name.startswith("ThreadPool") for thread in threading.enumerate())


def test_an_isolated_job_reaches_not_even_this_machine(tmp_path):
    code = "import socket\nsocket.create_connection(('127.0.0.1', 9), 1)"
    with pytest.raises(StepFailed, match=r"reaches no network: 127\.0\.0\.1"):
        run(tmp_path, [processing("A", code, **ISOLATED)])
    with pytest.raises(StepFailed, match="Connection refused"):
        run(tmp_path / "open", [processing("A", code)])


def test_only_jobs_that_are_not_isolated_learn_the_accounts_address(tmp_path):
    code = "import json, os, pathlib, sys; pathlib.Path(sys.argv[1], 'e').write_text(json.dumps(dict(os.environ)))"
    objects, address = Objects(), {"AWS_ENDPOINT_URL": "http://127.0.0.1:1"}
    steps = [processing("Open", code, "/opt/ml/processing/out"),
             processing("Shut", code, "/opt/ml/processing/out", **ISOLATED)]  # fmt: skip
    run(tmp_path, steps, objects, environment=address)
    assert "AWS_ENDPOINT_URL" in json.loads(objects["s3://b/Open/out/e"])
    assert "AWS_ENDPOINT_URL" not in json.loads(objects["s3://b/Shut/out/e"])


def test_the_reason_that_a_job_leaves_is_the_reason_of_its_failure(tmp_path):
    leave = "import pathlib, sys; pathlib.Path(sys.argv[1]).write_text('column a is missing'); sys.exit(1)"
    step = processing("A", f"import pathlib; pathlib.Path('opt/ml/output').mkdir(parents=True); {leave}",
                      "/opt/ml/output/message")  # fmt: skip
    with pytest.raises(StepFailed) as caught:
        run(tmp_path, [step])
    assert caught.value.reason == "column a is missing"


def test_code_may_come_by_a_channel_as_an_isolated_training_job_needs(tmp_path):
    channel = {"ChannelName": "code", "DataSource": {"S3DataSource": {"S3Uri": "s3://b/code"}}}
    step, _ = training(InputDataConfig=[channel], EnableNetworkIsolation=True)
    step["Arguments"]["HyperParameters"]["sagemaker_submit_directory"] = "/opt/ml/input/data/code/src.tar.gz"
    objects = Objects({"s3://b/code/src.tar.gz": source({"main.py": "print('loss=0.5')"})})
    assert run(tmp_path, [step], objects).metrics == {"loss": 0.5}
    step["Arguments"]["HyperParameters"]["sagemaker_submit_directory"] = "/opt/ml/input/data/cod/src.tar.gz"
    with pytest.raises(StepFailed, match="no channel brings it"):
        run(tmp_path / "other", [step], objects)


def upper(**extra):
    return processing("A", UPPER, "/opt/ml/processing/in", "/opt/ml/processing/out", inputs=[("in", "s3://b/in")],
                      **extra)  # fmt: skip


def test_outputs_are_taken_again_while_code_arguments_and_inputs_are_the_same(tmp_path):
    cache = StepCache(tmp_path / "cache")

    def once(name, text=b"text", step=None):
        objects = Objects({"s3://b/in/i.txt": text})
        result = run(tmp_path / name, [step or upper(**ISOLATED)], objects, cache=cache)
        return result.steps[0].cached, objects["s3://b/A/out/o.txt"]

    assert once("first") == (False, b"TEXT")
    assert once("again") == (True, b"TEXT")
    assert once("other data", b"word") == (False, b"WORD")
    other = upper(**ISOLATED)
    other["Arguments"]["AppSpecification"]["ContainerEntrypoint"][2] += "\n"
    assert once("other code", step=other) == (False, b"TEXT")
    assert once("other variables", step=upper(**ISOLATED, Environment={"A": "1"})) == (False, b"TEXT")
    assert once("not isolated", step=upper()) == (False, b"TEXT")
    assert once("not isolated, again", step=upper()) == (False, b"TEXT")


def test_a_training_job_is_taken_again_with_its_metrics(tmp_path):
    cache = StepCache(tmp_path / "cache")
    code = ("import os, pathlib\nprint('loss=0.25')\n"
            "pathlib.Path(os.environ['SM_MODEL_DIR'], 'model').write_text('m')\n")  # fmt: skip
    channel = {"ChannelName": "code", "DataSource": {"S3DataSource": {"S3Uri": "s3://b/code"}}}
    step, _ = training(InputDataConfig=[channel], EnableNetworkIsolation=True)
    step["Arguments"]["HyperParameters"]["sagemaker_submit_directory"] = "/opt/ml/input/data/code/src.tar.gz"
    made = []
    for name in ("first", "again"):
        objects = Objects({"s3://b/code/src.tar.gz": source({"main.py": code})})
        result = run(tmp_path / name, [step], objects, cache=cache)
        made.append(
            (result.steps[0].cached, result.metrics, objects["s3://b/models/pipelines-run1-Train/output/model.tar.gz"])
        )
    assert [cached for cached, _, _ in made] == [False, True]
    assert made[0][1:] == made[1][1:]
    assert made[0][1] == {"loss": 0.25}


def test_a_failed_job_is_not_kept(tmp_path):
    cache = StepCache(tmp_path / "cache")
    for name in ("first", "again"):
        with pytest.raises(StepFailed):
            run(tmp_path / name, [processing("A", "raise SystemExit(1)", **ISOLATED)], cache=cache)
    assert not (tmp_path / "cache").exists()


def test_what_was_not_used_for_long_is_deleted(tmp_path):
    cache = StepCache(tmp_path / "cache")
    (tmp_path / "out").mkdir()
    cache.keep("k", {"out": tmp_path / "out"})
    now = (tmp_path / "cache/k").stat().st_mtime
    assert cache.prune(now + KEPT_DAYS * 86_400 - 60) == 0
    assert cache.prune(now + KEPT_DAYS * 86_400 + 60) == 1
    assert not cache.restore("k", {"out": tmp_path / "out"})


def test_a_digest_follows_names_and_contents_and_nothing_else(tmp_path):
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "a").write_text("1")
    assert digest_of(["x"], tmp_path / "one") == digest_of(["x"], tmp_path / "two")
    assert digest_of(["y"], tmp_path / "one") != digest_of(["x"], tmp_path / "one")
    (tmp_path / "two/a").rename(tmp_path / "two/b")
    assert digest_of(["x"], tmp_path / "one") != digest_of(["x"], tmp_path / "two")


def test_property_files_of_steps_side_by_side_are_kept_apart(tmp_path):
    steps = []
    for name, value in (("A", "1"), ("B", "2")):
        step = processing(name, WRITE, "/opt/ml/processing/out", value)
        step["PropertyFiles"] = [{"PropertyFileName": name, "OutputName": "out", "FilePath": "r.json"}]
        steps.append(step)
    assert run(tmp_path, steps, parallel=2).property_files == {"A": {"value": 1.0}, "B": {"value": 2.0}}
