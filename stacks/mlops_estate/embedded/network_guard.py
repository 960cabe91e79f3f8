"""Keeps the process from reaching the network while an embedded account stands: only loopback is let through.

An audit hook sees every connection and name look-up of this process, also from libraries that moto does not intercept
(`*.api.aws` endpoints among them). A hook cannot be taken away, so it is added once and asks whether a guard is on.
"""

from __future__ import annotations

import functools
import ipaddress
import socket
import sys
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Any


class NetworkRefused(OSError):  # noqa: N818 -- named for the outcome
    """A connection beyond loopback was refused."""


class NetworkGuard:
    """Refuses connections beyond loopback while at least one guard is on; may be nested."""

    _on = 0
    _installed = False
    _lock = threading.Lock()

    def __enter__(self) -> NetworkGuard:
        """Turn the guard on."""
        with self._lock:
            if not NetworkGuard._installed:
                sys.addaudithook(_refuse)
                _check_before_resolving()
                NetworkGuard._installed = True
            NetworkGuard._on += 1
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Turn this guard off."""
        with self._lock:
            NetworkGuard._on -= 1


def _refuse(event: str, arguments: tuple[Any, ...]) -> None:
    if not event.startswith("socket.") or not NetworkGuard._on:
        return
    if event in {"socket.connect", "socket.sendto", "socket.sendmsg"}:
        address = arguments[1] if len(arguments) > 1 else None
        if isinstance(address, tuple) and address and not _loopback(str(address[0])):
            raise NetworkRefused(f"the embedded account reaches no network: a connection to {address[0]} was refused")
    elif event in {"socket.getaddrinfo", "socket.gethostbyname"}:
        host = arguments[0]
        name = host.decode() if isinstance(host, bytes) else host
        if name and not _loopback(str(name)):
            raise NetworkRefused(f"the embedded account reaches no network: looking up {name} was refused")


def _check_before_resolving() -> None:
    """Look at the host of a connection before the socket does: it resolves a name before an audit hook hears of it."""
    for name in ("connect", "connect_ex", "sendto"):
        setattr(socket.socket, name, _checked(getattr(socket.socket, name)))


def _checked(method: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(method)
    def call(self: socket.socket, *arguments: Any) -> Any:
        address = arguments[-1]
        if NetworkGuard._on and isinstance(address, tuple) and address and not _loopback(str(address[0])):
            raise NetworkRefused(f"the embedded account reaches no network: a connection to {address[0]} was refused")
        return method(self, *arguments)

    return call


def _loopback(host: str) -> bool:
    if host in {"localhost", ""}:
        return True
    try:
        return ipaddress.ip_address(host.split("%")[0]).is_loopback
    except ValueError:
        return False
