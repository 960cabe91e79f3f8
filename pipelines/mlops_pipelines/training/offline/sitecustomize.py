"""Cuts a step that runs locally off the network: Python imports this at its start, before the step's own code.

An audit hook sees every connection and look-up of a name, and cannot be taken away again. Only loopback is let through.
"""

import ipaddress
import socket
import sys
from collections.abc import Callable
from typing import Any


def _loopback(host: str) -> bool:
    if host in {"", "localhost"}:
        return True
    try:
        return ipaddress.ip_address(host.split("%")[0]).is_loopback
    except ValueError:
        return False


def _refuse(event: str, arguments: tuple[Any, ...]) -> None:
    host: Any = ""
    if event in {"socket.connect", "socket.sendto", "socket.sendmsg"}:
        address = arguments[1] if len(arguments) > 1 else None
        host = address[0] if isinstance(address, tuple) and address else ""
    elif event in {"socket.getaddrinfo", "socket.gethostbyname"}:
        host = arguments[0] or ""
    name = host.decode() if isinstance(host, bytes) else str(host)
    if not _loopback(name):
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
