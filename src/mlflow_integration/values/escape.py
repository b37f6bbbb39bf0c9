"""One escape at each border that text of unknown origin crosses: Markdown, CSV, terminal, JSON on a terminal.

HTML is escaped by Jinja (``autoescape``) in the one template there is. Names of runs, players and data come from files
and stores that others write.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from mlflow_integration.values.secrets import MASK, is_secret, masker

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd


# C0 but tab and line feed, DEL and C1 (a terminal obeys them), and what turns the direction of writing around.
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
_LINE: Final = re.compile(r"[\t\n]")
_MARKDOWN: Final = re.compile(r"[\\`*\[\]|~!#]|(?<![^\W_])_|_(?![^\W_])")
_ENTITIES: Final = {ord("&"): "&amp;", ord("<"): "&lt;", ord(">"): "&gt;"}
_NUMBER: Final = re.compile(r"[+-]?[0-9]+(\.[0-9]*)?([eE][+-]?[0-9]+)?")
_FORMULA: Final = re.compile(r"\s*[=+\-@＝＋－＠]|[\t\r\n]")


def _visible(found: re.Match[str]) -> str:
    number = ord(found[0])
    return f"\\x{number:02x}" if number < 256 else f"\\u{number:04x}"


def terminal(text: str, *, one_line: bool = False) -> str:
    r"""Return `text` without anything that a terminal obeys; control characters are written out.

    With `one_line`, so are line feeds and tabs: a cell cannot look like two.

    >>> terminal("red \x1b[31m and a bell \x07")
    'red \\x1b[31m and a bell \\x07'
    """
    text = _CONTROL.sub(_visible, text)
    return _LINE.sub(lambda found: "\\n" if found[0] == "\n" else "\\t", text) if one_line else text


def json_terminal(text: str) -> str:
    r"""Return JSON text that says the same with every control character written as ``\\uXXXX``."""
    return _CONTROL.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def markdown(text: str) -> str:
    r"""Return `text` as one line that Markdown shows as it is: no HTML, link, table cell, heading or emphasis.

    >>> markdown("<b>x</b> [a](http://b) | val_mae")
    '&lt;b&gt;x&lt;/b&gt; \\[a\\](http://b) \\| val_mae'
    """
    flat = _CONTROL.sub(_visible, " ".join(text.split("\n")).replace("\t", " "))
    return _MARKDOWN.sub(lambda found: f"\\{found[0]}", flat.translate(_ENTITIES))


def csv_text(text: str) -> str:
    """Return text that no spreadsheet runs as a formula: an apostrophe is put before what looks like one.

    >>> csv_text("=1+1"), csv_text("-3.5"), csv_text("+110")
    ("'=1+1", '-3.5', '+110')
    """
    return f"'{text}" if _FORMULA.match(text) and not _NUMBER.fullmatch(text) else text


def csv_frame(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a table ready to be written as CSV: formulas escaped in cells and column names, secrets masked.

    Write it with `CSV_OPTIONS`: a bare carriage return must be quoted, or a reader takes it for the end of a row.
    """
    safe = masked_frame(frame)
    for position, dtype in enumerate(safe.dtypes):
        if _holds_text(dtype):
            safe.isetitem(position, _change_texts(safe.iloc[:, position], csv_text))
    return safe.rename(columns=_csv_cell)


CSV_OPTIONS: Final[dict[str, Any]] = {"lineterminator": "\r\n"}  # RFC 4180; a field with either of the two is quoted


def csv_document(frame: pd.DataFrame) -> str:
    r"""Return a table as the content of a CSV file, without its index; see `csv_frame`.

    >>> import pandas as pd
    >>> csv_document(pd.DataFrame({"player": ["=1+1"], "line": [20.5]}))
    "player,line\r\n'=1+1,20.5\r\n"
    """
    return str(csv_frame(frame).to_csv(index=False, **CSV_OPTIONS))


def masked_frame(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a table without secrets: text is masked, and columns whose name says that they hold some are ``***``."""
    safe, mask = frame.copy(), masker()
    for position, name in enumerate(frame.columns):
        column = frame.iloc[:, position]
        if not _holds_text(column.dtype):
            continue
        hide = (lambda _: MASK) if is_secret(str(name)) else mask
        safe.isetitem(position, _change_texts(column, hide))
    return safe


def _change_texts(column: pd.Series, change: Callable[[str], str]) -> pd.Series:
    """The column with its texts changed, once per different text where it holds nothing else."""
    import pandas as pd

    if not isinstance(column.dtype, pd.StringDtype):
        return column.map(lambda value: change(value) if isinstance(value, str) else value)
    codes, texts = pd.factorize(column)
    changed = pd.Series([change(text) for text in texts], dtype=column.dtype)
    return changed.reindex(codes).set_axis(column.index)


def _holds_text(dtype: object) -> bool:
    return getattr(dtype, "kind", "O") not in "biufcmM" or str(dtype) == "category"


def _csv_cell(value: object) -> object:
    return csv_text(value) if isinstance(value, str) else value
