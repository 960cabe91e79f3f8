"""The training pipeline as written with the SageMaker Python SDK v3: from raw data to a signed package, or a refusal.

Only `compile.py` imports this module, in an environment that has the SDK; `parts.py` says how placeholders stand here.
"""

from __future__ import annotations

from typing import Any

from sagemaker.core.workflow.conditions import ConditionEquals
from sagemaker.core.workflow.execution_variables import ExecutionVariables
from sagemaker.core.workflow.functions import Join, JsonGet
from sagemaker.core.workflow.parameters import ParameterInteger, ParameterString
from sagemaker.core.workflow.pipeline_context import PipelineSession
from sagemaker.core.workflow.pipeline_definition_config import PipelineDefinitionConfig
from sagemaker.mlops.workflow.condition_step import ConditionStep
from sagemaker.mlops.workflow.fail_step import FailStep
from sagemaker.mlops.workflow.pipeline import Pipeline
from sagemaker.mlops.workflow.steps import ProcessingStep, TrainingStep

from mlops_pipelines.training.parts import CACHED, Run, output_uri, processing_step, retries, trainer
from mlops_pipelines.training.registering import register

Steps = dict[str, Any]
"""Steps by their names."""
PERSONAL, REPORTS = "snapshot_uri", "reports_uri"
"""Where outputs go: records of people, or what was found out about them."""


def build(session: PipelineSession, sentinels: dict[str, Any]) -> Pipeline:
    """Return the pipeline; `sentinels` maps each numeric placeholder to the number that stands for it."""
    parameters = {
        "InputDataUri": ParameterString("InputDataUri", default_value="s3://open/input_data_uri"),
        "Commit": ParameterString("Commit", default_value="unrecorded"),
        "Seed": ParameterInteger("Seed", default_value=sentinels["seed"]),
        "Search": ParameterString(
            "Search", default_value="${search}", enum_values=["none", "tune", "automl", "${search}"]
        ),
        "OnDrift": ParameterString("OnDrift", default_value="stop", enum_values=["stop", "record"]),
        "ProcessingInstanceType": ParameterString(
            "ProcessingInstanceType", default_value="${processing_instance_type}"
        ),
        "TrainingInstanceType": ParameterString("TrainingInstanceType", default_value="${training_instance_type}"),
    }
    run = Run(session, parameters, sentinels)
    made: Steps = {}
    _data(run, made)
    _model(run, made)
    _assessment(run, made)
    gate = _gate(run, made)
    refused = Join(on=" ", values=["The gates refused the model:", _found(made["Gate"], "GateReport", "reason")])
    decision = ConditionStep(
        "GatesPassed",
        conditions=[ConditionEquals(left=_found(gate, "GateReport", "passed"), right=True)],
        if_steps=_acceptance(run, made),
        else_steps=[FailStep("Refused", error_message=refused)],
    )
    ordered = ("Champion", "ValidateData", "Snapshot", "Preprocess", "Search", "Train", "Evaluate", "Fairness",
               "Robustness", "Explain", "Optimise", "Gate")  # fmt: skip
    return Pipeline(
        name="training",
        parameters=list(parameters.values()),
        steps=[*(made[name] for name in ordered), decision],
        sagemaker_session=session,
        pipeline_experiment_config=None,  # an execution then needs no rights on experiments and trials
        pipeline_definition_config=PipelineDefinitionConfig(use_custom_job_prefix=False),
    )


def _data(run: Run, made: Steps) -> None:
    """Look up the champion, validate the data, keep a snapshot, split it."""
    raw = run.parameters["InputDataUri"]
    made["Champion"] = processing_step(
        run, "Champion", "champion", {}, {"champion": PERSONAL}, role="registry_role_arn", isolated=False,
        facts={
            "model_package_group": "${model_package_group}",
            "execution": ExecutionVariables.PIPELINE_EXECUTION_ARN,
        },
    )  # fmt: skip
    champion = output_uri(made["Champion"], "champion")
    made["ValidateData"] = processing_step(
        run, "ValidateData", "validate", {"data": raw, "champion": champion}, {"validation": REPORTS},
        facts={"on_drift": run.parameters["OnDrift"]}, files={"ValidationReport": ("validation", "validation.json")},
    )  # fmt: skip
    made["Snapshot"] = processing_step(
        run, "Snapshot", "snapshot", {"data": raw, "validation": output_uri(made["ValidateData"], "validation")},
        {"snapshot": PERSONAL}, files={"SnapshotManifest": ("snapshot", "snapshot.json")},
    )  # fmt: skip
    outputs = {"train": PERSONAL, "validation": PERSONAL, "test": PERSONAL, "splits": REPORTS, "baseline": REPORTS}
    made["Preprocess"] = processing_step(
        run, "Preprocess", "preprocess", {"snapshot": output_uri(made["Snapshot"], "snapshot")}, outputs, cached=True,
        files={"Splits": ("splits", "splits.json")},
    )  # fmt: skip


def _model(run: Run, made: Steps) -> None:
    """Search hyperparameters and train."""
    sets = {name: output_uri(made["Preprocess"], name) for name in ("train", "validation")}
    made["Search"] = processing_step(
        run, "Search", "search", sets, {"search": REPORTS}, cached=True, facts={"search": run.parameters["Search"]},
        files={"SearchReport": ("search", "search.json")},
    )  # fmt: skip
    job = trainer(run, {**sets, "search": output_uri(made["Search"], "search")})
    made["Train"] = TrainingStep("Train", step_args=job.train(), retry_policies=retries(), cache_config=CACHED)


def _assessment(run: Run, made: Steps) -> None:
    """Assess the model from every side; these steps wait for nothing but the model, and run beside each other."""
    model = {"model": made["Train"].properties.ModelArtifacts.S3ModelArtifacts}
    train, validation, test = ({name: output_uri(made["Preprocess"], name)} for name in ("train", "validation", "test"))
    champion = {"champion": output_uri(made["Champion"], "champion")}
    made["Evaluate"] = processing_step(
        run, "Evaluate", "evaluate", {**model, **train, **test, **champion},
        {"evaluation": REPORTS, "quality-baseline": REPORTS}, files={"Evaluation": ("evaluation", "evaluation.json")},
    )  # fmt: skip
    made["Fairness"] = processing_step(
        run, "Fairness", "fairness", {**model, **test}, {"fairness": REPORTS}, cached=True,
        files={"FairnessReport": ("fairness", "fairness.json")},
    )  # fmt: skip
    made["Robustness"] = processing_step(
        run, "Robustness", "robustness", {**model, **train, **test}, {"robustness": REPORTS}, cached=True,
        files={"RobustnessReport": ("robustness", "robustness.json")},
    )  # fmt: skip
    made["Explain"] = processing_step(
        run, "Explain", "explain", {**model, **train, **test}, {"explanations": REPORTS}, cached=True,
        files={"Explanations": ("explanations", "explanations.json")},
    )  # fmt: skip
    made["Optimise"] = processing_step(
        run, "Optimise", "optimise", {**model, **validation, **test}, {"optimised": REPORTS}, cached=True,
        files={"Optimisation": ("optimised", "optimisation.json")},
    )  # fmt: skip


def _reports(made: Steps, *names: str) -> dict[str, Any]:
    """Return the outputs of steps, as inputs of another under the same names."""
    where = {
        "champion": "Champion", "validation": "ValidateData", "snapshot": "Snapshot", "search": "Search",
        "evaluation": "Evaluate", "fairness": "Fairness", "robustness": "Robustness", "explanations": "Explain",
        "optimised": "Optimise", "gate": "Gate", "card": "ModelCard", "signature": "Sign",
    }  # fmt: skip
    return {name: output_uri(made[where[name]], name) for name in names}


def _counted(made: Steps) -> dict[str, Any]:
    """Return the snapshot's manifest alone, for steps that need not see the records."""
    return {"snapshot": Join(on="/", values=[output_uri(made["Snapshot"], "snapshot"), "snapshot.json"])}


def _gate(run: Run, made: Steps) -> ProcessingStep:
    """Hold what was found against the thresholds of the configuration; a job has ten inputs at most, with its code."""
    found = _reports(made, "champion", "validation", "search", "evaluation", "fairness", "robustness",
                     "explanations", "optimised")  # fmt: skip
    made["Gate"] = processing_step(
        run, "Gate", "gate", {**found, **_counted(made)}, {"gate": REPORTS, "report": REPORTS},
        files={"GateReport": ("gate", "gate.json")},
    )  # fmt: skip
    return made["Gate"]


def _acceptance(run: Run, made: Steps) -> list[Any]:
    """Write the card, sign what belongs to the model, verify the signature by another role, register."""
    origin = {
        "commit": run.parameters["Commit"],
        "execution": ExecutionVariables.PIPELINE_EXECUTION_ARN,
        "training_image": "s3://open/image_uri",
        "input": run.parameters["InputDataUri"],
        "model_uri": made["Train"].properties.ModelArtifacts.S3ModelArtifacts,
        "snapshot_uri": output_uri(made["Snapshot"], "snapshot"),
    }
    card_inputs = _reports(made, "champion", "search", "evaluation", "fairness", "robustness", "explanations",
                           "optimised", "gate")  # fmt: skip
    made["ModelCard"] = processing_step(
        run, "ModelCard", "card", {**card_inputs, **_counted(made)}, {"card": REPORTS},
        facts=origin,
        files={"Card": ("card", "card.json")},
    )  # fmt: skip
    reports = _reports(made, "evaluation", "fairness", "robustness", "optimised", "gate", "card")
    signed = {"model": made["Train"].properties.ModelArtifacts.S3ModelArtifacts, **_counted(made), **reports}
    facts = {"signing_key_arn": "${signing_key_arn}", "execution": ExecutionVariables.PIPELINE_EXECUTION_ARN}
    made["Sign"] = processing_step(
        run, "Sign", "sign", signed, {"signature": REPORTS}, role="signing_role_arn", isolated=False,
        facts={
            **facts,
            **origin,
            "image": "s3://open/steps_image_uri",
            "source": "s3://open/source_uri",
            **{f"{name}_uri": uri for name, uri in reports.items()},
        },
    )  # fmt: skip
    made["VerifySignature"] = processing_step(
        run, "VerifySignature", "verify", {**signed, **_reports(made, "signature")}, {"verification": REPORTS},
        role="verifying_role_arn", isolated=False, facts=facts,
        files={"Verification": ("verification", "verification.json")},
    )  # fmt: skip
    return [made["ModelCard"], made["Sign"], made["VerifySignature"], register(run, made)]


def _found(step: ProcessingStep, file: str, path: str) -> JsonGet:
    return JsonGet(step_name=step.name, property_file=file, json_path=path)
