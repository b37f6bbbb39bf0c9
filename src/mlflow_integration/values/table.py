"""Tables on a terminal: as wide as it is, in parts where they do not fit, and no number torn."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from mlflow_integration.values.escape import terminal
from mlflow_integration.values.secrets import mask_secrets
from mlflow_integration.values.show import number

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import pandas as pd
    from rich.table import Table

_LONG_TEXT: Final = 24
"""Text longer than this may be folded in a table; anything shorter is not."""
_NARROW_TEXT: Final = 20
"""As narrow as long text is folded in a table without lines."""
_WHOLE_WORD: Final = 32
"""A word of long text that is no longer than this stays whole."""


@dataclass(frozen=True)
class _Column:
    """One column as it is printed: its cells are rendered once, however many tables are tried.

    Attributes:
        name: Its heading.
        texts: Its cells, n.
        numeric: Whether they are numbers.
        longest: Characters that the longest line takes.
        word: Characters that the longest word takes.
    """

    name: str
    texts: tuple[str, ...]
    numeric: bool
    longest: int
    word: int

    def least(self, gap: int | None) -> int:
        """The narrowest that it is printed: only long text is folded, and no word of usual length is torn."""
        if self.longest <= _LONG_TEXT:
            return self.longest
        narrow = _LONG_TEXT if gap is None else _NARROW_TEXT
        return max(narrow, self.word) if self.word <= _WHOLE_WORD else narrow


def show_table(frame: pd.DataFrame, title: str = "") -> None:
    """Print `frame` as a table on stdout: at its full width into a pipe or file, else at the width of the terminal.

    Where the terminal is too narrow, long text is folded and the lines between columns are left out. Where that is not
    enough, the columns are printed in parts, each with the columns that tell the rows apart; a single row is printed as
    lines of ``name  value``.
    """
    from rich.console import Console
    from rich.text import Text

    columns = _columns(frame)
    console = Console()
    if not console.is_terminal:
        console = Console(width=max(80, sum(column.longest for column in columns) + _frame(columns, None)))
    if title:
        # As the table's own title it would be folded to the width of a narrow table.
        console.print(Text(_cell(title), style="italic"), soft_wrap=True)
    for place, part in enumerate(_parts(frame, columns, console.width)):
        if place and not part.show_edge:
            console.print()
        console.print(part)


def _columns(frame: pd.DataFrame) -> list[_Column]:
    from rich.cells import cell_len

    columns = []
    for position, name in enumerate(frame.columns):
        values = frame.iloc[:, position]
        texts = tuple(_cell(value) for value in values)
        told = (_cell(name), *texts)
        columns.append(
            _Column(
                name=told[0],
                texts=texts,
                numeric=getattr(values.dtype, "kind", "O") in "fiu",
                longest=max(map(cell_len, told)),
                word=max(cell_len(word) for text in told for word in text.split() or [""]),
            )
        )
    return columns


def _parts(frame: pd.DataFrame, columns: Sequence[_Column], width: int) -> Iterator[Table]:
    """The table, or the parts of it that fit."""
    for gap in (None, 2, 1) if len(frame) > 1 else (None, 2):
        if _fits(columns, gap, width):
            yield _table(columns, gap, width)
            return
    keys = _telling_apart(frame)
    blocks = _blocks(columns, keys, width) if len(frame) > 1 else []
    if not blocks:
        yield from _records(frame)
    for block in blocks:
        yield _table([*columns[:keys], *block], 2, width)


def _frame(columns: Sequence[_Column], gap: int | None) -> int:
    """Characters of a line that are no column's: lines and blanks between columns, and at the edges."""
    return 3 * len(columns) + 1 if gap is None else gap * (len(columns) - 1)


def _fits(columns: Sequence[_Column], gap: int | None, width: int) -> bool:
    return sum(column.least(gap) for column in columns) + _frame(columns, gap) <= width


def _widths(columns: Sequence[_Column], gap: int | None, width: int) -> list[int]:
    """Width of each column: the widest that may be folded gives way first.

    Rich's own sharing forgets how wide a column has to be at least; the table is then wider than the terminal, which
    cuts its last characters off.
    """
    widths = [column.longest for column in columns]
    for _ in range(sum(widths) + _frame(columns, gap) - width):
        wide = [place for place, column in enumerate(columns) if widths[place] > column.least(gap)]
        if not wide:
            break
        widths[max(wide, key=widths.__getitem__)] -= 1
    return widths


def _telling_apart(frame: pd.DataFrame) -> int:
    """How many of the first columns it takes to tell the rows apart; one where all together do not."""
    texts = frame.astype(str)
    return next((size for size in range(1, texts.shape[1] + 1) if not texts.iloc[:, :size].duplicated().any()), 1)


def _blocks(columns: Sequence[_Column], keys: int, width: int) -> list[list[_Column]]:
    """The columns of each part, the first `keys` left out; empty where one column more is too much."""
    blocks: list[list[_Column]] = [[]]
    for column in columns[keys:]:
        for block in (blocks[-1], []):
            if _fits([*columns[:keys], *block, column], 2, width):
                if block is not blocks[-1]:
                    blocks.append(block)
                block.append(column)
                break
        else:
            return []
    return blocks


def _table(columns: Sequence[_Column], gap: int | None, width: int) -> Table:
    """One line per row; only long text may be folded. With a `gap` it stands between columns in place of lines."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table()
    if gap is not None:
        table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, gap - 1, 0, 0))
    for column, room in zip(columns, _widths(columns, gap, width), strict=True):
        table.add_column(Text(column.name), justify="right" if column.numeric else "left", overflow="fold", width=room)
    for row in zip(*(column.texts for column in columns), strict=True):
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
