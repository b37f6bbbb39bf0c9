"""Names for what is deliberately untyped: objects of untyped libraries, and whatever a caller passes to be logged."""

from __future__ import annotations

from typing import Any, TypeAlias

AnyModel: TypeAlias = Any
"""A fitted model of any library."""

AnyValue: TypeAlias = Any
"""A value of any type, checked or converted by the function that takes it."""

ArrayLike: TypeAlias = Any
"""Anything that ``numpy.asarray`` turns into numbers."""
