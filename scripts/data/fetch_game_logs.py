"""Fetch the box scores of whole seasons from stats.nba.com; a season on disk is not requested again.

Example:
    uv run scripts/data/fetch_game_logs.py 2023-24 2024-25 --output data/game_logs
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mlflow_integration.cli import note, progress, reported

app = typer.Typer(add_completion=False, help=__doc__, rich_markup_mode=None, pretty_exceptions_enable=False)


@app.command()
def main(
    seasons: Annotated[list[str], typer.Argument(help="Seasons, such as 2024-25.")],
    output: Annotated[Path, typer.Option(help="Folder of the files.")] = Path("data/game_logs"),
    season_type: Annotated[
        str, typer.Option(help="Regular Season, Playoffs, PlayIn or Pre Season.")
    ] = "Regular Season",
    refresh: Annotated[bool, typer.Option("--refresh", help="Ask again for seasons that are not over.")] = False,
    pause: Annotated[float, typer.Option(min=0, help="Seconds between two requests.")] = 1.0,
    timeout: Annotated[float, typer.Option(min=1, help="Seconds to wait for an answer.")] = 60.0,
    base_url: Annotated[str, typer.Option(help="Address of the statistics.")] = "https://stats.nba.com/stats",
) -> None:
    """Fetch the game logs of seasons."""
    with reported():
        from nba_props.fetch.client import Client
        from nba_props.fetch.game_logs import fetch_game_logs

        with progress("seasons") as bar:
            done = fetch_game_logs(
                Client(base_url.rstrip("/"), pause=pause, timeout=timeout), output, seasons, season_type=season_type,
                refresh=refresh, step=lambda number, total: bar.update(bar.task_ids[0], completed=number, total=total),
            )  # fmt: skip
        note(f"{output}: {done.fetched} seasons fetched, {done.cached} were on disk.")


if __name__ == "__main__":
    app()
