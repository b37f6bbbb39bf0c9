"""Add the quotes of files to a store of line snapshots; what is in it already is not added again.

Example:
    uv run scripts/data/capture_lines.py lines/*.csv --store data/snapshots

The store is then read by `--odds data/snapshots`. Exit code 0 done, 2 bad input.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mlflow_integration.cli import emit_json, note, reported

app = typer.Typer(add_completion=False, help=__doc__, rich_markup_mode=None, pretty_exceptions_enable=False)


@app.command()
def main(
    files: Annotated[list[Path], typer.Argument(help="Odds: files or folders in any format that is read.")],
    store: Annotated[Path, typer.Option(help="Folder of the store; made if it is missing.")] = Path("data/snapshots"),
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Add the quotes of files to the store."""
    from dataclasses import asdict

    with reported():
        from nba_props.data.odds.load import load_odds
        from nba_props.data.odds.snapshots import capture

        done = capture(load_odds([*files]), store)
        if json:
            emit_json(asdict(done))
        else:
            note(f"{store}: {done.added:,} of {done.rows:,} quotes are new, on {done.dates} game dates.")


if __name__ == "__main__":
    app()
