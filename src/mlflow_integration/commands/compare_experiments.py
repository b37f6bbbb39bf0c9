"""Look at what has been tracked, and move registered models: compare, rank, report, promote, roll back."""

from __future__ import annotations

from mlflow_integration.commands import housekeeping_verbs, plan_verbs, promotion_verbs, reading_verbs, registry_verbs
from mlflow_integration.commands.options import Version, command, new_app

app = new_app(__doc__, no_args_is_help=True)


@app.callback()
def about(version: Version = False) -> None:
    """Look at what has been tracked, and move registered models: compare, rank, report, promote, roll back."""


for verb in (
    reading_verbs.compare,
    reading_verbs.best,
    reading_verbs.phases,
    reading_verbs.report,
    reading_verbs.export,
    reading_verbs.weekly,
    plan_verbs.plan,
    registry_verbs.models,
    promotion_verbs.register,
    promotion_verbs.evaluate,
    promotion_verbs.promote,
    registry_verbs.demote,
    registry_verbs.archive,
    promotion_verbs.check,
    registry_verbs.rollback,
    registry_verbs.audit,
    registry_verbs.history,
    registry_verbs.bundle,
    housekeeping_verbs.storage,
    housekeeping_verbs.cleanup,
    housekeeping_verbs.upgrade,
    housekeeping_verbs.replay,
    housekeeping_verbs.migrate,
    housekeeping_verbs.move,
):
    command(app, version=False)(verb)


def main() -> None:
    """Run the command."""
    app()
