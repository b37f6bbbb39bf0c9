"""Secrets masked: in text by their form, in parameters and structured content by the name of their key."""

from __future__ import annotations

import json
import re
from typing import Any, Final

_NAMES: Final = "(password|passwd|secret|token|api_?key|access_?key)"
_SECRET_KEY: Final = re.compile(rf"(^|[._-]){_NAMES}$", re.IGNORECASE)
_SECRET_IN_JSON: Final = re.compile(f'{_NAMES}"', re.IGNORECASE)

# Every pattern starts with fixed text, so that a long value is read once and not once per letter.
_USERINFO: Final = re.compile(r"://(?P<user>[^\s:/@]*):(?P<secret>[^\s/@]+)@")
_SETTING: Final = re.compile(
    r"(?P<name>(?:password|passwd|pwd|token|secret(?:[_-]?key)?|api[_-]?key|access[_-]?key)['\"]?\s?[=:]\s?['\"]?)"
    r"(?P<secret>[^\s'\"&;,]+)",
    re.IGNORECASE,
)
# Elsewhere than in a header the two are words of the language: "basic features" is no secret.
_HEADER: Final = re.compile(
    r"(?P<kind>authorization['\"]?\s?[=:]\s?['\"]?(?:bearer|basic))\s+(?P<secret>[A-Za-z0-9._~+/=-]{8,})", re.IGNORECASE
)
_BEARER: Final = re.compile(
    r"(?P<kind>bearer|basic)\s+(?P<secret>(?=[A-Za-z._~+/-]*[0-9=])[A-Za-z0-9._~+/=-]{12,})", re.IGNORECASE
)


def mask_secrets(text: str) -> str:
    """Return `text` with passwords in URIs, `token=...` settings and authorisation headers replaced by ``***``."""
    text = _USERINFO.sub(r"://\g<user>:***@", text)
    text = _HEADER.sub(r"\g<kind> ***", text)
    text = _BEARER.sub(r"\g<kind> ***", text)
    return _SETTING.sub(r"\g<name>***", text)


def one_line(text: str, limit: int = 500) -> str:
    """Return `text` on one line of at most `limit` characters, secrets masked."""
    flat = " ".join(mask_secrets(text).split())
    return flat if len(flat) <= limit else f"{flat[: limit - 1]}…"


def is_secret(key: str) -> bool:
    """Return whether the name of a key says that its value is a secret (``db_password``)."""
    return _SECRET_KEY.search(key) is not None


def mask_json(text: str) -> Any:  # noqa: ANN401 - anything JSON can hold
    """Return the content of a JSON text with the values of secret keys replaced by ``***``; None where it has none."""
    return _without_secrets(json.loads(text)) if _SECRET_IN_JSON.search(text) else None


def _without_secrets(content: Any) -> Any:  # noqa: ANN401 - anything JSON can hold
    if isinstance(content, dict):
        return {
            key: "***" if is_secret(str(key)) and value is not None else _without_secrets(value)
            for key, value in content.items()
        }
    if isinstance(content, list):
        return [_without_secrets(value) for value in content]
    return content
