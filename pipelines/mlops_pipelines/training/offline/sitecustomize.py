"""Cuts a step that runs locally off the network: Python imports this at its start, before the step's own code.

An audit hook sees every connection and look-up of a name, and cannot be taken away again. Only loopback is let through,
and not even that where the job is isolated from the network (MLOPS_JOB_ISOLATED).
"""

import ipaddress
import os
import socket
import sys
from collections.abc import Callable
from typing import Any

_ISOLATED = bool(os.environ.get("MLOPS_JOB_ISOLATED"))


def _let_through(host: str) -> bool:
    return not _ISOLATED and _loopback(host)


def _loopback(host: str) -> bool:
    if host in {"", "localhost"}:
        return True
    try:
        return ipaddress.ip_address(host.split("%")[0]).is_loopback
    except ValueError:
        return False


def _refuse(event: str, arguments: tuple[Any, ...]) -> None:
    if event in {"socket.connect", "socket.sendto", "socket.sendmsg"}:
        address = arguments[1] if len(arguments) > 1 else None
        if not isinstance(address, tuple) or not address:
            return  # no address of a network: a pipe of this machine's own
        host: Any = address[0]
    elif event in {"socket.getaddrinfo", "socket.gethostbyname"}:
        host = arguments[0] or ""
    else:
        return
    name = host.decode() if isinstance(host, bytes) else str(host)
    if not _let_through(name):
        raise OSError(f"a step that runs locally reaches no network: {name} was refused")


def _checked(method: Callable[..., Any]) -> Callable[..., Any]:
    """Look at the host before the socket does: it resolves a name before the hook hears of it."""

    def call(self: socket.socket, *arguments: Any) -> Any:
        _refuse("socket.connect", (self, arguments[-1]))
        return method(self, *arguments)

    return call


sys.addaudithook(_refuse)
for _name in ("connect", "connect_ex", "sendto"):
    setattr(socket.socket, _name, _checked(getattr(socket.socket, _name)))
