"""Markdown for notes and reports: tables, and sections that are written again without touching the rest."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mlflow_integration.values.escape import markdown
from mlflow_integration.values.show import number

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


def markdown_table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Lay out a table.

    >>> print(markdown_table(["gate", "value"], [("roi", 0.0512345)]))
    | gate | value |
    |---|---|
    | roi | 0.05123 |
    """
    lines = [f"| {' | '.join(map(_cell, columns))} |", f"|{'---|' * len(columns)}"]
    lines += [f"| {' | '.join(_cell(value) for value in row)} |" for row in rows]
    return "\n".join(lines)


def with_section(text: str, title: str, body: str) -> str:
    r"""Return a note with the section `title` rewritten; it is added at the end where the note has none.

    >>> with_section("**A run.**", "Gates", "all pass")
    '**A run.**\n\n### Gates\n\nall pass'
    >>> with_section("**A run.**\n\n### Gates\n\nall pass", "Gates", "one fails")
    '**A run.**\n\n### Gates\n\none fails'
    """
    section = f"### {title}\n\n{body.strip()}"
    own = re.compile(rf"^### {re.escape(title)}$.*?(?=^### |\Z)", re.MULTILINE | re.DOTALL)
    if own.search(text):
        return own.sub(lambda _: f"{section}\n\n", text, count=1).strip()
    return f"{text.strip()}\n\n{section}".strip()


def _cell(value: object) -> str:
    return markdown(number(value))
