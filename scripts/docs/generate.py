"""Write the tables of the documentation that come from the registries.

A generated table stands in a Markdown file between two comments; the first names the function that returns its text:

    <!-- generated: nba_props.features.__main__:catalogue_tables -->
    <!-- end -->

uv run scripts/docs/generate.py writes all of them; --check writes nothing, and exits 1 if a table is stale.
"""

from __future__ import annotations

import re
from pathlib import Path
from pkgutil import resolve_name
from typing import Annotated, Final

import typer

from mlflow_integration.cli import reported
from nba_props.errors import ConfigError

ROOT: Final = Path(__file__).resolve().parents[2]
START: Final = re.compile(r"^<!-- generated: (\S+) -->$\n", re.MULTILINE)
END: Final = "<!-- end -->"


def pages() -> list[Path]:
    """The Markdown files that may hold generated tables."""
    return sorted([ROOT / "README.md", *(ROOT / "docs").rglob("*.md")])


def filled(text: str, page: str) -> str:
    """`text` with the tables between its markers as they are now; `page` names the file in messages.

    Raises:
        ConfigError: A marker has no end, or names a function that does not exist.
    """
    parts, position = [], 0
    for start in START.finditer(text):
        end = text.find(END, start.end())
        if end < 0 or START.search(text, start.end(), end):
            message = f"{page}: the table {start[1]} has no end; add the line {END} after it."
            raise ConfigError(message)
        parts += [text[position : start.end()], _table(start[1], page)]
        position = end
    return "".join([*parts, text[position:]])


def _table(name: str, page: str) -> str:
    try:
        function = resolve_name(name)
    except (ImportError, AttributeError, ValueError) as error:
        message = f"{page}: no function {name} ({error}); write it as package.module:function."
        raise ConfigError(message) from error
    return "\n" + str(function()).strip("\n") + "\n\n"


def main(
    check: Annotated[bool, typer.Option("--check", help="Write nothing; exit 1 if a table is stale.")] = False,
) -> None:
    """Write the generated tables of README.md and docs/."""
    stale = []
    with reported():
        for page in pages():
            text = page.read_text(encoding="utf-8")
            new = filled(text, page.relative_to(ROOT).as_posix())
            if new != text:
                stale.append(page.relative_to(ROOT).as_posix())
                if not check:
                    page.write_text(new, encoding="utf-8")
    for name in stale:
        typer.echo(f"{name}: {'stale; run uv run scripts/docs/generate.py' if check else 'written'}")
    raise typer.Exit(1 if check and stale else 0)


if __name__ == "__main__":
    typer.run(main)
