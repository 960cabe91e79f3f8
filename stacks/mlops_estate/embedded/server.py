"""Serves the embedded account over HTTP on loopback, for boto3, the AWS CLI, or any SDK with an endpoint URL."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterable
from types import TracebackType
from typing import Any

LOOPBACK = "127.0.0.1"


def _application() -> Callable[[dict[str, Any], Any], Iterable[bytes]]:
    """Return moto's WSGI application with two changes: the feature store's address, and errors that SDKs can read."""
    from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app

    class Dispatcher(DomainDispatcherApplication):
        """Tells the feature store's run time from SageMaker's control plane: both sign as `sagemaker`."""

        def infer_service_region_host(self, environ: dict[str, Any], path: str) -> str | None:
            host: str | None = super().infer_service_region_host(environ, path)
            if host and host.startswith("api.sagemaker.") and path.startswith(("/FeatureGroup/", "/BatchGetRecord")):
                return host.replace("api.", "featurestore-runtime.", 1)
            return host

        def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
            try:
                return super().__call__(environ, start_response)
            except NotImplementedError as error:
                body = json.dumps({"__type": "NotImplemented", "message": f"the embedded account lacks this: {error}"})
                headers = [("Content-Type", "application/x-amz-json-1.1"), ("x-amzn-errortype", "NotImplemented")]
                start_response("501 Not Implemented", headers)
                return [body.encode()]

    return Dispatcher(create_backend_app)


class AccountServer:
    """Serves the account that stands in this process while the `with` block lasts; `port` 0 takes a free one."""

    def __init__(self, port: int = 0) -> None:
        from werkzeug.serving import WSGIRequestHandler, make_server

        class Quiet(WSGIRequestHandler):
            """Logs no requests: standard output and error belong to the command."""

            def log(self, type: str, message: str, *arguments: Any) -> None:
                """Drop the message."""

        from moto.moto_server.werkzeug_app import MotoRequestHandler

        handler = type("Handler", (Quiet, MotoRequestHandler), {})
        self._server = make_server(LOOPBACK, port, _application(), threaded=True, request_handler=handler)
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
