"""Tables on a terminal: as wide as it is, in parts where they do not fit, and no number torn."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from mlflow_integration.values.escape import terminal
from mlflow_integration.values.secrets import mask_secrets
from mlflow_integration.values.show import number

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pandas as pd
    from rich.table import Table

_LONG_TEXT: Final = 24
"""Text longer than this may be folded in a table; anything shorter is not."""
_NARROW_TEXT: Final = 20
"""As narrow as long text is folded in a table without lines."""
_WHOLE_WORD: Final = 32
"""A word of long text that is no longer than this stays whole."""
_UNBOUNDED: Final = 10_000


def show_table(frame: pd.DataFrame, title: str = "") -> None:
    """Print `frame` as a table on stdout: at its full width into a pipe or file, else at the width of the terminal.

    Where the terminal is too narrow, long text is folded and the lines between columns are left out. Where that is not
    enough, the columns are printed in parts, each with the columns that tell the rows apart; a single row is printed as
    lines of ``name  value``.
    """
    from rich.console import Console
    from rich.text import Text

    console = Console()
    if not console.is_terminal:
        console = Console(width=max(80, Console(width=_UNBOUNDED).measure(_table(frame)).maximum))
    if title:
        # As the table's own title it would be folded to the width of a narrow table.
        console.print(Text(_cell(title), style="italic"), soft_wrap=True)
    for place, part in enumerate(_parts(frame, console.width)):
        if place and not part.show_edge:
            console.print()
        console.print(part)


def _parts(frame: pd.DataFrame, width: int) -> Iterator[Table]:
    """The table, or the parts of it that fit."""
    for gap in (None, 2, 1) if len(frame) > 1 else (None, 2):
        table = _table(frame, gap)
        if _fits(table, width):
            yield table
            return
    keys = _telling_apart(frame)
    blocks = _blocks(frame, keys, width) if len(frame) > 1 else []
    if not blocks:
        yield from _records(frame)
    for block in blocks:
        yield _table(frame.iloc[:, [*range(keys), *block]], 2)


def _fits(table: Table, width: int) -> bool:
    from rich.console import Console

    return Console(width=_UNBOUNDED).measure(table).minimum <= width


def _telling_apart(frame: pd.DataFrame) -> int:
    """How many of the first columns it takes to tell the rows apart; one where all together do not."""
    texts = frame.astype(str)
    return next((size for size in range(1, texts.shape[1] + 1) if not texts.iloc[:, :size].duplicated().any()), 1)


def _blocks(frame: pd.DataFrame, keys: int, width: int) -> list[list[int]]:
    """Places of the columns in each part, the first `keys` left out; empty where one column more is too much."""
    blocks: list[list[int]] = [[]]
    for place in range(keys, frame.shape[1]):
        for block in (blocks[-1], []):
            if _fits(_table(frame.iloc[:, [*range(keys), *block, place]], 2), width):
                if block is not blocks[-1]:
                    blocks.append(block)
                block.append(place)
                break
        else:
            return []
    return blocks


def _table(frame: pd.DataFrame, gap: int | None = None) -> Table:
    """One line per row; only long text may be folded. With a `gap` it stands between columns in place of lines."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table()
    if gap is not None:
        table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, gap - 1, 0, 0))
    texts = {position: [_cell(value) for value in frame.iloc[:, position]] for position in range(frame.shape[1])}
    for position, name in enumerate(frame.columns):
        numeric = getattr(frame.iloc[:, position].dtype, "kind", "O") in "fiu"
        told = [_cell(name), *texts[position]]
        longest = max(len(line) for text in told for line in text.splitlines() or [""])
        word = max(len(word) for text in told for word in text.split() or [""])
        folds = longest > _LONG_TEXT
        narrow = _LONG_TEXT if gap is None else _NARROW_TEXT
        table.add_column(
            Text(_cell(name)),
            justify="right" if numeric else "left",
            overflow="fold",
            no_wrap=not folds,
            min_width=max(narrow, word if word <= _WHOLE_WORD else 0) if folds else longest,
        )
    for row in zip(*texts.values(), strict=True):
        table.add_row(*map(Text, row))
    return table


def _records(frame: pd.DataFrame) -> Iterator[Table]:
    """One small table of names and values per row."""
    from rich.table import Table
    from rich.text import Text

    for row in frame.itertuples(index=False):
        record = Table(show_header=False)
        record.add_column(overflow="fold")
        record.add_column(overflow="fold")
        for name, value in zip(frame.columns, row, strict=True):
            record.add_row(Text(_cell(name)), Text(_cell(value)))
        yield record


def _cell(value: object) -> str:
    return terminal(mask_secrets(number(value)), one_line=True)
