"""The masking pipeline as it is declared, run here on records of a test: no original of a person is stored anywhere."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest
from moto.server import ThreadedMotoServer
from tests.support.components import arguments, deployed, only

from mlops_pipelines.training.local import StepFailed, run_definition

SCHEMA = """\
columns:
  - {name: default, type: category, role: label, values: ["no", "yes"], description: d}
  - {name: income, type: integer, minimum: 0, maximum: 1000000, description: d}
  - {name: balance, type: number, minimum: 0, maximum: 1000000, description: d}
  - {name: ssn, type: text, role: identifier, description: d}
  - {name: mail, type: text, role: ignored, description: d}
  - {name: note, type: text, role: ignored, description: d}
record_identifier: ssn
event_time: event_time
"""
RULES = {
    "columns": {
        "ssn": {"method": "hash", "domain": "person"},
        "income": {"method": "generalise", "step": 5000},
        "balance": {"method": "synthesise"},
        "note": {"method": "keep"},
    }
}
RECORDS = [
    {
        "default": "yes" if number % 3 == 0 else "no",
        "income": str(20_011 + 457 * number),
        "balance": f"{1000.1234 + 7.77 * number:.4f}",
        "ssn": f"{100 + number}-45-{6000 + number}",
        "mail": f"person{number}@example.com",
        "note": "called",
    }
    for number in range(60)
]


def csv_of(records: list[dict[str, str]]) -> bytes:
    return "\n".join([",".join(records[0]), *(",".join(record.values()) for record in records)]).encode() + b"\n"


@pytest.fixture(scope="module")
def served():
    """Serve an account with the secret on loopback; return the variables that reach it, and the secret's ARN."""
    import boto3

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    host, port = server.get_host_and_port()
    url, keys = f"http://{host}:{port}", {"aws_access_key_id": "testing", "aws_secret_access_key": "testing"}
    client = boto3.client("secretsmanager", region_name="eu-west-1", endpoint_url=url, **keys)
    secret = base64.b64encode(bytes(range(32))).decode()
    variables = {"AWS_ENDPOINT_URL": url, **{name.upper(): value for name, value in keys.items()}}
    yield variables, client.create_secret(Name="mlops-dev/pseudonymisation", SecretString=secret)["ARN"]
    server.stop()


def run(records: list[dict[str, str]], served, folder: Path) -> dict[str, bytes]:
    """Declare the pipeline, run its definition, and return every object that was stored."""
    variables, secret_arn = served
    schema = folder / "schema.yaml"
    schema.write_text(SCHEMA, encoding="utf-8")
    given = {**arguments("MaskingPipeline"), "model": "loans", "schema_file": str(schema)}
    made = deployed("MaskingPipeline", {**given, "masking": RULES, "secret_arn": secret_arn})
    code = only(made, "it-source").inputs
    objects = {
        f"s3://{code['bucket']}/{code['key']}": ("sourcedir.tar.gz", base64.b64decode(code["contentBase64"])),
        f"s3://{given['raw_bucket']}/loans": ("loans.csv", csv_of(records)),
    }
    stored: dict[str, bytes] = {}

    def fetch(uri: str, into: Path) -> None:
        if uri not in objects:
            raise FileNotFoundError(uri)
        name, content = objects[uri]
        (into / name).write_bytes(content)

    def store(path: Path, uri: str) -> None:
        stored[uri] = path.read_bytes()

    definition = json.loads(only(made, "Pipeline it").inputs["pipelineDefinition"])
    try:
        run_definition(definition, parameters={}, work_dir=folder, fetch=fetch, store=store, environment=variables)
    except StepFailed:
        assert stored == {}
        raise
    return stored


def test_no_original_value_of_a_person_is_in_anything_that_was_stored(served, tmp_path):
    stored = run(RECORDS, served, tmp_path)
    names = {uri.rpartition("/loans/")[2] for uri in stored}
    assert names == {"data.csv", "schema.json", "masking.json"}
    everything = b"\n".join(stored.values()).decode()
    for column in ("ssn", "mail", "income", "balance"):
        assert [record[column] for record in RECORDS if record[column] in everything] == []
    copy = next(content for uri, content in stored.items() if uri.endswith("data.csv")).decode().splitlines()
    assert (copy[0], len(copy)) == ("default,income,balance,ssn,note", 61)
    assert {line.split(",")[4] for line in copy[1:]} == {"called"}


def test_a_kept_text_with_an_address_in_it_ends_the_run_and_nothing_is_stored(served, tmp_path):
    told = [{**RECORDS[0], "note": "write to ada@example.org"}, *RECORDS[1:]]
    with pytest.raises(StepFailed, match=r"masking\.columns\.note") as failed:
        run(told, served, tmp_path)
    assert "ada@" not in str(failed.value)
