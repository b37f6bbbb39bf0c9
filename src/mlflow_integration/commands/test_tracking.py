"""Check whether tracking works here: a full life cycle in a temporary store, then the store that is configured."""

from __future__ import annotations

from itertools import chain
from typing import Annotated

import typer

from mlflow_integration.cli import DONE, REFUSED, emit_json, say
from mlflow_integration.commands.options import Json, Uri, command, new_app

app = new_app(__doc__)


@command(app)
def check(
    deep: Annotated[
        bool, typer.Option("--deep", help="Say what is wrong with the set-up, and how to fix it; models included.")
    ] = False,
    json: Json = False,
    tracking_uri: Uri = None,
) -> None:
    """Print one line per check; exit 0 if all pass, 1 if one fails.

    The configured store is only read: no experiment, run or model is left behind, not even a deleted one.
    """
    from mlflow_integration.commands.deep_check import deep_checks
    from mlflow_integration.commands.self_check import run_checks

    results = []
    for result in chain(run_checks(tracking_uri), deep_checks(tracking_uri) if deep else ()):
        results.append(result)
        if not json:
            say(str(result))
    if json:
        emit_json([result.as_row() for result in results])
    failed = sum(not result.passed for result in results)
    if not json:
        say(f"{len(results) - failed} passed, {failed} failed")
    raise SystemExit(REFUSED if failed else DONE)


def main() -> None:
    """Run the command."""
    app()
