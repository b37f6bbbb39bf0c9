"""What the scripts share: errors as one message and an exit code, tables for people, JSON for machines."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final, NoReturn

from mlflow_integration.values.escape import json_terminal, terminal
from mlflow_integration.values.secrets import mask_secrets
from mlflow_integration.values.table import show_table
from nba_props.errors import NBAPropsError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import pandas as pd
    from rich.progress import Progress

__all__ = [
    "DONE",
    "REFUSED",
    "USAGE",
    "emit",
    "emit_json",
    "emit_text",
    "fail",
    "note",
    "progress",
    "reported",
    "say",
    "show_table",
]

DONE: Final = 0
REFUSED: Final = 1
USAGE: Final = 2


def fail(message: str) -> NoReturn:
    """Print `message` on stderr and exit with `USAGE`."""
    print(f"error: {_shown(message)}", file=sys.stderr)  # noqa: T201 - this is the one place where a script prints
    raise SystemExit(USAGE)


def note(message: str) -> None:
    """Print a note on stderr, so that stdout holds nothing but the result."""
    print(_shown(message), file=sys.stderr)  # noqa: T201 - see fail


def say(message: str) -> None:
    """Print a result in words on stdout."""
    print(_shown(message), flush=True)  # noqa: T201 - see fail


def _shown(text: str) -> str:
    return terminal(mask_secrets(text))


@contextmanager
def reported() -> Iterator[None]:
    """Turn an error that the user can fix into one message on stderr and exit code 2; bugs keep their traceback."""
    try:
        yield
    except NBAPropsError as error:
        fail(str(error))
    except BrokenPipeError:  # the reader of our output (head, less) is gone
        sys.stderr.close()
        raise SystemExit(DONE) from None


@contextmanager
def progress(description: str, total: int | None = None) -> Iterator[Progress]:
    """Show a progress bar on stderr if it is a terminal, and nothing otherwise.

    Yields:
        A rich ``Progress`` with one task of id 0: call ``advance(0)``, or ``update(0, ...)``.
    """
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        bar.add_task(description, total=total)
        yield bar


def emit(
    frame: pd.DataFrame,
    *,
    as_json: bool = False,
    output: Path | None = None,
    title: str = "",
    empty: str = "Nothing found.",
) -> None:
    """Deliver a result: as a table, as JSON, or into a ``.csv``, ``.parquet`` or ``.json`` file.

    `empty` is said of a result without rows.
    """
    from mlflow_integration.reading.export import write_frame

    if output is not None:
        write_frame(frame, output)
        note(f"{len(frame):,} rows written to {output}")
    elif as_json:
        emit_json(frame.to_dict(orient="records"))
    elif frame.empty:
        note(empty)
    else:
        show_table(frame, title)


def emit_json(content: object) -> None:
    """Print `content` as JSON on stdout."""
    from mlflow_integration.values.convert import to_json

    sys.stdout.write(json_terminal(to_json(content)))


def emit_text(text: str, output: Path | None) -> None:
    """Print `text`, or write it to `output`."""
    from mlflow_integration.reading.export import write_text

    if output is None:
        say(text.removesuffix("\n"))
    else:
        write_text(text, output)
        note(f"written to {output}")
