"""Print the marginals of real and of simulated box scores side by side.

Example:
    uv run scripts/data/compare_marginals.py --data path/to/game/logs

Exit code 0 if every number is within tolerance, 1 if one is not, 2 on bad input.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

__all__ = ["main"]


def main(
    data: Annotated[Path, typer.Option(help="Box scores in nba.com columns: file or folder.")],
    seed: Annotated[int, typer.Option(help="Seed of the simulated league.")] = 2026,
) -> None:
    """Print real and simulated marginals (mean, SD, autocorrelation by minutes tier) and their ratio."""
    # Imported here so that --help need not wait for pandas.
    from rich.console import Console
    from rich.table import Table

    from nba_league import simulate_league
    from nba_league.marginals import (
        TOLERANCE,
        TOLERANCE_AUTOCORRELATION,
        compare_marginals,
    )
    from nba_props.data import load_game_logs
    from nba_props.errors import NBAPropsError

    console = Console()
    try:
        real = load_game_logs(data)
    except NBAPropsError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from error
    league = simulate_league(tuple(sorted(real["season"].unique())), seed=seed, odds_seasons=())
    both = compare_marginals(real, league.games)
    table = Table(title=f"Real ({len(real):,} player-games) and SIMULATED ({len(league.games):,}, seed {seed})")
    for heading in ("mean minutes", "stat", "measure"):
        table.add_column(heading, overflow="fold")
    for heading in ("real", "simulated", "ratio", ""):
        table.add_column(heading, justify="right")
    for row in both.sort_values(["tier", "stat"], kind="stable").itertuples():
        verdict = "ok" if row.within else "[bold red]outside[/]"
        numbers = (f"{value:.3f}" for value in (row.real, row.simulated, row.ratio))
        table.add_row(row.tier, row.stat, row.measure, *numbers, verdict)
    console.print(table)
    outside = int((~both["within"]).sum())
    console.print(
        f"{len(both) - outside} of {len(both)} within {TOLERANCE:.0%} "
        f"(autocorrelations: or within {TOLERANCE_AUTOCORRELATION}); {outside} outside."
    )
    raise typer.Exit(1 if outside else 0)


if __name__ == "__main__":
    typer.run(main)
