"""Lineage of what `estate up` trained and serves: recorded in the account, then asked back from it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlops_estate.up.report import ModelReport
from mlops_estate.up.session import EstateSession

if TYPE_CHECKING:
    from mlops_pipelines.lineage import Recorded


def record_training(session: EstateSession, report: ModelReport, package_name: str, data_uri: str) -> None:
    """Record what made a model version: data, code, image, run, model, approval."""
    from mlops_pipelines.lineage import of_package, record

    client = session.account.client("sagemaker")
    package = client.describe_model_package(ModelPackageName=package_name)
    _count(report, record(client, of_package(package, data_uri)))


def record_endpoint(session: EstateSession, report: ModelReport) -> None:
    """Record what an endpoint serves, and ask which data are behind it and where else they went."""
    from mlops_pipelines.lineage import data_behind, endpoints_of, of_endpoint, record

    client = session.account.client("sagemaker")
    group = session.applied().stack_outputs["models"][report.name]["model_package_group_arn"]
    name = f"{group.replace(':model-package-group/', ':model-package/')}/{report.version}"
    package = client.describe_model_package(ModelPackageName=name)
    endpoint = client.describe_endpoint(EndpointName=report.endpoint)
    _count(report, record(client, of_endpoint(package, endpoint)))
    behind = data_behind(client, report.endpoint)
    report.lineage["data"] = [{"uri": item.uri, "sha256": item.sha256, "stage": item.stage} for item in behind]
    report.lineage["endpoints"] = endpoints_of(client, behind[0].uri, behind[0].sha256) if behind else []


def _count(report: ModelReport, done: Recorded) -> None:
    for what, number in (("entities", done.entities), ("associations", done.associations)):
        report.lineage[what] = report.lineage.get(what, 0) + number
