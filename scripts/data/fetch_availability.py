"""Fetch the league's injury reports: of every hour of game dates, or the last before each tip.

Reports on disk, and those that are known not to exist, are not asked for again.

Examples:
    uv run scripts/data/fetch_availability.py --from 2026-02-08
    uv run scripts/data/fetch_availability.py --fixtures schedule.json --from 2025-10-21 --to 2026-04-12
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from mlflow_integration.cli import note, progress, reported

app = typer.Typer(add_completion=False, help=__doc__, rich_markup_mode=None, pretty_exceptions_enable=False)
_DAY = ["%Y-%m-%d"]


@app.command()
def main(
    first: Annotated[datetime, typer.Option("--from", formats=_DAY, help="First game date.")],
    last: Annotated[datetime | None, typer.Option("--to", formats=_DAY, help="Last one; default: the first.")] = None,
    fixtures: Annotated[
        list[Path] | None, typer.Option(help="Fixtures: fetch only the last report before each of their tips.")
    ] = None,
    lead: Annotated[int, typer.Option(min=0, help="Minutes before a tip by which the report is out.")] = 15,
    output: Annotated[Path, typer.Option(help="Folder of the reports.")] = Path("data/availability"),
    pattern: Annotated[
        str | None, typer.Option(help="Path of a report with directives of strftime (Eastern). Default: the league's.")
    ] = None,
    pause: Annotated[float, typer.Option(min=0, help="Seconds between two requests.")] = 1.0,
    base_url: Annotated[str, typer.Option(help="Address of the reports.")] = "https://ak-static.cms.nba.com",
) -> None:
    """Fetch the injury reports of game dates."""
    from datetime import timedelta

    with reported():
        import pandas as pd

        from nba_props.data.fixtures import load_fixtures
        from nba_props.fetch.client import Client
        from nba_props.fetch.injury_reports import before_tips, fetch_reports, hourly

        days = pd.date_range(first, last or first)
        if fixtures:
            games = load_fixtures([*fixtures])
            tips = games.loc[games["game_date"].isin(days), "tip"].dropna()
            moments = before_tips([tip.to_pydatetime() for tip in tips], timedelta(minutes=lead))
        else:
            moments = hourly(day.date() for day in days)
        with progress("injury reports") as bar:
            done = fetch_reports(
                Client(base_url.rstrip("/"), pause=pause), output, moments, pattern=pattern,
                step=lambda number, total: bar.update(bar.task_ids[0], completed=number, total=total),
            )  # fmt: skip
        note(f"{output}: {done.fetched} fetched, {done.cached} were known, {done.missing} do not exist.")


if __name__ == "__main__":
    app()
