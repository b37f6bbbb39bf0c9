"""Tests use no network but this machine."""

from __future__ import annotations

import socket

import pytest
import requests


def test_other_machines_are_refused():
    with pytest.raises(RuntimeError, match="no network but this machine"):
        socket.create_connection(("192.0.2.1", 80), timeout=1)
    with socket.socket() as plain, pytest.raises(RuntimeError, match="no network"):
        plain.connect(("192.0.2.1", 80))
    with socket.socket() as plain, pytest.raises(RuntimeError, match="no network"):
        plain.connect_ex(("192.0.2.1", 80))
    with pytest.raises(RuntimeError, match=r"example\.org"):
        requests.get("https://example.org", timeout=1)


def test_this_machine_and_unix_sockets_are_not():
    with socket.create_server(("127.0.0.1", 0)) as server:
        socket.create_connection(server.getsockname(), timeout=1).close()
    left, right = socket.socketpair()
    left.close()
    right.close()
