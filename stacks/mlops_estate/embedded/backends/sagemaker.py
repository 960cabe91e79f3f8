"""SageMaker's control plane: every operation that moto has not, and whole kinds of things that it answers wrongly.

moto 5.2.5 has 114 of 425 operations. `TAKEN_OVER` are kinds whose moto back end loses or breaks what was sent: a
feature group without an offline store crashes, its online store is dropped, and it can be neither updated nor deleted.
`REMEMBERED` are kinds that moto keeps, but whose description leaves out members: they are filled in from what was sent.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from moto.core.responses import ActionResult
from moto.core.utils import camelcase_to_underscores
from moto.sagemaker.responses import SageMakerResponse

from mlops_estate.embedded.backends import adopted
from mlops_estate.embedded.backends.derived import DerivedBackend, derived_backends, plain_params
from mlops_estate.embedded.backends.hooks import HOOKS
from mlops_estate.embedded.backends.kinds import CREATORS, READERS, creator, derivable, singular, split
from mlops_estate.embedded.validation.model import service_model

TAKEN_OVER = frozenset({"FeatureGroup"})
REMEMBERED = (
    "Model", "EndpointConfig", "Pipeline", "ModelPackageGroup", "ModelPackage", "DataQualityJobDefinition",
    "ModelQualityJobDefinition", "ModelBiasJobDefinition", "ModelExplainabilityJobDefinition", "ProcessingJob",
    "TrainingJob", "TransformJob", "HyperParameterTuningJob", "CompilationJob", "Experiment", "Trial",
)  # fmt: skip
ANSWERED = frozenset({*CREATORS, *READERS, "List", "Update", "Delete", "Start", "Stop"})
# Members that moto describes wrongly, whatever was sent: here what was sent counts.
OVERRULED = {"Model": frozenset({"EnableNetworkIsolation"})}
# Things that nothing here makes, so that there are none: a schedule's runs and their alerts.
EMPTY = frozenset({"MonitoringExecutions", "MonitoringAlerts", "MonitoringAlertHistory"})
OURS: set[str] = set()


def install() -> None:
    """Add the operations to moto's response class."""
    before = frozenset(dir(SageMakerResponse))
    for operation in service_model("sagemaker").operation_names:
        if _derived(operation, before):
            OURS.add(operation)
            setattr(SageMakerResponse, camelcase_to_underscores(operation), _answering(operation))
    SageMakerResponse.update_inference_component_runtime_config = _runtime_config
    OURS.add("UpdateInferenceComponentRuntimeConfig")
    adopted.install(OURS)
    for noun in REMEMBERED:
        _remember(noun)


def _derived(operation: str, before: frozenset[str]) -> bool:
    """Whether the model alone is enough to answer: moto (its methods are `before`) has neither the operation nor the
    kind."""
    verb, noun = split(operation)
    model = service_model("sagemaker")
    kind = singular(model, noun) if verb == "List" else noun
    if kind in TAKEN_OVER:
        return True
    if camelcase_to_underscores(operation) in before:
        return False
    kept = camelcase_to_underscores(creator(model, kind)) in before
    return noun in EMPTY or (verb in ANSWERED and derivable(model, kind) and not kept)


def derived(response: Any) -> DerivedBackend:
    """Return the store of the account and region a request is for."""
    store: DerivedBackend = derived_backends[response.current_account][response.region]
    return store


def _answering(operation: str) -> Callable[[Any], ActionResult]:
    def method(self: Any) -> ActionResult:
        params = plain_params(self.body)
        return ActionResult(derived(self).answer(service_model("sagemaker"), operation, params, HOOKS))

    method.__doc__ = f"Answer {operation} from the service model."
    return method


def _runtime_config(self: Any) -> ActionResult:
    """Change how many copies of an inference component run: an update of that one member."""
    params = plain_params(self.body)
    update = {
        "InferenceComponentName": params["InferenceComponentName"],
        "RuntimeConfig": params["DesiredRuntimeConfig"],
    }
    answer = derived(self).answer(service_model("sagemaker"), "UpdateInferenceComponent", update, HOOKS)
    return ActionResult(answer)


def _remember(noun: str) -> None:
    """Keep what a creation sent, and fill with it what moto's description leaves out."""
    create_name, describe_name = (camelcase_to_underscores(f"{verb}{noun}") for verb in ("Create", "Describe"))
    create, describe = getattr(SageMakerResponse, create_name), getattr(SageMakerResponse, describe_name)
    output = service_model("sagemaker").operation_model(f"Describe{noun}").output_shape
    members = frozenset(output.members) if output else frozenset()
    update = getattr(SageMakerResponse, camelcase_to_underscores(f"Update{noun}"), None)

    @functools.wraps(create)
    def created(self: Any) -> ActionResult:
        params = plain_params(self.body)
        result: ActionResult = create(self)
        derived(self).remembered[noun, _name(params, result, noun)] = params
        return result

    @functools.wraps(describe)
    def described(self: Any) -> ActionResult:
        params = plain_params(self.body)
        data: Any = describe(self).result
        name = _name(params, None, noun)
        sent = derived(self).remembered.get((noun, name), {})
        filled = {**{key: value for key, value in sent.items() if key in members}, **dict(data)}
        overruled = {key: sent[key] for key in OVERRULED.get(noun, ()) if key in sent}
        # moto shows what was not sent as an empty structure, which lacks what the model requires of it.
        return ActionResult({key: value for key, value in {**filled, **overruled}.items() if value != {}})

    setattr(SageMakerResponse, create_name, created)
    setattr(SageMakerResponse, describe_name, described)
    if update is not None:

        @functools.wraps(update)
        def updated(self: Any) -> ActionResult:
            params = plain_params(self.body)
            result: ActionResult = update(self)
            derived(self).remembered.setdefault((noun, _name(params, result, noun)), {}).update(params)
            return result

        setattr(SageMakerResponse, camelcase_to_underscores(f"Update{noun}"), updated)


def _name(params: dict[str, Any], result: ActionResult | None, noun: str) -> str:
    """Return what a thing is remembered by: its name, or the ARN where the service numbers it."""
    if noun == "ModelPackage":
        data: Any = result.result if result is not None else {}
        return str(
            (data or {}).get("ModelPackageArn") or params.get("ModelPackageArn") or params.get("ModelPackageName")
        )
    return str(params.get(f"{noun}Name") or params.get("JobDefinitionName"))
