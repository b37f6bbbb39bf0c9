"""Small text helpers: masking of secrets, safe file names."""

from __future__ import annotations

import hashlib
import re
from typing import Final

MAX_NAME_BYTES: Final = 200  # file systems take 255; the rest is for an ending

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


def file_name(text: str) -> str:
    """Return `text` with everything but letters, digits, ``.``, ``_`` and ``-`` replaced, fit for one path part."""
    return re.sub(r"[^\w.-]+", "_", text).strip(".") or "_"


def own_file_name(text: str) -> str:
    """Return `text` as one path part that no other text has: changed or cut text gets a piece of its hash."""
    name = file_name(text)
    encoded = name.encode()
    if name == text and len(encoded) <= MAX_NAME_BYTES:
        return name
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:8]
    return f"{encoded[:MAX_NAME_BYTES].decode('utf-8', 'ignore')}-{digest}"
