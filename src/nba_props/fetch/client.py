"""One client for servers: with pauses, retries where they help, and errors that say what to do.

A key leaves this module only in the request itself: it is struck from errors, from what is saved, and from what
the HTTP library logs.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import quote, quote_plus, urlsplit

from nba_props.errors import NBAPropsError

_STRUCK: Final = "***"
_HTTP_LOGS: Final = ("urllib3", "urllib3.connectionpool", "urllib3.util.retry", "requests")


class FetchError(NBAPropsError):
    """A server cannot be reached, or gave an answer that cannot be used."""


class BlockedError(FetchError):
    """The server refuses this address or this client."""


class QuotaError(FetchError):
    """The key is not accepted, or its credits or its rate are used up."""


class MissingError(FetchError):
    """The server has no such thing."""


@dataclass(frozen=True)
class Answer:
    """What a server answered: the body and the headers, without the key."""

    body: bytes
    headers: Mapping[str, str]


@dataclass(frozen=True)
class Fetched:
    """What a fetch did.

    Attributes:
        fetched: Things that were requested and saved.
        cached: Things that were on disk and not requested.
        missing: Things the server does not have.
        credits_used: Credits the server counted for this fetch; None where it counts none.
        credits_left: Credits that are left; None where the server did not say.
        files: Every file of what was wanted, fetched or cached.
    """

    fetched: int = 0
    cached: int = 0
    missing: int = 0
    credits_used: int | None = None
    credits_left: int | None = None
    files: tuple[str, ...] = ()


def no_step(_done: int, _total: int) -> None:
    """Show no progress."""


@dataclass
class Client:
    """Asks one server.

    Attributes:
        base_url: Address without a slash at the end.
        secrets: Parameters that must never be seen, such as the key; sent with every request.
        pause: Seconds between two requests.
        timeout: Seconds to wait for an answer.
        tries: How often a request is made that is not answered or is answered by a fault of the server (5xx).
        sleep: Waits; tests put something faster.
    """

    base_url: str
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)
    pause: float = 1.0
    timeout: float = 30.0
    tries: int = 3
    sleep: Callable[[float], None] = time.sleep
    _asked: bool = field(default=False, repr=False)

    def __post_init__(self) -> None:
        """Refuse to send a key where others can read it.

        Raises:
            FetchError: There are secrets, and the address is neither https nor of this machine.
        """
        local = urlsplit(self.base_url).hostname in ("127.0.0.1", "localhost", "::1")
        if self.secrets and not (self.base_url.startswith("https://") or local):
            message = f"{self.base_url} would receive the key unencrypted; give an address with https."
            raise FetchError(message)

    def get(self, path: str, parameters: Mapping[str, str] | None = None) -> Answer:
        """Ask for `path`.

        Raises:
            MissingError: 404 or 410.
            BlockedError: 403.
            QuotaError: 401, 402 or 429.
            FetchError: No answer after all tries, a fault of the server, or a redirection.
        """
        problem = ""
        for attempt in range(self.tries):
            if self._asked:
                self.sleep(self.pause * 2**attempt)
            self._asked = True
            answer, status, problem = self._once(path, dict(parameters or {}))
            if answer is not None and status < 300:
                return answer
            if answer is not None and status < 500:
                raise self._refusal(path, status, answer)
        message = (
            f"{self.base_url}{path} gave no usable answer in {self.tries} tries ({problem}). Check the connection; "
            "some servers do not answer addresses of data centres. What was fetched is kept: run it again."
        )
        raise FetchError(message)

    def _once(self, path: str, parameters: dict[str, str]) -> tuple[Answer | None, int, str]:
        import requests

        struck = _Strike(self.secrets.values())
        loggers = [logging.getLogger(name) for name in _HTTP_LOGS]
        for logger in loggers:
            logger.addFilter(struck)
        try:
            response = requests.get(
                self.base_url + path, params={**parameters, **self.secrets}, timeout=self.timeout, allow_redirects=False
            )
            body = response.content
        except requests.Timeout:
            return None, 0, f"no answer in {self.timeout:g} s"
        except requests.RequestException as error:
            return None, 0, type(error).__name__  # its text holds the address with the key
        finally:
            for logger in loggers:
                logger.removeFilter(struck)
        headers = {name.lower(): struck.text(value) for name, value in response.headers.items()}
        return Answer(struck.bytes(body), headers), response.status_code, f"status {response.status_code}"

    def _refusal(self, path: str, status: int, answer: Answer) -> FetchError:
        where = f"{self.base_url}{path}"
        if status in (404, 410):
            return MissingError(f"{where} does not exist (status {status}).")
        if status in (401, 402, 429):
            left = answer.headers.get("x-requests-remaining")
            credits_left = f" Credits left: {left}." if left is not None else ""
            cause = (
                "too many requests, or no credits left"
                if status == 429
                else "the key is not accepted, or out of credits"
            )
            return QuotaError(
                f"{where} refused (status {status}): {cause}.{credits_left} {_excerpt(answer)}"
                "What was fetched is kept: check the key and its plan, or lengthen the pause, and run it again."
            )
        if status == 403:
            return BlockedError(
                f"{where} refused (status 403): this address or client is blocked, or there is no such file. What was "
                "fetched is kept: wait, lengthen the pause or use another network, and run the same command again."
            )
        return FetchError(f"{where} refused (status {status}). {_excerpt(answer)}Check the options.")


def _excerpt(answer: Answer) -> str:
    text = " ".join(answer.body[:200].decode("utf-8", "replace").split())
    return f"It says: {text} " if text else ""


class _Strike(logging.Filter):
    """Strikes secrets from log records, and from text."""

    def __init__(self, secrets: Iterable[str]) -> None:
        super().__init__()
        forms = {form for one in secrets if one for form in (one, quote(one, safe=""), quote_plus(one))}
        self._secrets = sorted(forms, key=len)

    def text(self, value: str) -> str:
        for secret in reversed(self._secrets):
            value = value.replace(secret, _STRUCK)
        return value

    def bytes(self, value: bytes) -> bytes:
        for secret in reversed(self._secrets):
            value = value.replace(secret.encode(), _STRUCK.encode())
        return value

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg, record.args = self.text(record.getMessage()), None
        return True
