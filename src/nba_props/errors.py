"""The one exception hierarchy of the project.

Every error that a user can fix derives from `NBAPropsError`; the command line turns those into one message and exit
code 2. Anything else is a bug and keeps its traceback. This module imports nothing but the standard library, so that
every package of the project may use it.
"""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = [
    "ConfigError",
    "DataError",
    "ModelError",
    "ModelFilesError",
    "NBAPropsError",
    "NonFiniteMetricError",
    "NotEnoughDataError",
    "PromotionError",
    "StoreError",
    "TrackingError",
    "UnknownExperimentError",
    "UnknownModelError",
    "did_you_mean",
]


class NBAPropsError(Exception):
    """Base of every error that names a cause and a fix."""


class ConfigError(NBAPropsError):
    """A setting has a value that cannot be used; the message names the setting and the allowed values."""


class ModelError(NBAPropsError):
    """A fitted model gave something that cannot be used (forecasts that are not finite numbers)."""


class NotEnoughDataError(NBAPropsError):
    """The data are valid but too few for what was asked (no training rows before a fold, one season only, ...)."""


class TrackingError(NBAPropsError):
    """The tracking store or the model registry refused, or was asked for something it does not hold."""


class StoreError(TrackingError):
    """The tracking store cannot be reached or is of a kind that cannot be used; the message names the fix."""


class UnknownExperimentError(TrackingError):
    """An experiment of that name does not exist; the message names the ones that do."""


class UnknownModelError(TrackingError):
    """A registered model, or a version of it, does not exist; the message names the ones that do."""


class ModelFilesError(TrackingError):
    """A model's files are not those that were logged, or run code on load that nobody allowed; names what."""


class NonFiniteMetricError(TrackingError):
    """A metric is NaN, infinite or missing; the message names it."""


class PromotionError(TrackingError):
    """A change of stage that the rules of the life cycle refuse."""


class DataError(NBAPropsError):
    """Input that cannot be used, described so that the file can be fixed.

    Args:
        source: File (or table) the rows came from, as the user named it.
        problem: What is wrong, in one clause.
        fix: What to do about it, in one clause.
        column: Column concerned, if one is.
        count: Number of offending rows, if rows are.
        rows: The first offending rows, already formatted as short text.
    """

    def __init__(
        self,
        source: str,
        problem: str,
        *,
        fix: str,
        column: str | None = None,
        count: int | None = None,
        rows: str | None = None,
    ) -> None:
        self.source = source
        self.problem = problem
        self.fix = fix
        self.column = column
        self.count = count
        self.rows = rows
        super().__init__(self._message())

    def _message(self) -> str:
        where = f"{self.source}: column {self.column}" if self.column else self.source
        counted = f" ({self.count:,} row{'' if self.count == 1 else 's'})" if self.count is not None else ""
        lines = [f"{where}: {self.problem}{counted}. {self.fix}"]
        if self.rows:
            lines += ["First offending rows:", self.rows]
        return "\n".join(lines)


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """``" (did you mean 'seed'?)"`` with the nearest known name; nothing where none is near."""
    near = difflib.get_close_matches(name, sorted(known), n=1, cutoff=0.4)
    return f" (did you mean {near[0]!r}?)" if near else ""
