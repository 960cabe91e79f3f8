"""Asks the live endpoints one real record each, as a client would."""

from __future__ import annotations

import json
from typing import Any

from mlops_estate.faults import Fault
from mlops_estate.up.report import ModelReport
from mlops_estate.up.session import EstateSession, HalfWay


def ask_endpoint(session: EstateSession, report: ModelReport) -> None:
    """Invoke a model's endpoint with its first record and keep status and answer; `HalfWay` where it fails."""
    from botocore.exceptions import ClientError

    outputs = session.applied().stack_outputs["models"][report.name]
    report.endpoint = outputs["endpoint"]
    described = session.account.client("sagemaker").describe_endpoint(EndpointName=report.endpoint)
    report.endpoint_status = described["EndpointStatus"]
    record = _first_record(session, report.name)
    try:
        answer = session.account.client("sagemaker-runtime").invoke_endpoint(
            EndpointName=report.endpoint,
            ContentType="application/json",
            Accept="application/json",
            Body=json.dumps(record).encode(),
        )
    except ClientError as error:
        fault = Fault(f"models.{report.name}", report.endpoint, str(error), "look at the model's inference script")
        raise HalfWay([fault], f"the endpoint of {report.name} does not answer") from error
    report.sample_prediction = answer["Body"].read().decode()


def _first_record(session: EstateSession, name: str) -> dict[str, Any]:
    """Return the features of the model's first record: no label, no protected attribute."""
    from mlops_pipelines.features import load_schema
    from mlops_pipelines.features.ingest import read_rows

    model = session.environment.config.models[name]
    folder = session.environment.project_dir
    schema = load_schema(folder / model.schema_path)
    row = next(iter(read_rows(folder / model.data)))
    return {name: row[name] for name in schema.names("feature")}
