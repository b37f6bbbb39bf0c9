"""File names made from any text."""

from __future__ import annotations

import hashlib
import re
from typing import Final

MAX_NAME_BYTES: Final = 200  # file systems take 255; the rest is for an ending


def safe_file_name(text: str) -> str:
    """Return `text` with everything but letters, digits, ``.``, ``_`` and ``-`` replaced, fit for one path part."""
    return re.sub(r"[^\w.-]+", "_", text).strip(".") or "_"


def unique_file_name(text: str) -> str:
    """Return `text` as one path part that no other text has: changed or cut text gets part of its hash."""
    name = safe_file_name(text)
    encoded = name.encode()
    if name == text and len(encoded) <= MAX_NAME_BYTES:
        return name
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:8]
    return f"{encoded[:MAX_NAME_BYTES].decode('utf-8', 'ignore')}-{digest}"
