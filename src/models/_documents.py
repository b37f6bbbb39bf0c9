"""TOML files that people write: read, and every problem told with the key it is about."""

from __future__ import annotations

import difflib
import tomllib
from typing import TYPE_CHECKING, Any

from nba_props.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from pydantic import ValidationError

__all__ = ["did_you_mean", "problems", "read_document"]


def read_document(path: Path, what: str) -> dict[str, Any]:
    """The content of a TOML file.

    Args:
        path: The file.
        what: What it is, for the message: "recipe".

    Raises:
        ConfigError: It can not be read.
    """
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        message = f"{path.name}: the {what} can not be read: {error}."
        raise ConfigError(message) from error


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """``" (did you mean 'seed'?)"`` with the nearest known name; nothing where none is near."""
    near = difflib.get_close_matches(name, sorted(known), n=1, cutoff=0.4)
    return f" (did you mean {near[0]!r}?)" if near else ""


def problems(error: ValidationError, known: Iterable[str]) -> Iterable[str]:
    """Each problem with the key it is about; for an unknown key the nearest of the `known` ones."""
    names = sorted(known)
    for item in error.errors():
        where = ".".join(str(part) for part in item["loc"])
        if item["type"] == "extra_forbidden":
            yield f"unknown key {where!r}{did_you_mean(str(item['loc'][-1]), names)}"
        else:
            yield f"{where}: {item['msg']}"
