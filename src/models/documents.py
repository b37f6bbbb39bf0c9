"""TOML files that people write: read, with every problem reported by the key it is about."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING, Any

from nba_props.errors import ConfigError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from pydantic import ValidationError


def read_document(path: Path, what: str) -> dict[str, Any]:
    """The content of a TOML file, which messages call `what` ("recipe"); ConfigError where it cannot be read."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        message = f"{path.name}: the {what} cannot be read: {error}."
        raise ConfigError(message) from error


def problems(error: ValidationError, known: Iterable[str]) -> Iterable[str]:
    """Each problem with the key it is about; for an unknown key the nearest of the `known` ones."""
    names = sorted(known)
    for item in error.errors():
        where = ".".join(str(part) for part in item["loc"])
        if item["type"] == "extra_forbidden":
            yield f"unknown key {where!r}{did_you_mean(str(item['loc'][-1]), names)}"
        else:
            yield f"{where}: {item['msg']}"
