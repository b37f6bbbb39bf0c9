"""The command itself: bad input ends with one message, exit code 2 and nothing written; good files end in a table."""

from __future__ import annotations

import gzip
import importlib.util
import json
import re
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

from models.data import load_training_data
from nba_league import simulate_league
from nba_props.markets import MARKETS

pytestmark = pytest.mark.usefixtures("no_pictures")

SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "mlflow" / "train_model.py"


@pytest.fixture(scope="module")
def command():
    spec = importlib.util.spec_from_file_location("train_model", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return lambda *arguments: CliRunner().invoke(module.app, [str(argument) for argument in arguments])


@pytest.fixture(scope="module")
def files(tmp_path_factory) -> Path:
    """A small simulated league as files in the vendors' columns."""
    folder = tmp_path_factory.mktemp("files")
    simulate_league(("2022-23", "2023-24"), seed=9, odds_seasons=("2023-24",), n_teams=6, n_games=30).write(folder)
    return folder


@pytest.fixture
def workplace(tmp_path, monkeypatch) -> Path:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path / 'mlflow.db'}")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def logs_of(files: Path) -> pd.DataFrame:
    return pd.read_csv(files / "player_game_logs_2023-24.csv.gz", dtype={"GAME_ID": "str"})


def odds_of(files: Path) -> pd.DataFrame:
    return pd.read_csv(files / "prop_odds_2023-24_pts.csv.gz")


BROKEN_LOGS = {
    "a column is missing": (lambda t: t.drop(columns="PTS"), ["PTS"]),
    "text among the numbers": (lambda t: t.astype({"REB": object}).assign(REB="many"), ["REB", "many"]),
    "a player-game twice": (lambda t: pd.concat([t, t.head(2)]), ["GAME_ID"]),
    "negative minutes": (lambda t: t.assign(MIN=-3), ["MIN", "-3"]),
    "no rows": (lambda t: t.head(0), ["rows"]),
    "a date outside its season": (lambda t: t.assign(GAME_DATE="2019-01-05"), ["GAME_DATE", "2019-01-05"]),
}
BROKEN_ODDS = {
    "an impossible price": (lambda t: t.assign(over_price=50.0), ["over_price", "50"]),
    "no line column": (lambda t: t.drop(columns="line"), ["line"]),
    "an unknown team": (lambda t: t.assign(home_team="Springfield Isotopes"), ["home_team", "Springfield"]),
    "a negative line": (lambda t: t.assign(line=-1.5), ["line", "-1.5"]),
}


@pytest.mark.parametrize("name", BROKEN_LOGS)
def test_a_broken_game_log_ends_with_one_message_and_nothing_written(name, command, files, workplace):
    spoil, says = BROKEN_LOGS[name]
    path = workplace / "broken.csv"
    spoil(logs_of(files)).to_csv(path, index=False)
    result = command("--data", path)
    assert_refused(result, workplace, ["broken.csv", *says])


@pytest.mark.parametrize("name", BROKEN_ODDS)
def test_broken_odds_end_with_one_message_and_nothing_written(name, command, files, workplace):
    spoil, says = BROKEN_ODDS[name]
    path = workplace / "broken.csv"
    spoil(odds_of(files)).to_csv(path, index=False)
    result = command("--data", files / "player_game_logs_2023-24.csv.gz", "--odds", path)
    assert_refused(result, workplace, ["broken.csv", *says])


def test_a_file_that_can_not_be_read_is_named(command, workplace):
    path = workplace / "broken.csv.gz"
    path.write_bytes(gzip.compress(b"SEASON_ID,PLAYER_ID\n1,2\n")[:-9])
    assert_refused(command("--data", path), workplace, ["broken.csv.gz"])


def test_a_path_that_is_not_there_is_named(command, workplace):
    assert_refused(command("--data", workplace / "broken"), workplace, ["broken"])


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("--market", "points"), "Unknown market 'points'"),
        (("--model", "forest"), "model"),
        (("--min-edge", "2"), "min_edge"),
        (("--close-window", "0"), "close_window_minutes"),
        (("--first-test-season", "2025"), "'2025' is not a season: write it as 2024-25"),
        (("--first-test-season", "2023-25"), "'2023-25' is not a season: write it as 2024-25"),
        (("--recipe", "platt", "--set", "market=pts"), "--set market has no effect"),
        (("--gates", "lax"), "gate_profile"),
        (("--backend", "thread"), "Unknown backend 'thread'"),
        (("--backend", "dask"), "needs --address"),
        (("--address", "localhost:8786"), "--address is for the backends dask and ray"),
        (("--trials", "3"), "--trials need --recipe"),
        (("--recipe", "platt", "--backend", "thread"), "Unknown backend 'thread'"),
        (("--recipe", "platt", "--trials", "3"), "--trials is for a sweep"),
        (("--recipe", "platt", "--sweep", "space.toml", "--force"), "--force has no use here"),
        (("--recipe", "platt", "--market", "pts"), "--market cannot be used with --recipe"),
        (("--all", "--phase", "1"), "Use one of"),
        (("--phase", "5"), "no phase 5"),
        (("--all", "--set", "seed=1"), "--set and --sweep are for one recipe"),
    ],
)
def test_a_wrong_option_is_refused_before_anything_is_loaded(options, says, command, workplace, monkeypatch):
    monkeypatch.setattr("models.commands.training.load_input", lambda *_: pytest.fail("the input was loaded"))
    assert_refused(command(*options), workplace, [says])


SPACE = "[space.num_leaves]\ntype = 'int'\nlow = 3\nhigh = 9\n"


@pytest.mark.parametrize(
    ("text", "options", "says"),
    [
        ("objectve = 'val_mae'\n" + SPACE, (), "unknown key 'objectve' (did you mean 'objective'"),
        (SPACE.replace("num_leaves", "num_leafs"), (), "unknown setting 'num_leafs' (did you mean 'num_leaves'"),
        (SPACE, ("--trials", "0"), "--trials must be at least 1, got 0"),
        (None, (), "space.toml"),
    ],
    ids=["unknown key", "unknown setting", "no trials", "no file"],
)
def test_a_sweep_that_can_not_be_run_is_refused_before_anything_is_loaded(
    text, options, says, command, workplace, tmp_path_factory, monkeypatch
):
    path = tmp_path_factory.mktemp("space") / "space.toml"
    if text is not None:
        path.write_text(text)
    monkeypatch.setattr("models.commands.training.load_input", lambda *_: pytest.fail("the input was loaded"))
    result = command("--recipe", "phase1/lightgbm_baseline", "--sweep", path, *options)
    assert_refused(result, workplace, [says])
    assert len(result.stderr.splitlines()) == 1


def test_one_season_alone_is_refused_with_the_mend(command, files, workplace):
    result = command("--data", files / "player_game_logs_2023-24.csv.gz", "--market", "pts")
    assert result.exit_code == 2
    assert "Add an earlier season" in result.stderr


def test_files_in_the_vendors_columns_end_in_a_tracked_run(command, files, workplace):
    result = command(
        "--market", "reb", "--data", files, "--odds", files, "--step", "season", "--gates", "market", "--json"
    )
    assert result.exit_code == 0, result.stderr
    (row,) = json.loads(result.stdout)["results"]
    assert row["market"] == "reb"
    assert row["val_mae"] > 0
    assert {gate["metric"] for gate in row["gates"]} >= {"mae_skill", "brier_skill_vs_market", "clv"}
    assert "Odds joined to games" in result.stderr
    assert json.loads(result.stdout)["data_kind"] == "real", "files are taken at their word"


def test_a_changed_season_table_is_other_data(files, tmp_path):
    """A run is skipped where a finished one has the same fingerprint: all that is read must be in it."""
    logs = pd.read_csv(files / "player_game_logs_2022-23.csv.gz")
    table = logs[["PLAYER_NAME"]].drop_duplicates().set_axis(["Player"], axis=1)
    table = table.assign(Season="2022-23", Team="BOS", MIN=900, Usage="20.0%", PSA=110.0)
    found = {}
    for usage in ("20.0%", "25.0%"):
        table.loc[table.index[0], "Usage"] = usage
        table.to_csv(tmp_path / "seasons.csv", index=False)
        found[usage] = load_training_data([files], season_stats=tmp_path / "seasons.csv")
    plain = load_training_data([files])
    assert "prev_usage" in found["20.0%"].features
    assert len({plain.fingerprint, *(data.fingerprint for data in found.values())}) == 3
    assert found["20.0%"].source.endswith("seasons.csv")


def test_help_teaches_without_loading_the_libraries(command):
    result = command("--help")
    assert result.exit_code == 0
    assert "walk-forward" in result.stdout.lower()


def test_help_lists_the_markets_and_models_there_are(command):
    shown = command("--help").stdout
    for name in (*MARKETS, "lightgbm", "xgboost", "linear", "two_stage", "ensemble"):
        assert re.search(rf"\b{name}\b", shown), name
    assert "{" not in shown


def test_help_on_a_narrow_terminal_cuts_no_option_off(command, monkeypatch):
    """The column of types was so wide that --first-test-season ended in dots."""
    monkeypatch.setenv("COLUMNS", "80")
    shown = command("--help").stdout
    assert "…" not in shown
    assert "--first-test-season" in shown


def assert_refused(result, workplace: Path, says: list[str]) -> None:
    before = {"broken.csv", "broken.csv.gz"}
    assert result.exit_code == 2, result.output
    assert result.stderr.startswith("error: ")
    assert "Traceback" not in result.output
    for text in says:
        assert text in result.stderr
    assert {path.name for path in workplace.iterdir()} <= before, "nothing is written"


def test_the_stand_in_is_a_choice_by_name_and_its_models_do_not_pass_for_others(command, files, workplace, new_store):
    store = new_store(workplace)
    given = ("--market", "pts", "--data", files, "--odds", files, "--step", "season", "--json")
    result = command(*given, "--stand-in")
    assert result.exit_code == 0, result.output
    from mlflow import MlflowClient

    client = MlflowClient(store)
    assert [model.name for model in client.search_registered_models()] == ["NBAProps_pts_STAND_IN"]
    (experiment,) = client.search_experiments(filter_string="name = 'Phase1_Foundation'")
    (run,) = client.search_runs([experiment.experiment_id])
    assert run.data.tags["availability"] == "stand-in from box scores"
    assert run.data.params["availability"] == "stand_in"


def test_the_stand_in_beside_reports_is_refused_before_anything_is_read(command, files, workplace):
    reports = files / "availability_2023-24.csv.gz"
    result = command("--market", "pts", "--data", files, "--availability", reports, "--stand-in")
    assert result.exit_code == 2
    assert "--stand-in is for data without reports" in result.output
    assert not (workplace / "mlflow.db").exists()


def test_reports_are_used_and_the_run_says_so(command, files, workplace, new_store):
    store = new_store(workplace)
    reports = [part for season in ("2022-23", "2023-24")
               for part in ("--availability", files / f"availability_{season}.csv.gz")]  # fmt: skip
    given = ("--market", "pts", "--data", files, "--odds", files, "--step", "season")
    result = command(*given, *reports, "--no-register")
    assert result.exit_code == 0, result.output
    from mlflow import MlflowClient

    client = MlflowClient(store)
    (experiment,) = client.search_experiments(filter_string="name = 'Phase1_Foundation'")
    assert client.search_runs([experiment.experiment_id])[0].data.tags["availability"] == "reported"
