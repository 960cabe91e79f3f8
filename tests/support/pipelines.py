"""What tests of the pipelines share: a small made-up data set, values for every placeholder, and S3 as a dictionary."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from mlops_pipelines.features import load_schema

MODEL = "mortgage-approval"
DATA = Path(__file__).resolve().parents[2] / "data" / MODEL / "hmda_boston_mortgages.csv"

_ROLE = "arn:aws:iam::123456789012:role/mlops-dev-mortgage-approval-{}"
VALUES: dict[str, Any] = {
    **{
        f"{name}_role_arn": _ROLE.format(name)
        for name in ("processing", "registry", "training", "signing", "verifying")
    },
    "image_uri": "141502667606.dkr.ecr.eu-west-1.amazonaws.com/sagemaker-scikit-learn:1.2-1-cpu-py3",
    "steps_image_uri": "123456789012.dkr.ecr.eu-west-1.amazonaws.com/mlops/steps:0123456789ab",
    "source_uri": "s3://models/source/0123456789abcdef/sourcedir.tar.gz",
    "input_data_uri": "s3://raw/mortgage-approval",
    "snapshot_uri": "s3://curated/mortgage-approval/snapshots",
    "models_uri": "s3://models/mortgage-approval",
    "checkpoints_uri": "s3://models/mortgage-approval/checkpoints",
    "reports_uri": "s3://reports/mortgage-approval",
    "model_package_group": "arn:aws:sagemaker:eu-west-1:123456789012:model-package-group/mlops-mortgage-approval",
    "signing_key_arn": "arn:aws:kms:eu-west-1:123456789012:key/aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee",
    "subnet_ids": ["subnet-0a1b2c3d4e5f60718", "subnet-1a1b2c3d4e5f60718"],
    "security_group_ids": ["sg-0a1b2c3d4e5f60718"],
    "volume_key_arn": "arn:aws:kms:eu-west-1:123456789012:key/11111111-2222-3333-4444-555555555555",
    "output_key_arn": "arn:aws:kms:eu-west-1:123456789012:key/66666666-7777-8888-9999-000000000000",
    "data_key_arn": "arn:aws:kms:eu-west-1:123456789012:key/99999999-aaaa-bbbb-cccc-dddddddddddd",
    "processing_instance_type": "ml.m5.large",
    "training_instance_type": "ml.m5.xlarge",
    "training_max_runtime_seconds": 3600,
    "training_max_wait_seconds": 7200,
    "use_spot": True,
    "search": "tune",
    "seed": 7,
    "region": "eu-west-1",
}
"""A value for every placeholder of the training definition."""


class Objects(dict[str, bytes]):
    """S3 as a dictionary of URI and contents, with the `fetch` and `store` that local runs take."""

    def store(self, path: Path, uri: str) -> None:
        self[uri] = path.read_bytes()

    def fetch(self, uri: str, folder: Path) -> None:
        prefix = uri.rstrip("/") + "/"
        found = {key.removeprefix(prefix): content for key, content in self.items() if key.startswith(prefix)}
        if uri in self:
            found = {uri.rsplit("/", 1)[1]: self[uri]}
        if not found:
            raise FileNotFoundError(uri)
        for name, content in found.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)


def schema() -> dict[str, Any]:
    """Return the mortgage schema as the step scripts read it."""
    plain: dict[str, Any] = json.loads(json.dumps(load_schema(MODEL).as_dict()))
    return plain


def applications(count: int = 240, seed: int = 3) -> pd.DataFrame:
    """Return made-up applications in the mortgage schema; denial follows the debt ratio and the bad record."""
    random = np.random.default_rng(seed)
    columns: dict[str, Any] = {}
    for column in schema()["columns"]:
        if column["type"] == "category":
            columns[column["name"]] = random.choice(column["values"], count, p=[0.7, 0.3])
        elif column["type"] == "integer":
            columns[column["name"]] = random.integers(column["minimum"], column["maximum"] + 1, count)
        else:
            columns[column["name"]] = np.round(random.uniform(0.05, 0.95, count), 4)
    frame = pd.DataFrame(columns)
    risk = frame["pirat"] + 0.5 * (frame["phist"] == "yes") + random.normal(0, 0.15, count)
    frame["deny"] = np.where(risk > 0.9, "yes", "no")
    return frame
