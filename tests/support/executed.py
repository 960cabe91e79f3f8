"""The training pipeline, executed on data of a test's own in an embedded account that holds only what it needs."""

from __future__ import annotations

import contextlib
import io
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pandas as pd

from mlops_estate.embedded.account import EmbeddedAccount
from mlops_estate.up.data import fetcher, storer
from mlops_pipelines.features import load_schema
from mlops_pipelines.settings import Settings, resolve
from mlops_pipelines.training import render_definition, source_bundle, source_key
from mlops_pipelines.training.local import PipelineRun, StepFailed, run_definition
from tests.support.in_process import InProcess
from tests.support.pipelines import DATA, MODEL, VALUES

BUCKETS = ("raw", "curated", "models", "reports")
QUICK: Mapping[str, Mapping[str, Any]] = {"search": {"mode": "none"}}
"""Settings of runs in which it doesn't matter how hyperparameters are found."""


@dataclass
class Executed:
    """An execution: what was done, where it failed and why ("" where it didn't), and the package's ARN if any."""

    run: PipelineRun
    step: str = ""
    reason: str = ""
    package_arn: str = ""

    @property
    def steps(self) -> list[str]:
        return [step.name for step in self.run.steps]


@dataclass
class Bench:
    """An account with buckets, a package group and a signing key; executions are numbered."""

    account: EmbeddedAccount
    folder: Path
    group_arn: str
    key_arn: str
    count: int = 0
    changed: Callable[[dict[str, Any]], object] = field(default=lambda _definition: None)

    def packages(self) -> int:
        found = self.account.client("sagemaker").list_model_packages(ModelPackageGroupName=self.group_arn)
        return len(found["ModelPackageSummaryList"])

    def approve(self, executed: Executed) -> None:
        self.account.client("sagemaker").update_model_package(
            ModelPackageArn=executed.package_arn, ModelApprovalStatus="Approved"
        )

    def execute(
        self, data: pd.DataFrame | bytes | None = None, *, schema: str | Path = MODEL, parameters: Any = None,
        model: str = MODEL, **blocks: Any,
    ) -> Executed:  # fmt: skip
        """Run the definition on these data, with settings as `resolve` takes them; register what passes."""
        self.count += 1
        settings = self.settings(schema, model, **blocks)
        s3 = self.account.client("s3")
        store = storer(s3)
        key = source_key(schema, settings)
        s3.put_object(Bucket="models", Key=key, Body=source_bundle(schema, settings))
        raw = f"{model}/{self.count}"
        body = csv_of(data) if isinstance(data, pd.DataFrame) else DATA.read_bytes() if data is None else data
        s3.put_object(Bucket="raw", Key=f"{raw}/data.csv", Body=body)
        definition = json.loads(
            render_definition(
                VALUES
                | {"source_uri": f"s3://models/{key}", "input_data_uri": f"s3://raw/{raw}"}
                | {"model_package_group": self.group_arn, "signing_key_arn": self.key_arn}
                | {"search": settings.search.mode, "seed": settings.seed}
            )
        )
        self.changed(definition)
        executed = Executed(PipelineRun("", {}))
        try:
            # Handlers of signals are the main thread's: jobs run in another one here.
            with patch("signal.signal"):
                run_definition(
                    definition, parameters=parameters or {}, work_dir=self.folder, fetch=fetcher(s3), store=store,
                    execution_id=f"run{self.count}", run=executed.run, runner=InProcess,
                )  # fmt: skip
        except StepFailed as failed:
            executed.step, executed.reason = failed.step, failed.reason
        if executed.run.model_package:
            answer = self.account.client("sagemaker").create_model_package(**executed.run.model_package)
            executed.package_arn = answer["ModelPackageArn"]
        return executed

    @staticmethod
    def settings(schema: str | Path, model: str, **blocks: Any) -> Settings:
        merged = {**QUICK, **blocks}
        return resolve(model, load_schema(schema).as_dict(), **merged)


@contextlib.contextmanager
def bench(folder: Path) -> Iterator[Bench]:
    """Yield an account that holds what the pipeline needs, and nothing else."""
    with EmbeddedAccount("eu-west-1") as account:
        for name in BUCKETS:
            account.client("s3").create_bucket(
                Bucket=name, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
            )
        sagemaker = account.client("sagemaker")
        group = sagemaker.create_model_package_group(
            ModelPackageGroupName="mlops-group", ModelPackageGroupDescription="A test's"
        )["ModelPackageGroupArn"]
        key = account.client("kms").create_key(KeySpec="ECC_NIST_P256", KeyUsage="SIGN_VERIFY")["KeyMetadata"]["Arn"]
        yield Bench(account, folder, group, key)


def real() -> pd.DataFrame:
    """Return the shipped data as text cells."""
    return pd.read_csv(DATA, dtype=str, keep_default_na=False)


def csv_of(frame: pd.DataFrame) -> bytes:
    """Return a frame as the bytes of a CSV file."""
    text = io.StringIO()
    frame.to_csv(text, index=False, lineterminator="\n")
    return text.getvalue().encode()
