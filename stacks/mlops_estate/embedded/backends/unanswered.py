"""What nobody answers is an error that every SDK can read: code `NotImplemented`, HTTP 501.

moto raises an exception in process, and answers HTML over HTTP, or an empty 404 where it lacks the whole service.
"""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Mapping
from typing import Any
from xml.sax.saxutils import escape

import botocore.loaders
from botocore.model import ServiceModel
from moto.core import errors
from moto.core.botocore_stubber import BotocoreStubber
from moto.core.common_types import TYPE_RESPONSE
from moto.core.exceptions import ServiceException
from moto.core.responses import ActionResult, BaseResponse

STATUS = 501
_SIGNED_FOR = re.compile(r"Credential=[^/]*/\d+/[^/]*/(?P<service>[^/]+)/aws4_request")


class NotImplementedHere(ServiceException):
    """An operation that neither moto nor a back end of ours answers."""

    code = "NotImplemented"


def install() -> None:
    """Make moto answer for what it lacks."""
    # The code is every service's; moto warns of codes that a service's model does not name.
    errors.COMMON_ERROR_CODES = [*errors.COMMON_ERROR_CODES, NotImplementedHere.code]
    call, process = BaseResponse.call_action, BotocoreStubber.process_request

    @functools.wraps(call)
    def call_action(self: Any) -> TYPE_RESPONSE:
        try:
            return call(self)
        except NotImplementedError as error:
            operation = f"{self.boto3_service_name} {self._get_action()}"
            told = NotImplementedHere(f"the embedded account lacks this: {operation} ({error})")
            _, headers, body = self.serialized(ActionResult(told))
            return STATUS, {**headers, "status": str(STATUS)}, body

    @functools.wraps(process)
    def process_request(self: Any, request: Any) -> Any:
        try:
            answer = process(self, request)
        except ModuleNotFoundError as error:
            # moto has the service, but not what it needs for it.
            return unanswered(request.headers, f"{request.method} {request.url}: {error}")
        # What moto says where no address of its own fits.
        if answer is not None and tuple(answer[:1]) == (404,) and answer[2] == "Not yet implemented":
            return unanswered(request.headers, f"{request.method} {request.url}")
        return answer

    BaseResponse.call_action, BotocoreStubber.process_request = call_action, process_request


def unanswered(headers: Mapping[str, Any], asked: str) -> tuple[int, dict[str, str], str]:
    """Return the answer to a request that has no back end, in the protocol of the service that it was signed for."""
    service = signed_for(headers)
    message = f"the embedded account lacks this: {service}: {asked}"
    protocol = _protocol(service)
    if protocol in {"query", "ec2", "rest-xml"}:
        error = f"<Error><Code>NotImplemented</Code><Message>{escape(message)}</Message></Error>"
        wrapped = {"query": f"<ErrorResponse>{error}</ErrorResponse>",
                   "ec2": f"<Response><Errors>{error}</Errors></Response>"}  # fmt: skip
        body = error if service == "s3" else wrapped.get(protocol, f"<ErrorResponse>{error}</ErrorResponse>")
        return STATUS, {"content-type": "text/xml"}, body
    kind = {"content-type": "application/x-amz-json-1.1", "x-amzn-errortype": "NotImplemented"}
    return STATUS, kind, json.dumps({"__type": "NotImplemented", "message": message})


def signed_for(headers: Mapping[str, Any]) -> str:
    """Return the service that a request was signed for, or "this request"."""
    signature = next((value for name, value in headers.items() if name.lower() == "authorization"), "")
    text = signature.decode() if isinstance(signature, bytes) else str(signature)
    found = _SIGNED_FOR.search(text)
    return found["service"] if found else "this request"


@functools.cache
def _protocol(signing_name: str) -> str:
    """Return the protocol of the service with a signing name; several share one only where they share a protocol, or
    where the service of the same name is meant."""
    loader = botocore.loaders.Loader(include_default_search_paths=True)
    names = loader.list_available_services("service-2")
    if signing_name in names:
        return str(ServiceModel(loader.load_service_model(signing_name, "service-2")).metadata.get("protocol", "json"))
    return "json"
