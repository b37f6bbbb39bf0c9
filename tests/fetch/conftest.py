"""A server of our own on this machine that answers as it is told and remembers what it was asked."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from nba_props.fetch.client import Client

KEY = "a1b2c3-very/secret+key"


@dataclass
class Stub:
    """Answers by path: (status, headers, body) or a function of the path and the query that gives them."""

    url: str = ""
    answers: dict = field(default_factory=dict)
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    default: tuple = (404, {}, b"no such thing")

    @property
    def paths(self) -> list[str]:
        return [path for path, _ in self.asked]

    def answer(self, path: str, query: dict[str, str]) -> tuple:
        given = self.answers.get(path, self.default)
        return given(path, query) if callable(given) else given


@pytest.fixture
def stub() -> Iterator[Stub]:
    state = Stub()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            parts = urlsplit(self.path)
            query = {name: values[0] for name, values in parse_qs(parts.query).items()}
            state.asked.append((parts.path, query))
            status, headers, body = state.answer(parts.path, query)
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    state.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield state
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def waits() -> list[float]:
    """Seconds that a client waited."""
    return []


@pytest.fixture
def client(stub, waits) -> Client:
    return Client(stub.url, secrets={"apiKey": KEY}, sleep=waits.append, timeout=5)


@pytest.fixture
def load_script():
    """Loads a script of scripts/data as a module."""

    def load(name):
        path = Path(__file__).resolve().parents[2] / "scripts" / "data" / f"{name}.py"
        spec = spec_from_file_location(f"script_{name}", path)
        module = module_from_spec(spec)
        spec.loader.exec_module(module)
        return module

    return load
