"""The masking step: its files, its secret, and how it fails."""

from __future__ import annotations

import base64
import json

import boto3
import pytest
from moto import mock_aws

from mlops_pipelines.features.schema import Schema
from mlops_pipelines.settings import resolve
from mlops_pipelines.steps.mask import main

SCHEMA = {
    "record_identifier": "ssn",
    "event_time": "event_time",
    "columns": [
        {"name": "ssn", "type": "text", "role": "identifier", "description": "."},
        {"name": "income", "type": "integer", "minimum": 0, "maximum": 99999, "description": "."},
        {"name": "bad", "type": "category", "role": "label", "values": ["no", "yes"], "description": "."},
    ],
}
ROWS = [(f"id-{place:06d}", 10001 + 137 * place, "yes" if place % 3 else "no") for place in range(40)]
KEY = base64.b64encode(bytes(range(32))).decode()


@pytest.fixture
def account(monkeypatch):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with mock_aws():
        yield boto3.client("secretsmanager", region_name="eu-west-1")


@pytest.fixture
def job(tmp_path):
    """Lay a job's folders out, and return a function that runs it with an ARN; it returns code and outputs."""
    code, data = tmp_path / "code", tmp_path / "processing" / "input" / "data"
    code.mkdir()
    data.mkdir(parents=True)
    (code / "schema.json").write_text(json.dumps(SCHEMA))
    (code / "settings.json").write_text(json.dumps(resolve("loans", Schema.of(SCHEMA).as_dict()).as_dict()))
    (code / "masking.json").write_text(json.dumps({"columns": {"income": {"method": "generalise", "step": 2000}}}))
    lines = ["ssn,income,bad", *(",".join(map(str, row)) for row in ROWS)]
    (data / "loans.csv").write_text("\n".join(lines) + "\n")

    def run(arn: str):
        folders = ["--input", str(data.parent), "--output", str(tmp_path / "out"), "--code", str(code)]
        exit_code = main([*folders, "--fact", f"secret_arn={arn}"])
        return exit_code, tmp_path / "out" / "masked"

    run.code = code
    run.message = tmp_path / "output" / "message"
    return run


def _secret(account, value: str = KEY) -> dict[str, str]:
    return account.create_secret(Name="mlops-prod/pseudonymisation", SecretString=value)


def test_the_copy_its_schema_and_its_report_are_written(account, job, capsys):
    secret = _secret(account)
    code, folder = job(secret["ARN"])
    assert code == 0
    assert sorted(path.name for path in folder.iterdir()) == ["data.csv", "masking.json", "schema.json"]
    header, *records = (folder / "data.csv").read_text().splitlines()
    assert header == "income,bad"
    assert len(records) == len(ROWS)
    assert [column["name"] for column in json.loads((folder / "schema.json").read_text())["columns"]] == [
        "income",
        "bad",
    ]
    report = json.loads((folder / "masking.json").read_text())
    assert report["key_version"] == secret["VersionId"]
    assert report["columns"]["ssn"]["method"] == "drop"
    said = capsys.readouterr()
    assert json.loads(said.out) == {"records": 40, "columns": 2, "key_version": secret["VersionId"]}
    everything = said.out + "".join(path.read_text() for path in folder.iterdir())
    assert not any(str(value) in everything for row in ROWS for value in row[:2])
    assert KEY not in everything


def test_a_rotation_changes_the_version_that_the_report_names(account, job):
    secret = _secret(account)
    (job.code / "masking.json").write_text(json.dumps({"columns": {"ssn": {"method": "hash"}}}))
    _, folder = job(secret["ARN"])
    before, first = (folder / "data.csv").read_text(), json.loads((folder / "masking.json").read_text())
    changed = base64.b64encode(bytes(range(1, 33))).decode()
    made = account.put_secret_value(SecretId=secret["ARN"], SecretString=changed)
    job(secret["ARN"])
    second = json.loads((folder / "masking.json").read_text())
    assert (first["key_version"], second["key_version"]) == (secret["VersionId"], made["VersionId"])
    values = [
        {line.split(",")[0] for line in text.splitlines()[1:]} for text in (before, (folder / "data.csv").read_text())
    ]
    assert not values[0] & values[1]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"masking.json": None}, "the code holds no masking.json"),
        ({"masking.json": "{"}, "no usable masking.json"),
        ({"masking.json": '{"columns": {"incme": {"method": "drop"}}}'}, "did you mean `income`?"),
        ({"schema.json": '{"columns": []}'}, "label"),
    ],
)
def test_code_that_cannot_be_used_is_a_reason(account, job, capsys, change, words):
    secret = _secret(account)
    for name, text in change.items():
        (job.code / name).unlink() if text is None else (job.code / name).write_text(text)
    assert job(secret["ARN"])[0] == 1
    assert words in capsys.readouterr().err
    assert words in job.message.read_text()


@pytest.mark.parametrize(
    ("arn", "words"),
    [
        ("", "is no ARN of a secret"),
        ("arn:aws:secretsmanager:eu-west-1:123456789012:secret:none-abcdef", "cannot be read"),
    ],
)
def test_a_secret_that_is_not_there_is_a_reason(account, job, capsys, arn, words):
    code, folder = job(arn)
    assert code == 1
    assert words in capsys.readouterr().err
    assert not folder.exists()


def test_a_secret_without_a_key_is_a_reason_and_is_not_shown(account, job, capsys):
    assert job(_secret(account, "c2hvcnQ=")["ARN"])[0] == 1
    said = capsys.readouterr().err
    assert "holds 5 bytes" in said
    assert "c2hvcnQ" not in said
