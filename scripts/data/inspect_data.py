"""Say what data files are and what the loaders would make of them, without loading them.

Example:
    uv run scripts/data/inspect_data.py lines/ box_scores/*.csv reports/*.pdf

Exit code 0 done, whatever is wrong with the files; 2 bad usage.
"""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Annotated

import typer

from mlflow_integration.cli import emit_text, reported

app = typer.Typer(add_completion=False, help=__doc__, rich_markup_mode=None, pretty_exceptions_enable=False)


@app.command()
def main(
    files: Annotated[list[Path], typer.Argument(help="Files, folders or stores of line snapshots.")],
    player: Annotated[str | None, typer.Option(help="The player of a file that has one and does not name him.")] = None,
    season: Annotated[
        str | None, typer.Option(help="The season of a season table that does not name it, such as 2023-24.")
    ] = None,
    format: Annotated[  # noqa: A002 - the option's name
        str | None, typer.Option(help="Read the files in this format instead of recognising it.")
    ] = None,
) -> None:
    """Describe every file."""
    with reported():
        from nba_props.data.inspect import inspect
        from nba_props.data.tables.formats import Options

        logging.disable(logging.WARNING)
        for text in inspect(files, Options(player=player, season=season), format=format):
            emit_text(text, None)


if __name__ == "__main__":
    app()
