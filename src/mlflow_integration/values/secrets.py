"""Secrets masked: what this process knows to be one, in text by its form, in structured content by the name of its key.

Known secrets are the values of environment variables that are named like one, and the passwords of the URIs that were
opened. They are masked wherever they occur; forms and names catch the others.
"""

from __future__ import annotations

import json
import os
import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote, unquote

if TYPE_CHECKING:
    from collections.abc import Callable


MASK: Final = "***"
_NAMES: Final = (
    "(?:password|passwd|passphrase|pwd|secret|token|credentials?|api[_-]?key|(?:access|private|secret)[_-]?key)"
)
_SECRET_KEY: Final = re.compile(rf"(?:^|[._\- ]|(?<=[a-z])(?=[A-Z])){_NAMES}(?:[_-]?\d+)?$", re.IGNORECASE)
_CAMEL: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_VARIABLE: Final = re.compile(r"(?:PASSWORD|PASSWD|SECRET|TOKEN|API_?KEY|ACCESS_?KEY|PRIVATE_?KEY|CREDENTIALS?)$")
_MIN_LENGTH: Final = 6
_HINT: Final = re.compile("://|bearer|basic|auth|key|pass|pwd|secret|token|cred", re.IGNORECASE)

# Up to the last @ before a blank: a password may hold "@", "/" and ":" of its own.
_USERINFO: Final = re.compile(r"://(?P<user>[^\s:/@\"]*):(?P<secret>[^\s\"]+)@")
_TOKEN_IN_URI: Final = re.compile(r"://(?P<secret>[^\s:/@\"]{16,})@")
_VALUE: Final = r"(?P<secret>'[^'\n]*'|\"[^\"\n]*\"|[^\s'\"&;,)\]}]+)"
_SETTING: Final = re.compile(rf"(?P<name>{_NAMES}(?:[_-]?\d+)?['\"]?\s*[=:]\s*){_VALUE}", re.IGNORECASE)
_KEY_SETTING: Final = re.compile(rf"(?P<name>(?:^|[\s?&;,({{])key=)(?=[^\s]{{6,}}){_VALUE}", re.IGNORECASE)
_IN_WORDS: Final = re.compile(
    r"(?P<name>\b(?:password|passwd|passphrase|api[ _-]?key|secret[ _-]?key|access[ _-]?token)(?:\s+is)?\s+)"
    r"(?!(?:is|was|are|were|has|had|of|for|from|in|on|to|and|or|not|must|may|can|cannot|will|should|authentication|"
    r"file|field|given|required|incorrect|wrong|failed|changed|expired|missing|invalid|rejected|denied|needed|set|"
    r"found|with|without|by|the|a|an|that|which|stands?|supplied|provided|does|did)\b)(?P<secret>[^\s,;]+)",
    re.IGNORECASE,
)
# Outside a header the two are ordinary words: "basic features" is not a secret.
_HEADER: Final = re.compile(
    r"(?P<kind>authorization['\"]?\s?[=:]\s?['\"]?(?:bearer|basic))\s+(?P<secret>[A-Za-z0-9._~+/=-]{8,})", re.IGNORECASE
)
_BEARER: Final = re.compile(
    r"(?P<kind>bearer|basic)\s+(?P<secret>(?=[A-Za-z._~+/-]*[0-9=])[A-Za-z0-9._~+/=-]{12,})", re.IGNORECASE
)
_remembered: set[str] = set()


def remember_uri(uri: str) -> None:
    """Treat the password of a URI as a secret from now on, wherever it turns up."""
    found = _USERINFO.search(uri)
    if found and found["secret"] != MASK:
        _remembered.add(found["secret"])


def known_secrets() -> tuple[str, ...]:
    """Return the secrets this process knows, in every form they may be written in, the longest first."""
    variables = tuple(sorted((name, value) for name, value in os.environ.items() if _names_a_secret(name, value)))
    return _written_forms(variables, tuple(sorted(_remembered)))


def _names_a_secret(name: str, value: str) -> bool:
    return "://" in value or _VARIABLE.search(name.upper()) is not None


@lru_cache(maxsize=8)
def _written_forms(variables: tuple[tuple[str, str], ...], remembered: tuple[str, ...]) -> tuple[str, ...]:
    plain = set(remembered)
    for name, value in variables:
        if _VARIABLE.search(name.upper()):
            plain.add(value)
        plain |= {found["secret"] for found in _USERINFO.finditer(value)}
    forms: set[str] = set()
    for secret in plain:
        decoded = unquote(secret)
        forms |= {secret, decoded, quote(decoded), quote(decoded, safe=""), json.dumps(decoded)[1:-1]}
        forms.add(json.dumps(decoded, ensure_ascii=False)[1:-1])
    return tuple(sorted((form for form in forms if len(form) >= _MIN_LENGTH), key=len, reverse=True))


def mask_known(text: str) -> str:
    """Return `text` with every secret that this process knows replaced by ``***``."""
    for secret in known_secrets():
        text = text.replace(secret, MASK)
    return text


def mask_secrets(text: str) -> str:
    """Return `text` with known secrets, passwords in URIs, ``token=...`` settings and headers replaced by ``***``.

    >>> mask_secrets("postgresql://me:p@ss/w0rd@host/db")
    'postgresql://me:***@host/db'
    """
    return masker()(text)


def masker() -> Callable[[str], str]:
    """Return what `mask_secrets` does as a function, for many texts: it looks for known secrets once."""
    known = known_secrets()
    return lambda text: _masked(text, known)


def _masked(text: str, known: tuple[str, ...]) -> str:
    for secret in known:
        text = text.replace(secret, MASK)
    if _HINT.search(text) is None:
        return text
    text = _USERINFO.sub(r"://\g<user>:***@", text)
    text = _TOKEN_IN_URI.sub("://***@", text)
    text = _HEADER.sub(r"\g<kind> ***", text)
    text = _BEARER.sub(r"\g<kind> ***", text)
    text = _SETTING.sub(_masked_value, text)
    text = _KEY_SETTING.sub(_masked_value, text)
    return _IN_WORDS.sub(r"\g<name>***", text)


def _masked_value(found: re.Match[str]) -> str:
    quoted = found["secret"][0] if found["secret"][0] in "'\"" else ""
    return f"{found['name']}{quoted}{MASK}{quoted}"


def one_line(text: str) -> str:
    """Return `text` on one line of at most 500 characters, secrets masked."""
    flat = " ".join(mask_secrets(text).split())
    return flat if len(flat) <= 500 else f"{flat[:499]}…"


def is_secret(key: str) -> bool:
    """Return whether the name of a key says that its value is a secret (``db_password``, ``apiKey``)."""
    return _SECRET_KEY.search(_CAMEL.sub("_", key)) is not None


def without_secrets(content: Any) -> Any:  # noqa: ANN401 - anything JSON can hold
    """Return content of plain types with the values of secret keys replaced by ``***``, and all text masked."""
    return _masked_content(content, masker(), lru_cache(maxsize=None)(is_secret))


def _masked_content(content: Any, mask: Callable[[str], str], secret: Callable[[str], bool]) -> Any:  # noqa: ANN401 - see above
    if isinstance(content, dict):
        return {
            mask(str(key)): MASK if secret(str(key)) and value is not None else _masked_content(value, mask, secret)
            for key, value in content.items()
        }
    if isinstance(content, (list, tuple)):
        return [_masked_content(value, mask, secret) for value in content]
    return mask(content) if isinstance(content, str) else content
