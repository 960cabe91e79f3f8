"""Operations that moto lacks for kinds of things that it keeps itself: its own objects are changed and deleted.

moto creates and describes a training job, say, but can neither stop, update nor delete it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from moto.core.responses import ActionResult
from moto.core.utils import camelcase_to_underscores, utcnow
from moto.sagemaker.exceptions import ValidationError
from moto.sagemaker.models import sagemaker_backends
from moto.sagemaker.responses import SageMakerResponse

from mlops_estate.embedded.backends.derived import ResourceNotFound, plain_params
from mlops_estate.embedded.backends.kinds import kind_of, split
from mlops_estate.embedded.validation.model import service_model

# Kinds that moto keeps, and the attribute that holds them; jobs are finished as soon as they are made.
STORES = {
    "CompilationJob": "compilation_jobs",
    "Domain": "domains",
    "Experiment": "experiments",
    "HyperParameterTuningJob": "hyper_parameter_tuning_jobs",
    "NotebookInstance": "notebook_instances",
    "NotebookInstanceLifecycleConfig": "notebook_instance_lifecycle_configurations",
    "ProcessingJob": "processing_jobs",
    "TrainingJob": "training_jobs",
    "TransformJob": "transform_jobs",
    "Trial": "trials",
}
FINISHED = ("Completed", "Failed", "Stopped")


def answers(operation: str) -> bool:
    """Whether an operation is answered here."""
    verb, noun = split(operation)
    return noun in STORES and verb in {"Update", "Delete", "Stop"}


def answering(operation: str) -> Callable[[Any], ActionResult]:
    """Return the method that answers an operation."""
    verb, noun = split(operation)
    act = {"Update": _update, "Delete": _delete, "Stop": _stop}[verb]

    def method(self: Any) -> ActionResult:
        params = plain_params(self.body)
        backend = sagemaker_backends[self.current_account][self.region]
        store = getattr(backend, STORES[noun])
        name = str(params[kind_of(service_model("sagemaker"), noun).keys[0]])
        key = next((key for key, held in store.items() if name in (key, getattr(held, "arn", ""))), None)
        if key is None:
            raise ResourceNotFound(f"{noun} {name} does not exist")
        act(store, key, noun, params)
        output = service_model("sagemaker").operation_model(operation).output_shape
        arn = {f"{noun}Arn": held.arn} if (held := store.get(key)) and output and f"{noun}Arn" in output.members else {}
        return ActionResult(arn)

    method.__doc__ = f"Answer {operation} from moto's own objects."
    return method


def _update(store: dict[str, Any], key: str, noun: str, params: dict[str, Any]) -> None:
    """Set what was sent, as moto names it."""
    held = store[key]
    for name, value in params.items():
        attribute = camelcase_to_underscores(name)
        if name not in kind_of(service_model("sagemaker"), noun).keys:
            setattr(held, attribute, value)
    held.last_modified_time = utcnow()


def _delete(store: dict[str, Any], key: str, _noun: str, _params: dict[str, Any]) -> None:
    del store[key]


def _stop(store: dict[str, Any], key: str, noun: str, _params: dict[str, Any]) -> None:
    """Stop a job that runs; one that has finished is refused, as the service does."""
    held = store[key]
    attribute = f"{camelcase_to_underscores(noun)}_status"
    status = str(getattr(held, attribute, "Completed"))
    if status in FINISHED:
        raise ValidationError(message=f"The request was rejected because the job is in status {status}.")
    setattr(held, attribute, "Stopped")
    held.last_modified_time = utcnow()


def install(ours: set[str]) -> None:
    """Add the operations that moto lacks."""
    for operation in service_model("sagemaker").operation_names:
        method = camelcase_to_underscores(operation)
        if answers(operation) and not hasattr(SageMakerResponse, method):
            setattr(SageMakerResponse, method, answering(operation))
            ours.add(operation)
