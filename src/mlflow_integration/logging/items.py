"""What can be logged: small frozen values. Code that has something to log yields them; the sink alone writes them.

Building items needs no store, so what a function logs can be asserted without one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias, runtime_checkable

from mlflow_integration.logging.environment import environment
from nba_props.errors import TrackingError
from nba_props.metrics import stored_key

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    import pandas as pd
    from matplotlib.figure import Figure as MatplotlibFigure


@dataclass(frozen=True)
class Params:
    """Parameters of a run; nested mappings are flattened with dots."""

    values: Mapping[str, Any]


@dataclass(frozen=True)
class Metrics:
    """Metrics of a run.

    Attributes:
        step: Step that the numbers belong to.
    """

    values: Mapping[str, Any]
    step: int = 0


@dataclass(frozen=True)
class History:
    """The course of one metric.

    Attributes:
        values: One number per step, from step 0.
    """

    name: str
    values: Sequence[Any]


@dataclass(frozen=True)
class Tags:
    """Tags of a run."""

    values: Mapping[str, Any]


@dataclass(frozen=True)
class Artifact:
    """A file or a folder that exists already.

    Attributes:
        folder: Folder of the run's artifacts to put it in; the top by default.
    """

    path: Path | str
    folder: str = ""


@dataclass(frozen=True)
class Figure:
    """A plot, drawn only when it is written and released right after.

    Attributes:
        name: File name; its ending decides the format (``.png``, ``.svg``, ``.pdf``).
        make: Returns the matplotlib figure; or the figure itself.
    """

    name: str
    make: Callable[[], MatplotlibFigure] | MatplotlibFigure


@dataclass(frozen=True)
class Table:
    """A table, written as CSV or Parquet according to the ending of its name.

    Attributes:
        name: File name ending in ``.csv``, ``.csv.gz`` or ``.parquet``.
        frame: The rows; the index is written only where it has a name.
    """

    name: str
    frame: pd.DataFrame


@dataclass(frozen=True)
class Document:
    """Structured content, written as JSON (or as it is, for text).

    Attributes:
        content: A mapping or sequence for JSON; a string is written unchanged.
    """

    name: str
    content: Any


FileItem: TypeAlias = Artifact | Figure | Table | Document
Item: TypeAlias = Params | Metrics | History | Tags | FileItem


@runtime_checkable
class SupportsEvaluation(Protocol):
    """Everything there is to log of one evaluated model: computed once, logged in one call."""

    @property
    def params(self) -> Mapping[str, Any]:
        """Parameters; nested mappings are flattened."""
        ...

    @property
    def metrics(self) -> Mapping[str, float]:
        """Metric key to number. What could not be computed is absent."""
        ...

    @property
    def tags(self) -> Mapping[str, str]:
        """Tags of the run."""
        ...

    @property
    def fold_metrics(self) -> Mapping[str, Sequence[float]]:
        """Metric key to one number per fold."""
        ...

    @property
    def tables(self) -> Mapping[str, pd.DataFrame]:
        """File name (``predictions.csv``) to rows."""
        ...

    @property
    def figures(self) -> Mapping[str, Callable[[], MatplotlibFigure]]:
        """File name (``calibration_curve.png``) to the function that draws it."""
        ...

    @property
    def documents(self) -> Mapping[str, Mapping[str, Any]]:
        """File name (``training_config.json``) to content."""
        ...


def evaluation_items(evaluation: SupportsEvaluation) -> Iterator[Item]:
    """Yield everything that `evaluation` holds, numbers first.

    Each metric goes under the folder that the table of metrics gives it; the headline ones come first.

    Raises:
        TrackingError: It lacks an attribute of `SupportsEvaluation`; names them.
    """
    wanted = ("params", "metrics", "tags", "fold_metrics", "tables", "figures", "documents")
    lacking = [name for name in wanted if not hasattr(evaluation, name)]
    if lacking:
        message = f"A {type(evaluation).__name__} is not an evaluation: it has no {', '.join(lacking)}."
        raise TrackingError(message)
    yield Params(evaluation.params)
    yield Tags(evaluation.tags)
    yield Document("environment.json", environment())
    stored = {stored_key(name): value for name, value in evaluation.metrics.items()}
    yield Metrics(dict(sorted(stored.items(), key=lambda metric: "/" in metric[0])))  # the UI keeps their order
    for name, values in evaluation.fold_metrics.items():
        yield History(stored_key(name), values)
    for name, content in evaluation.documents.items():
        yield Document(name, content)
    for name, frame in evaluation.tables.items():
        yield Table(name, frame)
    for name, make in evaluation.figures.items():
        yield Figure(name, make)
