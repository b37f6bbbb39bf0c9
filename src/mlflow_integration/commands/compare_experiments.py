"""Look at what has been tracked, and move registered models: compare, rank, report, promote, roll back."""

from __future__ import annotations

import typer

from mlflow_integration.commands import housekeeping_verbs, reading_verbs, registry_verbs

app = typer.Typer(
    add_completion=False, help=__doc__, no_args_is_help=True, rich_markup_mode=None, pretty_exceptions_enable=False
)
for verb in (
    reading_verbs.compare,
    reading_verbs.best,
    reading_verbs.phases,
    reading_verbs.report,
    reading_verbs.export,
    reading_verbs.weekly,
    registry_verbs.models,
    registry_verbs.promote,
    registry_verbs.rollback,
    registry_verbs.history,
    housekeeping_verbs.storage,
    housekeeping_verbs.cleanup,
    housekeeping_verbs.upgrade,
    housekeeping_verbs.replay,
    housekeeping_verbs.migrate,
):
    app.command()(verb)


def main() -> None:
    """Run the command."""
    app()
