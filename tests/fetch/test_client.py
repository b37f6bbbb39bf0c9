"""What a client asks, how it waits, and that its key is seen by nobody."""

from __future__ import annotations

import logging
import socket

import pytest

from nba_props.fetch.client import BlockedError, Client, FetchError, MissingError, QuotaError

from .conftest import KEY


def test_an_answer_and_the_pause_between_requests(stub, client, waits):
    stub.answers["/a"] = (200, {"X-Requests-Remaining": "7"}, b"[]")
    answer = client.get("/a", {"date": "2024-11-01"})
    assert (answer.body, answer.headers["x-requests-remaining"]) == (b"[]", "7")
    assert stub.asked == [("/a", {"date": "2024-11-01", "apiKey": KEY})]
    assert waits == []
    client.get("/a")
    assert waits == [1.0]


def test_faults_of_the_server_are_asked_again_with_longer_pauses(stub, client, waits):
    codes = iter([500, 503, 200])
    stub.answers["/a"] = lambda *_: (next(codes), {}, b"ok")
    assert client.get("/a").body == b"ok"
    assert waits == [2.0, 4.0]
    stub.answers["/a"] = (502, {}, b"")
    with pytest.raises(FetchError, match="3 tries .status 502."):
        client.get("/a")


@pytest.mark.parametrize(
    ("status", "error", "says"),
    [
        (401, QuotaError, "key is not accepted"),
        (429, QuotaError, "too many requests, or no credits left. Credits left: 0"),
        (403, BlockedError, "blocked"),
        (404, MissingError, "does not exist"),
        (422, FetchError, "status 422"),
        (302, FetchError, "status 302"),
    ],
)
def test_a_refusal_says_what_to_do_and_is_not_repeated(stub, client, status, error, says):
    stub.answers["/a"] = (status, {"x-requests-remaining": "0", "Location": "/b"}, f"bad key {KEY}".encode())
    with pytest.raises(error, match=says) as caught:
        client.get("/a")
    assert KEY not in str(caught.value)
    assert stub.paths == ["/a"]


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def whole(error):
    """Everything that a traceback of an error could show."""
    seen = []
    while error is not None:
        seen.append(repr(error) + str(error) + repr(getattr(error, "request", "")))
        error = error.__cause__ or error.__context__
    return "".join(seen)


@pytest.mark.parametrize("kind", ["nobody", "refusal", "silence"])
def test_the_key_is_in_no_error_and_in_no_log(stub, waits, caplog, capfd, kind):
    """The HTTP library logs every address it asks, with the key in it."""
    caplog.set_level(logging.DEBUG)
    url = f"http://127.0.0.1:{free_port()}" if kind == "nobody" else stub.url
    with socket.create_server(("127.0.0.1", 0)) as silent:  # takes connections and never answers
        url = f"http://127.0.0.1:{silent.getsockname()[1]}" if kind == "silence" else url
        client = Client(url, secrets={"apiKey": KEY}, sleep=waits.append, timeout=0.2)
        stub.answers["/a"] = (401, {}, KEY.encode())
        with pytest.raises(FetchError) as caught:
            client.get("/a")
    printed = "".join(capfd.readouterr())
    for text in (whole(caught.value), caplog.text, repr(client), printed, str([vars(r) for r in caplog.records])):
        for form in (KEY, "a1b2c3", "secret%2Bkey"):
            assert form not in text
    if kind == "refusal":
        assert "apiKey=***" in caplog.text, "the request was logged, the key struck out"


def test_the_key_is_struck_from_what_is_saved(stub, client):
    stub.answers["/a"] = (200, {"X-Echo": KEY}, f'{{"key": "{KEY}"}}'.encode())
    answer = client.get("/a")
    assert answer.body == b'{"key": "***"}'
    assert answer.headers["x-echo"] == "***"


def test_a_key_is_not_sent_unencrypted():
    with pytest.raises(FetchError, match="unencrypted"):
        Client("http://example.org", secrets={"apiKey": KEY})
    assert Client("http://example.org").base_url
