"""The command that settles cards."""

from __future__ import annotations

from mlflow_integration.commands.options import Json, Uri, command, new_app
from models.commands.options import Data, Fixtures, Odds, Seed, Stage

app = new_app()


@command(app)
def settle(
    *,
    data: Data = None,
    odds: Odds = None,
    fixtures: Fixtures = None,
    stage: Stage = "Production",
    seed: Seed = 0,
    tracking_uri: Uri = None,
    as_json: Json = False,
) -> None:
    """Settle every open card: won, lost, push or void, the closing line, live metrics and the ledger.

    A second run changes nothing, unless a box score was corrected: then the card is settled again, and the change
    reported.

        settle_props.py --data box_scores/ --odds lines/

    With --odds, bets get their closing lines. Without --data: the SIMULATED league. Exit codes: 0 done, 2 bad input.
    """
    from models.commands.live import settle_and_show

    settle_and_show(data, odds, stage, fixtures, seed=seed, tracking_uri=tracking_uri, as_json=as_json)


def main() -> None:
    """Run the command."""
    app()
