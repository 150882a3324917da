"""The guard of conftest.py does guard: a test that reaches for the network, or sees the machine's settings, is not a test."""

from __future__ import annotations

import os
import socket
import urllib.request
from contextlib import suppress
from pathlib import Path

import pytest


@pytest.mark.parametrize(("host", "port"), [("192.0.2.1", 443), ("10.0.0.1", 5432), ("0.0.0.0", 80)])
def test_a_connection_off_the_machine_fails_and_names_the_address(host: str, port: int, network_attempts: list[str]) -> None:
    with socket.socket() as sock:
        with pytest.raises(AssertionError, match=f"connect to {host} port {port}"):
            sock.connect((host, port))
        with pytest.raises(AssertionError, match=f"connect to {host} port {port}"):
            sock.connect_ex((host, port))
    assert network_attempts == [f"connect to {host} port {port}"] * 2
    network_attempts.clear()


def test_a_connection_over_ipv6_fails_too(network_attempts: list[str]) -> None:
    with socket.socket(socket.AF_INET6) as sock, pytest.raises(AssertionError, match="connect to 2001:db8::1 port 80"):
        sock.connect(("2001:db8::1", 80, 0, 0))
    network_attempts.clear()


def test_a_look_up_of_a_name_fails_and_names_it(network_attempts: list[str]) -> None:
    with pytest.raises(AssertionError, match=r"look up example\.invalid"):
        socket.create_connection(("example.invalid", 443))
    with pytest.raises(AssertionError, match=r"look up example\.invalid"):
        urllib.request.urlopen("http://example.invalid/")
    assert network_attempts == ["look up example.invalid"] * 2
    network_attempts.clear()


def test_an_attempt_that_the_code_under_test_swallows_is_remembered(network_attempts: list[str]) -> None:
    with socket.socket() as sock, suppress(Exception):
        sock.connect(("192.0.2.7", 9))
    assert network_attempts == ["connect to 192.0.2.7 port 9"]
    network_attempts.clear()


def test_a_datagram_off_the_machine_fails_and_names_the_address(network_attempts: list[str]) -> None:
    with socket.socket(type=socket.SOCK_DGRAM) as sock, pytest.raises(AssertionError, match=r"connect to 192\.0\.2\.1 port 53"):
        sock.sendto(b"x", ("192.0.2.1", 53))
    network_attempts.clear()


def test_the_machine_itself_can_be_reached(network_attempts: list[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(("localhost", server.getsockname()[1])) as client:
        assert client.getpeername() == server.getsockname()
    assert not network_attempts


def test_settings_of_the_machine_do_not_reach_a_test(tmp_path: Path) -> None:
    ours = {name: value for name, value in os.environ.items() if name.startswith(("WENYUE_", "OPENAI_", "LANGSMITH", "LANGCHAIN_"))}
    assert ours == {"WENYUE_HOME": str(tmp_path)}
