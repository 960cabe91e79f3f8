"""Serves the embedded account over HTTP on loopback, for boto3, the AWS CLI, or any SDK with an endpoint URL."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable, Iterable
from types import TracebackType
from typing import Any

from mlops_estate.embedded.account import INSTANCE_HEADER

LOOPBACK = "127.0.0.1"


def _application(instance: str) -> Callable[[dict[str, Any], Any], Iterable[bytes]]:
    """Return moto's WSGI application with two changes: the feature store's address, and errors that SDKs can read."""
    from moto.backends import list_of_moto_modules
    from moto.moto_server.werkzeug_app import DomainDispatcherApplication

    class Dispatcher(DomainDispatcherApplication):
        """Tells the feature store's run time from SageMaker's control plane: both sign as `sagemaker`."""

        def infer_service_region_host(self, environ: dict[str, Any], path: str) -> str | None:
            host: str | None = super().infer_service_region_host(environ, path)
            if host and host.startswith("api.sagemaker.") and path.startswith(("/FeatureGroup/", "/BatchGetRecord")):
                return host.replace("api.", "featurestore-runtime.", 1)
            return host

        def get_backend_for_host(self, host: str | None) -> Any:
            """Refuse the host of a service that moto lacks, where moto prints a line and fails."""
            named = host is None or host == "moto_api" or host in list_of_moto_modules()
            if not named and not any(pattern.match(f"http://{host}") for _, pattern in self.backend_url_patterns):
                raise NotImplementedError(f"there is no back end for {host}")
            return super().get_backend_for_host(host)

        def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
            def named(status: str, headers: list[tuple[str, str]], *rest: Any) -> Any:
                return start_response(status, [*headers, (INSTANCE_HEADER, instance)], *rest)

            signature = {"authorization": environ.get("HTTP_AUTHORIZATION", "")}
            asked = f"{environ.get('REQUEST_METHOD')} {environ.get('PATH_INFO')}"
            try:
                return super().__call__(environ, named)
            except (NotImplementedError, ModuleNotFoundError) as error:
                return _unanswered(signature, f"{asked}: {error}", named)

    return Dispatcher(_service_application)


def _service_application(service: Any) -> Any:
    """Return moto's application of a service; an address that it lacks is answered in the service's protocol."""
    from flask import request
    from moto.moto_server.werkzeug_app import create_backend_app
    from werkzeug.exceptions import MethodNotAllowed, NotFound

    from mlops_estate.embedded.backends.unanswered import unanswered

    def no_route(_error: Exception) -> tuple[str, int, dict[str, str]]:
        status, headers, body = unanswered(dict(request.headers), f"{request.method} {request.path}")
        return body, status, headers

    application = create_backend_app(service)
    for error in (NotFound, MethodNotAllowed):
        application.register_error_handler(error, no_route)
    return application


def _unanswered(signature: dict[str, str], asked: str, start_response: Any) -> list[bytes]:
    from mlops_estate.embedded.backends.unanswered import unanswered

    status, headers, body = unanswered(signature, asked)
    start_response(f"{status} Not Implemented", list(headers.items()))
    return [body.encode()]


class AccountServer:
    """Serves the account that stands in this process while the `with` block lasts; `port` 0 takes a free one.

    `instance` is the account's own; a fresh one where it is left out.
    """

    def __init__(self, port: int = 0, instance: str = "") -> None:
        from werkzeug.serving import WSGIRequestHandler, make_server

        class Quiet(WSGIRequestHandler):
            """Logs no requests: standard output and error belong to the command."""

            def log(self, type: str, message: str, *arguments: Any) -> None:
                """Drop the message."""

        from moto.moto_server.werkzeug_app import MotoRequestHandler

        handler = type("Handler", (Quiet, MotoRequestHandler), {})
        application = _application(instance or secrets.token_hex(8))
        self._server = make_server(LOOPBACK, port, application, threaded=True, request_handler=handler)
        self._thread = threading.Thread(target=self._server.serve_forever, name="embedded-account", daemon=True)

    @property
    def url(self) -> str:
        """The endpoint URL."""
        return f"http://{LOOPBACK}:{self._server.server_port}"

    def __enter__(self) -> AccountServer:
        """Start serving."""
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop serving."""
        self._server.shutdown()
        self._thread.join(timeout=5)
        self._server.server_close()
