"""Every command speaks the same: -h, --version, --json, --tracking-uri and --plugin mean the same everywhere."""

from __future__ import annotations

from importlib.metadata import version

import pytest
from typer.main import get_command
from typer.testing import CliRunner

from mlflow_integration.commands import compare_experiments, serve, setup_experiments, test_tracking
from models.commands import monitor, predict_props, replay_season, settle_props, train_model, verify_run

APPS = {
    "setup_experiments": setup_experiments.app,
    "compare_experiments": compare_experiments.app,
    "test_tracking": test_tracking.app,
    "train_model": train_model.app,
    "verify_run": verify_run.app,
    "predict_props": predict_props.app,
    "settle_props": settle_props.app,
    "monitor": monitor.app,
}
# A server prints no result, and a replay has a store of its own.
PROGRAMS = APPS | {"serve": serve.app, "replay_season": replay_season.app}


def _commands():
    for name, app in APPS.items():
        command = get_command(app)
        inner = getattr(command, "commands", None)
        if inner is None:
            yield pytest.param(command, id=name)
        else:
            yield from (pytest.param(verb, id=f"{name} {title}") for title, verb in inner.items())


@pytest.mark.parametrize("command", list(_commands()))
def test_the_options_of_every_command_are_those_of_all(command):
    options = {opt for parameter in command.params for opt in parameter.opts}
    assert {"--json", "--tracking-uri", "--plugin"} <= options
    assert command.context_settings["help_option_names"] == ["-h", "--help"]
    said = {parameter.opts[0]: parameter.help for parameter in command.params if parameter.opts[0] in options}
    assert "MLFLOW_TRACKING_URI" in said["--tracking-uri"]


@pytest.mark.parametrize("name", PROGRAMS)
def test_every_program_tells_its_version(name):
    told = CliRunner().invoke(PROGRAMS[name], ["--version"])
    assert (told.exit_code, told.stdout) == (0, f"nba-props-mlflow {version('nba-props-mlflow')}\n")


@pytest.mark.parametrize("name", PROGRAMS)
def test_every_program_answers_to_the_short_question_for_help(name):
    short, long = (CliRunner().invoke(PROGRAMS[name], [flag]) for flag in ("-h", "--help"))
    assert (short.exit_code, short.stdout) == (0, long.stdout)


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_plug_in_that_is_not_there_ends_every_program_with_one_message(name):
    verb = ["best"] if name == "compare_experiments" else []
    told = CliRunner().invoke(PROGRAMS[name], [*verb, "--plugin", "none.py"])
    assert (told.exit_code, told.stdout) == (2, "")
    assert told.stderr.startswith("error: Plug-in ")
    assert told.stderr.endswith("none.py cannot be read: No such file or directory.\n")
