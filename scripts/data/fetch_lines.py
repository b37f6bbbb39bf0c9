"""Fetch prop lines from The Odds API and add them to the store of line snapshots.

The key is read from the environment variable ODDS_API_KEY. What it costs in credits is said before anything is spent.
Answers are saved as they come; a fetch that was interrupted resumes where it stopped.

Examples:
    uv run scripts/data/fetch_lines.py
    uv run scripts/data/fetch_lines.py --from 2024-11-01 --to 2024-11-07 --lead 60 --lead 5 --yes
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from mlflow_integration.cli import REFUSED, fail, note, progress, reported

app = typer.Typer(add_completion=False, help=__doc__, rich_markup_mode=None, pretty_exceptions_enable=False)
_DAY = ["%Y-%m-%d"]


@app.command()
def main(  # noqa: PLR0913, PLR0917 - options of a command line
    first: Annotated[datetime | None, typer.Option("--from", formats=_DAY, help="First past game date.")] = None,
    last: Annotated[datetime | None, typer.Option("--to", formats=_DAY, help="Last one; default: the first.")] = None,
    market: Annotated[
        list[str] | None, typer.Option(help="Market key; repeatable. Default: pts, reb, ast, pra.")
    ] = None,
    region: Annotated[list[str] | None, typer.Option(help="Region key; repeatable. Default: us.")] = None,
    lead: Annotated[list[int] | None, typer.Option(help="Minutes before the tip; repeatable. Default: 60.")] = None,
    raw: Annotated[Path, typer.Option(help="Folder of the answers as they came.")] = Path("data/raw/lines"),
    store: Annotated[Path, typer.Option(help="Store of line snapshots.")] = Path("data/snapshots"),
    pause: Annotated[float, typer.Option(min=0, help="Seconds between two requests.")] = 1.0,
    base_url: Annotated[str, typer.Option(help="Address of the service.")] = "https://api.the-odds-api.com",
    yes: Annotated[bool, typer.Option("--yes", help="Spend the credits without asking.")] = False,
) -> None:
    """Fetch the lines that are on offer now, or with --from those of past dates."""
    import os

    with reported():
        import pandas as pd

        from nba_props.data.odds.load import read_odds_file
        from nba_props.data.odds.snapshots import capture
        from nba_props.data.tables.files import find_tables
        from nba_props.data.tables.formats import ODDS
        from nba_props.fetch.client import Client
        from nba_props.fetch.lines import MARKETS, Wanted, fetch_current, fetch_historical

        key = os.environ.get("ODDS_API_KEY", "").strip()
        if not key:
            fail("Set the environment variable ODDS_API_KEY to your key of The Odds API.")
        stopped = False

        def confirm(cost: int, what: str) -> bool:
            nonlocal stopped
            note(f"Asking for {what} costs about {cost:,} credits.")
            stopped = not (yes or typer.confirm("Spend them?", err=True))
            return not stopped

        wanted = Wanted(market or MARKETS, region or ("us",), lead or (60,))
        client = Client(base_url.rstrip("/"), secrets={"apiKey": key}, pause=pause)
        with progress("lines") as bar:

            def step(done: int, total: int) -> None:
                bar.update(bar.task_ids[0], completed=done, total=total)

            if first is None:
                done = fetch_current(client, raw, wanted, confirm, step=step)
            else:
                days = [day.date() for day in pd.date_range(first, last or first)]
                done = fetch_historical(client, raw, days, wanted, confirm, step=step)
        used = "" if done.credits_used is None else f" Credits used {done.credits_used}, left {done.credits_left}."
        note(f"{done.fetched} fetched, {done.cached} were on disk, {done.missing} are not there any more.{used}")
        if stopped:
            raise typer.Exit(REFUSED)
        tables = find_tables(list(done.files), ODDS) if done.files else []
        lines = [part for part, _, _ in map(read_odds_file, tables) if len(part)]
        if lines:
            captured = capture(pd.concat(lines, ignore_index=True), store)
            note(f"{store}: {captured.added:,} of {captured.rows:,} quotes are new.")
        elif tables:
            note("No props of these games are posted yet; nothing was added to the store.")


if __name__ == "__main__":
    app()
