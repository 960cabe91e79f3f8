"""Pipeline executions: what moto lacks of starting, listing steps, stopping, retrying and calling back.

moto's executions have succeeded as soon as they start; so have their steps here, but for callback steps: these wait for
`SendPipelineExecutionStepSuccess` or `...Failure`, and the execution waits with them. The branches of a condition step
are not listed: nothing is evaluated.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping
from typing import Any

from moto.core.responses import ActionResult
from moto.core.utils import utcnow
from moto.moto_api._internal import mock_random
from moto.sagemaker.exceptions import ValidationError
from moto.sagemaker.models import SageMakerModelBackend, sagemaker_backends
from moto.sagemaker.responses import SageMakerResponse
from moto.sqs.models import sqs_backends

from mlops_estate.embedded.backends.derived import Conflict, DerivedBackend, ResourceNotFound, plain_params
from mlops_estate.embedded.backends.sagemaker import OURS, derived

# Python's type of each parameter type of a pipeline definition (SageMaker Developer Guide, Pipeline parameters).
TYPES: Mapping[str, type] = {"String": str, "Integer": int, "Float": float, "Boolean": bool}
RUNNING = frozenset({"Executing", "Stopping"})


def install() -> None:
    """Add and mend the operations."""
    SageMakerResponse.start_pipeline_execution = _starting(SageMakerResponse.start_pipeline_execution)
    SageMakerModelBackend.start_pipeline_execution = _by_name(SageMakerModelBackend.start_pipeline_execution)
    SageMakerResponse.describe_pipeline_execution = _describing(SageMakerResponse.describe_pipeline_execution)
    SageMakerResponse.delete_pipeline = _deleting(SageMakerResponse.delete_pipeline)
    SageMakerResponse.list_pipeline_execution_steps = _list_steps
    SageMakerResponse.stop_pipeline_execution = _stop
    SageMakerResponse.retry_pipeline_execution = _retry
    SageMakerResponse.update_pipeline_execution = _update
    SageMakerResponse.send_pipeline_execution_step_success = _succeed
    SageMakerResponse.send_pipeline_execution_step_failure = _fail
    OURS.update({
        "ListPipelineExecutionSteps", "StopPipelineExecution", "RetryPipelineExecution", "UpdatePipelineExecution",
        "SendPipelineExecutionStepSuccess", "SendPipelineExecutionStepFailure",
    })  # fmt: skip


def _by_name(start: Any) -> Any:
    """moto looks pipelines up by name; AWS takes an ARN too (API reference, StartPipelineExecution)."""

    @functools.wraps(start)
    def started(self: Any, pipeline_name: str, *arguments: Any, **options: Any) -> Any:
        return start(self, pipeline_name.rsplit("/", 1)[-1], *arguments, **options)

    return started


def _starting(start: Any) -> Any:
    @functools.wraps(start)
    def started(self: Any) -> ActionResult:
        params = plain_params(self.body)
        name = params["PipelineName"].rsplit("/", 1)[-1]
        pipeline = sagemaker_backends[self.current_account][self.region].pipelines.get(name)
        if pipeline is None:
            raise ResourceNotFound(f"Pipeline '{params['PipelineName']}' does not exist.")
        token = params.get("ClientRequestToken")
        for arn, execution in pipeline.pipeline_executions.items():
            if token and execution.client_request_token == token:
                return ActionResult({"PipelineExecutionArn": arn})
        definition = _loaded(pipeline.pipeline_definition)
        if faults := parameter_faults(definition, params.get("PipelineParameters") or []):
            raise ValidationError(message="; ".join(faults))
        result: Any = start(self)
        execution = pipeline.pipeline_executions[result.result["PipelineExecutionArn"]]
        _run(derived(self), execution, definition)
        return ActionResult(result.result)

    return started


def _describing(describe: Any) -> Any:
    @functools.wraps(describe)
    def described(self: Any) -> ActionResult:
        """Describe an execution; moto tells no reason of a failure."""
        data: Any = describe(self).result
        reason = _execution(self, data["PipelineExecutionArn"]).pipeline_execution_failure_reason
        kept = {key: value for key, value in data.items() if value not in ("", {}, None)}
        return ActionResult({**kept, **({"FailureReason": reason} if reason else {})})

    return described


def _deleting(delete: Any) -> Any:
    @functools.wraps(delete)
    def deleted(self: Any) -> ActionResult:
        """Delete a pipeline; one that runs is refused (SageMaker API Reference, DeletePipeline)."""
        name = plain_params(self.body)["PipelineName"]
        pipeline = sagemaker_backends[self.current_account][self.region].pipelines.get(name)
        if pipeline is None:
            raise ResourceNotFound(f"Pipeline '{name}' does not exist.")
        if any(item.pipeline_execution_status in RUNNING for item in pipeline.pipeline_executions.values()):
            raise Conflict(f"Pipeline '{name}' has a running execution and cannot be deleted.")
        result: ActionResult = delete(self)
        return result

    return deleted


def _loaded(definition: Any) -> dict[str, Any]:
    """Return a definition; moto keeps one from S3 as an object, others as text."""
    found: dict[str, Any] = json.loads(definition) if isinstance(definition, str) else definition
    return found


def parameter_faults(definition: Mapping[str, Any], given: list[Mapping[str, Any]]) -> list[str]:
    """Return what is wrong with an execution's parameters: unknown, missing, of another type, outside the enum."""
    declared = {item["Name"]: item for item in definition.get("Parameters") or []}
    values = {item["Name"]: item["Value"] for item in given}
    faults = [f"Unknown parameter: {name} is not declared by the pipeline" for name in values if name not in declared]
    for name, item in declared.items():
        if name not in values:
            if "DefaultValue" not in item:
                faults.append(f"Missing parameter: {name} has no default value")
            continue
        if not _is_a(values[name], item.get("Type", "String")):
            faults.append(f"Invalid parameter: {name} must be of type {item['Type']}, is {values[name]!r}")
        elif item.get("EnumValues") and values[name] not in [str(value) for value in item["EnumValues"]]:
            faults.append(f"Invalid parameter: {name} must be one of {item['EnumValues']}, is {values[name]!r}")
    return faults


def _is_a(value: str, type_name: str) -> bool:
    if type_name == "Boolean":
        return value.lower() in {"true", "false"}
    try:
        TYPES[type_name](value)
    except ValueError:
        return False
    return True


def _run(store: DerivedBackend, execution: Any, definition: Mapping[str, Any]) -> None:
    """Run the top-level steps in order of their dependencies, up to what waits for a callback."""
    steps = store.remembered.setdefault(("PipelineExecution", execution.arn), {"steps": {}, "attempt": 1})["steps"]
    execution.pipeline_execution_failure_reason = None
    done = _succeeded(steps)
    pending = [step for step in definition.get("Steps") or [] if step["Name"] not in done]
    while ready := [step for step in pending if _depends_on(step, definition) <= _succeeded(steps)]:
        for step in ready:
            pending.remove(step)
            steps[step["Name"]] = _step(store, execution, step)
    waits = any(step["StepStatus"] == "Executing" for step in steps.values())
    _set_status(execution, "Executing" if waits else "Succeeded")


def _depends_on(step: Mapping[str, Any], definition: Mapping[str, Any]) -> set[str]:
    """Return the steps that a step names in `DependsOn`, or whose properties it refers to."""
    names = {item["Name"] for item in definition.get("Steps") or []}
    text = json.dumps(step.get("Arguments") or {})
    return {name for name in names if name != step["Name"] and f'"Steps.{name}.' in text} | (
        set(step.get("DependsOn") or []) & names
    )


def _succeeded(steps: Mapping[str, Mapping[str, Any]]) -> set[str]:
    return {name for name, step in steps.items() if step["StepStatus"] == "Succeeded"}


def _step(store: DerivedBackend, execution: Any, step: Mapping[str, Any]) -> dict[str, Any]:
    attempt = store.remembered["PipelineExecution", execution.arn]["attempt"]
    now = utcnow()
    found: dict[str, Any] = {"StepName": step["Name"], "StartTime": now, "AttemptCount": attempt}
    found.update({key: step[key] for key in ("DisplayName", "Description") if key in step})
    found["StepDisplayName"], found["StepDescription"] = found.pop("DisplayName", None), found.pop("Description", None)
    if step["Type"] != "Callback":
        return {**found, "EndTime": now, "StepStatus": "Succeeded"}
    token = "".join(mock_random.choices("abcdefghij", k=10))
    callback = {"CallbackToken": token, "SqsQueueUrl": step["SqsQueueUrl"], "OutputParameters": []}
    _tell(store, execution.arn, {**found, "Metadata": {"Callback": callback}}, step.get("Arguments") or {}, "Executing")
    return {**found, "StepStatus": "Executing", "Metadata": {"Callback": callback}}


def _tell(
    store: DerivedBackend, execution_arn: str, step: Mapping[str, Any], arguments: Mapping[str, Any], status: str
) -> None:
    """Send a callback step's message to its queue (SageMaker Developer Guide, Callback step)."""
    callback = step["Metadata"]["Callback"]
    body = {"token": callback["CallbackToken"], "pipelineExecutionArn": execution_arn, "stepName": step["StepName"],
            "arguments": dict(arguments), "status": status}  # fmt: skip
    queue = callback["SqsQueueUrl"].rsplit("/", 1)[-1]
    sqs_backends[store.account_id][store.region_name].send_message(queue, json.dumps(body))


def _execution(self: Any, arn: str) -> Any:
    pipelines = sagemaker_backends[self.current_account][self.region].pipelines.values()
    found = next((item.pipeline_executions[arn] for item in pipelines if arn in item.pipeline_executions), None)
    if found is None:
        raise ResourceNotFound(f"Pipeline execution '{arn}' does not exist.")
    return found


def _set_status(execution: Any, status: str) -> None:
    execution.pipeline_execution_status = status
    execution.last_modified_time = utcnow()


def _list_steps(self: Any) -> ActionResult:
    """List an execution's steps, the latest first by default."""
    params = plain_params(self.body)
    execution = _execution(self, params.get("PipelineExecutionArn", ""))
    held = derived(self).remembered.get(("PipelineExecution", execution.arn), {"steps": {}})
    steps = [{key: value for key, value in step.items() if value is not None} for step in held["steps"].values()]
    if params.get("SortOrder", "Descending") == "Descending":
        steps.reverse()
    start = int(params.get("NextToken") or 0)
    end = start + int(params.get("MaxResults") or 20)
    more = {"NextToken": str(end)} if end < len(steps) else {}
    return ActionResult({"PipelineExecutionSteps": steps[start:end], **more})


def _stop(self: Any) -> ActionResult:
    """Stop an execution; one with a callback step is `Stopping` until that step is answered.

    Source: SageMaker API Reference, StopPipelineExecution.
    """
    execution = _execution(self, plain_params(self.body)["PipelineExecutionArn"])
    if execution.pipeline_execution_status not in RUNNING:
        status = execution.pipeline_execution_status
        raise Conflict(f"Pipeline execution '{execution.arn}' is in status {status} and cannot be stopped.")
    store = derived(self)
    for step in store.remembered["PipelineExecution", execution.arn]["steps"].values():
        if step["StepStatus"] == "Executing":
            _tell(store, execution.arn, step, {}, "Stopping")
            step["StepStatus"] = "Stopping"
    _set_status(execution, "Stopping")
    return ActionResult({"PipelineExecutionArn": execution.arn})


def _retry(self: Any) -> ActionResult:
    """Run again what had not succeeded of an execution that failed or was stopped.

    Source: SageMaker API Reference, RetryPipelineExecution.
    """
    execution = _execution(self, plain_params(self.body)["PipelineExecutionArn"])
    if execution.pipeline_execution_status not in {"Failed", "Stopped"}:
        status = execution.pipeline_execution_status
        raise Conflict(f"Pipeline execution '{execution.arn}' is in status {status} and cannot be retried.")
    store = derived(self)
    store.remembered["PipelineExecution", execution.arn]["attempt"] += 1
    _run(store, execution, _loaded(execution.pipeline_definition_for_execution))
    return ActionResult({"PipelineExecutionArn": execution.arn})


def _update(self: Any) -> ActionResult:
    """Change an execution's display name, description or parallelism."""
    params = plain_params(self.body)
    execution = _execution(self, params["PipelineExecutionArn"])
    for name, attribute in (
        ("PipelineExecutionDisplayName", "pipeline_execution_display_name"),
        ("PipelineExecutionDescription", "pipeline_execution_description"),
        ("ParallelismConfiguration", "parallelism_configuration"),
    ):
        if name in params:
            setattr(execution, attribute, params[name])
    execution.last_modified_time = utcnow()
    return ActionResult({"PipelineExecutionArn": execution.arn})


def _waiting(self: Any, token: str) -> tuple[Any, dict[str, Any]]:
    for (noun, arn), held in derived(self).remembered.items():
        for step in held["steps"].values() if noun == "PipelineExecution" else ():
            callback = step.get("Metadata", {}).get("Callback", {})
            if callback.get("CallbackToken") == token and step["StepStatus"] in RUNNING:
                return _execution(self, arn), step
    raise ResourceNotFound(f"No callback step waits for the token '{token}'.")


def _succeed(self: Any) -> ActionResult:
    """Let a callback step succeed, with its output parameters, and go on."""
    params = plain_params(self.body)
    execution, step = _waiting(self, params["CallbackToken"])
    step.update(StepStatus="Succeeded", EndTime=utcnow())
    step["Metadata"]["Callback"]["OutputParameters"] = params.get("OutputParameters") or []
    if execution.pipeline_execution_status == "Stopping":
        _set_status(execution, "Stopped")
    else:
        _run(derived(self), execution, _loaded(execution.pipeline_definition_for_execution))
    return ActionResult({"PipelineExecutionArn": execution.arn})


def _fail(self: Any) -> ActionResult:
    """Let a callback step fail, and its execution with it."""
    params = plain_params(self.body)
    execution, step = _waiting(self, params["CallbackToken"])
    stopping = execution.pipeline_execution_status == "Stopping"
    reason = params.get("FailureReason") or "The callback step failed."
    step.update(StepStatus="Stopped" if stopping else "Failed", EndTime=utcnow(), FailureReason=reason)
    if not stopping:
        execution.pipeline_execution_failure_reason = f"Step failure: One or multiple steps failed. {reason}"
    _set_status(execution, "Stopped" if stopping else "Failed")
    return ActionResult({"PipelineExecutionArn": execution.arn})
