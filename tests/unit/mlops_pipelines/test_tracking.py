"""A run is logged to MLflow whole, or the reason is told: with a real store in a folder of the test's own."""

from __future__ import annotations

import sys
import warnings
from pathlib import Path

import pytest

from mlops_pipelines import tracking

RUN = {
    "run_name": "1.2.0",
    "parameters": {"learning_rate": 0.13, "max_leaf_nodes": 27, "family": "gradient_boosting", "left out": None},
    "metrics": {"roc_auc": 0.842, "records": 2380},
    "tags": {"status": "registered", "package": None},
}


@pytest.fixture(scope="module")
def logged(tmp_path_factory):
    """One run in a new SQLite store, and how a client sees it."""
    root = tmp_path_factory.mktemp("tracking")
    report = root / "report.html"
    report.write_text("<p>report</p>", encoding="utf-8")
    uri = f"sqlite:///{root}/mlflow.db"
    identity = tracking.log_run(uri, experiment="mortgage approval", artifacts=[report], **RUN)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # MLflow's own imports
        from mlflow.tracking import MlflowClient

        client = MlflowClient(tracking_uri=uri)
    return root, uri, client, client.get_run(identity)


def test_a_run_is_logged_with_its_parameters_metrics_and_tags(logged):
    *_, run = logged
    assert run.info.status == "FINISHED"
    assert run.info.run_name == "1.2.0"
    assert run.data.params == {"learning_rate": "0.13", "max_leaf_nodes": "27", "family": "gradient_boosting"}
    assert run.data.metrics == {"roc_auc": 0.842, "records": 2380.0}
    assert run.data.tags["status"] == "registered"
    assert "package" not in run.data.tags


def test_artifacts_lie_beside_the_store_and_nowhere_else(logged):
    root, _, client, run = logged
    assert [item.path for item in client.list_artifacts(run.info.run_id)] == ["report.html"]
    folder = root / "mlflow-artifacts" / "mortgage-approval" / run.info.run_id / "artifacts"
    assert (folder / "report.html").read_text(encoding="utf-8") == "<p>report</p>"
    assert not Path("mlruns").exists()


def test_a_second_run_goes_to_the_same_experiment(logged):
    _, uri, client, run = logged
    many = {f"parameter_{number}": number for number in range(130)}  # more than MLflow takes at once
    again = tracking.log_run(
        uri, experiment="mortgage approval", artifacts=[], **{**RUN, "parameters": many, "metrics": {}}
    )
    second = client.get_run(again)
    assert second.info.experiment_id == run.info.experiment_id
    assert len(second.data.params) == 130


def test_what_mlflow_refuses_is_told_and_the_run_ends_as_failed(logged):
    _, uri, client, run = logged
    with pytest.raises(ValueError, match=r"MLflow at sqlite:///.* did not take the run: .*bad\?name"):
        tracking.log_run(uri, experiment="mortgage approval", artifacts=[], **{**RUN, "parameters": {"bad?name": 1}})
    newest = client.search_runs([run.info.experiment_id], order_by=["attributes.start_time DESC"], max_results=1)[0]
    assert newest.info.status == "FAILED"


def test_every_fault_is_told_at_once(tmp_path):
    with pytest.raises(ValueError, match="was not logged") as told:
        tracking.log_run(
            "mlruns", experiment=" ", artifacts=[tmp_path / "none.html"],
            **{**RUN, "metrics": {"roc_auc": float("nan"), "f1": None}},
        )  # fmt: skip
    for part in (
        "'mlruns' is no store: give sqlite:///FILE", "the experiment has no name", "metric roc_auc is nan",
        "metric f1 is None", f"the artifact {tmp_path}/none.html is no file",
    ):  # fmt: skip
        assert part in str(told.value)


def test_a_password_in_an_address_is_not_repeated():
    with pytest.raises(ValueError, match="no store") as told:
        tracking.log_run("ftp://me:hidden@host/x", experiment="x", artifacts=[], **RUN)
    assert "hidden" not in str(told.value)


def test_without_mlflow_the_extra_is_named(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "mlflow.exceptions", None)
    with pytest.raises(ValueError, match=r"install the extra `tracking`, as in `pip install mlops-estate\[tracking\]`"):
        tracking.log_run(f"sqlite:///{tmp_path}/m.db", experiment="x", artifacts=[], **RUN)
    assert not (tmp_path / "m.db").exists()
