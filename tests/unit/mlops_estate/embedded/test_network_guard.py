"""While a guard is on, this process reaches loopback and nothing else."""

from __future__ import annotations

import socket
from collections.abc import Callable

import pytest

from mlops_estate.embedded.network_guard import NetworkGuard, NetworkRefused

# TEST-NET-1 and documentation addresses (RFC 5737, RFC 3849): nobody is there, should the guard fail.
ELSEWHERE = "192.0.2.1"


@pytest.fixture(autouse=True)
def _no_other_guard(monkeypatch):
    """The guard that is on for all tests would hide that these are off."""
    monkeypatch.setattr(NetworkGuard, "_on", 0)


def connect(host: str, family: int = socket.AF_INET) -> None:
    with socket.socket(family, socket.SOCK_STREAM) as client:
        client.settimeout(0.2)
        client.connect((host, 9))


def send(host: str) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.sendto(b"x", (host, 9))


REFUSED: list[Callable[[], object]] = [
    lambda: connect(ELSEWHERE),
    lambda: connect("2001:db8::1", socket.AF_INET6),
    lambda: send(ELSEWHERE),
    lambda: socket.getaddrinfo("sagemaker.eu-west-1.api.aws", 443),
    lambda: socket.getaddrinfo(b"example.com", 443),
    lambda: socket.gethostbyname("example.com"),
    lambda: socket.create_connection(("example.com", 80), timeout=0.2),
]


@pytest.mark.parametrize("attempt", REFUSED)
def test_everything_beyond_loopback_is_refused(attempt):
    with NetworkGuard(), pytest.raises(NetworkRefused, match="the embedded account reaches no network"):
        attempt()


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "127.8.9.10"])
def test_loopback_is_let_through(host):
    with socket.socket() as server:
        server.bind(("127.0.0.1" if host == "localhost" else host, 0))
        server.listen()
        with NetworkGuard(), socket.create_connection((host, server.getsockname()[1]), timeout=2) as client:
            assert client.getpeername()[1] == server.getsockname()[1]


def test_a_connection_within_the_process_is_let_through():
    with NetworkGuard():
        one, other = socket.socketpair()
        one.sendall(b"x")
        assert other.recv(1) == b"x"
        one.close()
        other.close()


def test_guards_nest_and_the_last_one_turns_it_off():
    with NetworkGuard():
        with NetworkGuard():
            pass
        with pytest.raises(NetworkRefused):
            connect(ELSEWHERE)
    assert NetworkGuard._on == 0
    with pytest.raises(OSError) as caught:  # noqa: PT011 -- any answer of the network but ours
        send("256.0.0.1")
    assert not isinstance(caught.value, NetworkRefused)


def test_a_guard_goes_off_where_its_block_fails():
    with pytest.raises(ZeroDivisionError), NetworkGuard():
        raise ZeroDivisionError
    assert NetworkGuard._on == 0


@pytest.mark.parametrize("reach", ["connect", "connect_ex"])
def test_a_name_is_not_even_looked_up_on_the_way_to_a_connection(reach):
    with (
        NetworkGuard(),
        socket.socket() as sock,
        pytest.raises(NetworkRefused, match=r"a connection to nowhere\.invalid"),
    ):
        getattr(sock, reach)(("nowhere.invalid", 443))
