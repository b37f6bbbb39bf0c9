"""What every test shares: no display, no network but this machine, and the way to the real data beside the checkout."""

from __future__ import annotations

import ipaddress
import socket
from pathlib import Path

import matplotlib
import pytest
from hypothesis import settings

matplotlib.use("Agg")
# A busy machine is no failure: examples have no time limit of their own.
settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")

REALDATA = Path(__file__).resolve().parents[2] / "shared" / "realdata"


@pytest.fixture(scope="session")
def realdata_dir() -> Path:
    """Folder of the real box scores and lines; skips the test, with the reason, where there is none."""
    if not REALDATA.is_dir():
        pytest.skip(f"no real data at {REALDATA}")
    return REALDATA


_connect = socket.socket.connect
_connect_ex = socket.socket.connect_ex
_getaddrinfo = socket.getaddrinfo


def _is_here(host: object) -> bool:
    text = host.decode() if isinstance(host, bytes) else str(host)
    try:
        return host is None or text in ("", "localhost") or ipaddress.ip_address(text.partition("%")[0]).is_loopback
    except ValueError:
        return False


def _refuse_others(host: object) -> None:
    if not _is_here(host):
        message = f"a test asked for {host}: tests use no network but this machine"
        raise RuntimeError(message)


@pytest.fixture(autouse=True, scope="session")
def no_network():
    """Refuse connections and look-ups of other machines; loopback and Unix sockets stay as they are."""

    def connect(self, address):
        if self.family in (socket.AF_INET, socket.AF_INET6):
            _refuse_others(address[0])
        return _connect(self, address)

    def connect_ex(self, address):
        if self.family in (socket.AF_INET, socket.AF_INET6):
            _refuse_others(address[0])
        return _connect_ex(self, address)

    def getaddrinfo(host, *arguments, **options):
        if host != socket.gethostname():  # servers look their own machine up
            _refuse_others(host)
        return _getaddrinfo(host, *arguments, **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", connect)
        patch.setattr(socket.socket, "connect_ex", connect_ex)
        patch.setattr(socket, "getaddrinfo", getaddrinfo)
        yield
