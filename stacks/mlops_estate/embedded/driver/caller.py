"""Sends one AWS call: validated first, and with every fault named by the input it comes from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import jmespath
from botocore import xform_name
from botocore.exceptions import BotoCoreError, ClientError

from mlops_estate.embedded.driver.mapping import At, Mapped
from mlops_estate.embedded.driver.names import best
from mlops_estate.embedded.driver.operations import Operations
from mlops_estate.embedded.driver.outputs import declared
from mlops_estate.embedded.validation import CallFault, service_model, validate_call
from mlops_estate.embedded.validation.references import Account, References
from mlops_estate.faults import Fault, FaultsFound


class Caller:
    """Validates and sends calls for resources of one account; without `lookups` what a call names is not looked up."""

    def __init__(self, account: Account, *, lookups: bool = True) -> None:
        self.account = account
        self._lookups = lookups
        self.references = References(account)

    def check(self, service: str, operation: str, mapped: Mapped, urn: str, type_token: str = "") -> list[Fault]:
        """Return every fault of a call, by input path, without sending it."""
        found = validate_call(service, operation, mapped.params)
        if self._lookups and not any(fault.kind == "type" for fault in found):
            found += self.references.check(service, operation, mapped.params)
        return [self._fault(fault, service, operation, mapped, urn, type_token) for fault in found]

    def send(self, service: str, operation: str, mapped: Mapped, urn: str, type_token: str = "") -> dict[str, Any]:
        """Send a call; `FaultsFound` where it is refused, by validation or by the account."""
        faults = self.check(service, operation, mapped, urn, type_token)
        if faults:
            raise FaultsFound(faults)
        return self.send_checked(service, operation, mapped.params, urn)

    def send_checked(self, service: str, operation: str, params: Mapping[str, Any], urn: str) -> dict[str, Any]:
        """Send a call that needs no validation, such as a read."""
        try:
            answer: dict[str, Any] = getattr(self.account.client(service), xform_name(operation))(**params)
        except ClientError as error:
            details = error.response.get("Error", {})
            rule = f"{service} {operation} answered {details.get('Code')}: {details.get('Message')}"
            raise FaultsFound(
                [Fault("", None, rule, "see the service's message", urn, f"{service} {operation}")]
            ) from error
        except BotoCoreError as error:
            rule = f"{service} {operation} could not be sent: {error}"
            raise FaultsFound([Fault("", None, rule, "see the message", urn, f"{service} {operation}")]) from error
        except Exception as error:  # a back end's own bug must name the resource, not end the run
            rule = f"the back end of {service} {operation} failed: {type(error).__name__}: {error}"
            fix = "this is a bug of the embedded account, not of your program; please report it"
            raise FaultsFound([Fault("", None, rule, fix, urn, f"{service} {operation}")]) from error
        answer.pop("ResponseMetadata", None)
        return answer

    def send_created(self, row: Operations, params: Mapping[str, Any], urn: str) -> dict[str, Any]:
        """Send a row's validated creation; what its answer refuses, though the call succeeds, is a fault too."""
        answer = self.send_checked(row.service, row.create, params, urn)
        told = (jmespath.search(row.refused, answer) or []) if row.refused else []
        source = f"{row.service} {row.create}"
        rules = [f"{source} answered {code}: {message}" for code, message in told]
        if rules:
            raise FaultsFound([Fault("", None, rule, "see the service's message", urn, source) for rule in rules])
        return answer

    def _fault(
        self, fault: CallFault, service: str, operation: str, mapped: Mapped, urn: str, type_token: str
    ) -> Fault:
        where = mapped.origin(fault.path)
        top = "." not in fault.path and "[" not in fault.path
        if fault.kind == "missing" and type_token and top and fault.path not in mapped.origins:
            where = _input_for(fault.path, service, operation, type_token) or where
        return Fault(where, fault.value, fault.rule, fault.fix, urn, fault.source)


def _input_for(member: str, service: str, operation: str, type_token: str) -> str:
    """Return the input that would have filled a required parameter."""
    shape = service_model(service).operation_model(operation).input_shape
    noun = type_token.rsplit(":", 1)[-1]
    members = tuple(shape.members) if shape else ()
    exact = next((name for name in declared(type_token) if name.lower() == member.lower()), "")
    return exact or next((name for name in declared(type_token) if best(name, members, noun) == member), "")


def opened(params: Any, mapped: Mapped, path: str = "") -> Any:
    """Return call parameters with every `At` opened; its origin is noted in `mapped`. Nothing (None) is left out."""
    if isinstance(params, At):
        mapped.origins[path] = params.path
        return opened(params.value, mapped, path)
    if isinstance(params, Mapping):
        found = {key: opened(item, mapped, f"{path}.{key}" if path else key) for key, item in params.items()}
        return {key: item for key, item in found.items() if item is not None}
    if isinstance(params, list):
        return [opened(item, mapped, f"{path}[{index}]") for index, item in enumerate(params)]
    return params
