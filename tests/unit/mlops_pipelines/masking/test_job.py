"""The masking job: AWS takes its request, its archive holds what it needs, and it runs as a job does."""

from __future__ import annotations

import base64
import io
import json
import tarfile
from dataclasses import replace

import boto3
import botocore.session
import pytest
from botocore.validate import ParamValidator
from moto.server import ThreadedMotoServer

from mlops_pipelines.features import load_schema
from mlops_pipelines.features.schema import DATA
from mlops_pipelines.masking import MaskingFaults
from mlops_pipelines.masking.job import EXECUTION_ID, MaskingJob, job_name, job_request, masking_bundle
from mlops_pipelines.settings import resolve
from mlops_pipelines.training.jobs import JobRunner

JOB = MaskingJob(
    model="mortgage-approval",
    region="eu-west-1",
    role_arn="arn:aws:iam::123456789012:role/mlops-prod-masking",
    image_uri="123456789012.dkr.ecr.eu-west-1.amazonaws.com/mlops/steps:1",
    code_uri="s3://code/sourcedir.tar.gz",
    raw_uri="s3://raw/mortgage-approval",
    masked_uri="s3://masked/",
    secret_arn="arn:aws:secretsmanager:eu-west-1:123456789012:secret:mlops-prod/pseudonymisation-abcdef",
    volume_key_arn="arn:aws:kms:eu-west-1:123456789012:key/1",
    masked_key_arn="arn:aws:kms:eu-west-1:123456789012:key/2",
    subnet_ids=("subnet-1",),
    security_group_ids=("sg-1",),
)
RULES = {"columns": {"pirat": {"method": "generalise", "step": 0.25}, "hirat": {"method": "synthesise"}}}


@pytest.fixture(scope="module")
def bundle() -> bytes:
    schema = load_schema("mortgage-approval")
    return masking_bundle(schema, resolve("mortgage-approval", schema.as_dict()), RULES)


def test_the_request_is_one_that_sagemaker_takes():
    shape = botocore.session.get_session().get_service_model("sagemaker").operation_model("CreateProcessingJob")
    request = job_request(JOB, job_name(JOB.model, "d32c5kddcf5bb8c3"))
    assert not ParamValidator().validate(request, shape.input_shape).has_errors()
    assert len(job_name("m" * 99, "d32c5kddcf5bb8c3")) <= 63
    assert EXECUTION_ID in job_request(JOB, job_name(JOB.model, EXECUTION_ID))["ProcessingJobName"]


def test_the_archive_is_the_same_for_the_same_contents_and_has_no_faulty_rules(bundle):
    schema = load_schema("mortgage-approval")
    settings = resolve("mortgage-approval", schema.as_dict())
    assert masking_bundle(schema, settings, RULES) == bundle
    assert masking_bundle(schema, settings, {}) != bundle
    with pytest.raises(MaskingFaults, match="no column of that name"):
        masking_bundle(schema, settings, {"columns": {"none": {"method": "drop"}}})
    with tarfile.open(fileobj=io.BytesIO(bundle)) as archive:
        names = archive.getnames()
    assert {"masking.json", "schema.json", "settings.json", "mlops_pipelines/steps/mask.py"} < set(names)


MISSING = ("yaml", "pandera", "pydantic", "sklearn")
"""What AWS's scikit-learn container lacks, or the job has no use for."""


@pytest.fixture(scope="module")
def served():
    """Serve an account with the secret on loopback; return the variables that reach it, and the secret's ARN."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    host, port = server.get_host_and_port()
    variables = {
        "AWS_ENDPOINT_URL": f"http://{host}:{port}", "AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing",
    }  # fmt: skip
    client = boto3.client(
        "secretsmanager", region_name="eu-west-1", endpoint_url=variables["AWS_ENDPOINT_URL"],
        aws_access_key_id="testing", aws_secret_access_key="testing",
    )  # fmt: skip
    key = base64.b64encode(bytes(range(32))).decode()
    yield variables, client.create_secret(Name="mlops-prod/pseudonymisation", SecretString=key)["ARN"]
    server.stop()


def test_it_runs_as_a_job_with_little_more_than_pandas(bundle, served, tmp_path):
    variables, secret_arn = served
    data = (DATA / "mortgage-approval" / "hmda_boston_mortgages.csv").read_bytes()
    stored = {}

    def fetch(uri, folder):
        if uri == JOB.raw_uri:
            (folder / "hmda.csv").write_bytes(data)
            return
        (folder / "sourcedir.tar.gz").write_bytes(bundle)
        for name in MISSING:  # the folder that the job starts in comes first on Python's path
            (folder / f"{name}.py").write_text("raise ModuleNotFoundError(__name__)\n")

    def store(path, uri):
        stored[uri] = path.read_bytes()

    runner = JobRunner(tmp_path, fetch, store, environment=variables)
    runner.processing("one", job_request(replace(JOB, secret_arn=secret_arn), "one"))
    folder = "s3://masked/mortgage-approval"
    assert set(stored) == {f"{folder}/{name}" for name in ("data.csv", "schema.json", "masking.json")}
    report = json.loads(stored[f"{folder}/masking.json"])
    assert (report["records"], report["columns"]["pirat"]["method"]) == (2380, "generalise")
    assert len(stored[f"{folder}/data.csv"].splitlines()) == 2381
