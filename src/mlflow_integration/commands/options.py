"""Options that mean the same in every command."""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from mlflow_integration.cli import reported


def _load(files: list[Path] | None) -> list[Path] | None:
    """Load the plug-ins before any name is looked up."""
    from nba_props.plugins import load_plugins

    with reported():
        load_plugins(files or ())
    return files


HELP: Final = {"help_option_names": ["-h", "--help"], "max_content_width": 120}
"""Context settings of every command."""


def new_app(about: str | None = None, **settings: Any) -> typer.Typer:  # noqa: ANN401 - typer's own
    """An application in the one style: ``-h``, ``--version``, plain help, errors as one message."""
    style = {"rich_markup_mode": None, **settings}
    return typer.Typer(add_completion=False, help=about, pretty_exceptions_enable=False, context_settings=HELP, **style)


def _tell_version(asked: bool) -> None:
    """Print the version of the project and exit."""
    if asked:
        from importlib.metadata import version

        typer.echo(f"nba-props-mlflow {version('nba-props-mlflow')}")
        raise typer.Exit


def _use_store(uri: str | None) -> str | None:
    """Use the store in the whole process, workers included."""
    if uri is not None:
        os.environ["MLFLOW_TRACKING_URI"] = uri
    return uri


Version = Annotated[
    bool, typer.Option("--version", callback=_tell_version, is_eager=True, help="Print the version and exit.")
]
Experiments = Annotated[
    list[str] | None, typer.Option("--experiment", "-e", help="Experiment; repeatable. Default: all.")
]
Where = Annotated[str, typer.Option(help="MLflow filter, e.g. \"tags.market = 'pra' and metrics.val_mae < 6\".")]
Metrics = Annotated[list[str] | None, typer.Option("--metric", "-m", help="Metric; repeatable.")]
Model = Annotated[str, typer.Argument(help="Name of the registered model.")]
VersionNumber = Annotated[int, typer.Argument(min=1, help="Its version.")]
Reason = Annotated[str, typer.Option(help="Why; kept in the history.")]
Force = Annotated[bool, typer.Option("--force", help="Override the rules; recorded with the reason.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]
Output = Annotated[Path | None, typer.Option(help="Write the result to this .csv, .parquet or .json file.")]
Plugin = Annotated[
    list[Path] | None,
    typer.Option(
        "--plugin",
        callback=_load,
        is_eager=True,
        help="Python file that adds features, models, markets, metrics, gates, recipes or plots; repeatable.",
    ),
]
_STORE: Final = "Store to use. Default: MLFLOW_TRACKING_URI, else mlflow.db at the root."
Uri = Annotated[str | None, typer.Option(help=_STORE)]
ProcessUri = Annotated[str | None, typer.Option("--tracking-uri", callback=_use_store, is_eager=True, help=_STORE)]
"""The same for commands whose parts find the store by themselves."""

Verb = Callable[..., None]


def command(app: typer.Typer, *, version: bool = True, **settings: Any) -> Callable[[Verb], Verb]:  # noqa: ANN401
    """Add a function to `app` as a command with what all commands share: ``--plugin``, and errors as one message.

    It gets ``--version`` too, unless `version` is False: an application of several commands has that itself.
    """
    shared = {"plugin": (Plugin, None)} | ({"version": (Version, False)} if version else {})

    def add(verb: Verb) -> Verb:
        @wraps(verb)
        def run(**options: Any) -> None:  # noqa: ANN401 - whatever the verb takes
            given = {name: value for name, value in options.items() if name not in shared}
            with reported():
                verb(**given)

        signature = inspect.signature(verb, eval_str=True)
        more = [
            inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=kind)
            for name, (kind, default) in shared.items()
        ]
        run.__signature__ = signature.replace(parameters=[*signature.parameters.values(), *more])  # type: ignore[attr-defined]
        app.command(context_settings=HELP, **settings)(run)
        return run

    return add
