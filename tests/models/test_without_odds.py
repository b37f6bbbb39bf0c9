"""Box scores of one's own, and no lines: everything but the bets."""

from __future__ import annotations

import pandas as pd
import pytest

from models.commands.training import load_input
from models.data import load_training_data
from models.train_model_mlflow import NBAPropsMLflowTrainer
from nba_props.data import load_odds
from nba_props.data.odds.snapshots import capture
from nba_props.errors import ConfigError, DataError

pytestmark = pytest.mark.usefixtures("no_pictures")


@pytest.fixture(scope="module")
def box_scores(league, tmp_path_factory):
    folder = tmp_path_factory.mktemp("own")
    return [path for path in league.write(folder) if "game_logs" in path.name]


def test_a_run_without_odds_has_errors_and_no_betting_number(box_scores, store):
    data = load_training_data(box_scores)
    result = NBAPropsMLflowTrainer("reb", training_data=data, model_params={"n_estimators": 20}).run()
    assert result.metrics["val_mae"] < result.metrics["baseline_mae"] * 1.1
    absent = {"roi", "n_bets", "clv", "brier_score", "market_mae", "win_rate"}
    assert not absent & result.metrics.keys()
    assert result.registration is not None
    assert str(result.registration.stage) == "None"
    assert data.join_report is None
    assert data.quotes.empty


def test_lines_of_a_snapshot_store_are_the_lines_of_the_files_it_was_made_from(league, tmp_path):
    files = league.write(tmp_path / "league")
    scores, lines = ([path for path in files if name in path.name] for name in ("game_logs", "odds"))
    capture(load_odds(lines), tmp_path / "store")
    ours = load_training_data(scores, [tmp_path / "store"])
    theirs = load_training_data(scores, lines)
    assert len(ours.quotes) == len(theirs.quotes) > 1000
    pd.testing.assert_frame_equal(ours.quotes, theirs.quotes)


def test_a_format_is_forced_on_the_files_of_its_kind_and_its_name_is_checked(box_scores):
    with pytest.raises(DataError, match="not in the format Kaggle PlayerStatistics: it lacks"):
        load_training_data(box_scores, format="Kaggle PlayerStatistics")
    with pytest.raises(ConfigError, match="Unknown format 'kagle'"):
        load_training_data(box_scores, format="kagle")


def test_lines_without_box_scores_are_refused_before_anything_is_made(tmp_path):
    with pytest.raises(
        ConfigError, match="--odds, --season-stats, --availability, --fixtures and --format need --data"
    ):
        load_input(None, [tmp_path], None, 0)


def test_who_was_reported_out_is_loaded_joined_by_name_and_part_of_the_fingerprint(box_scores, tmp_path):
    plain = load_training_data(box_scores)
    player = plain.games.iloc[-1]
    path = tmp_path / "reports.csv"
    header = "game_date,team,player,status,reported_at,game_time,matchup\n"
    day, team, other = player["game_date"].date(), player["team"], player["opponent"]
    row = f"{day},{team},{player['player_name']},Out,{day}T18:00:00Z,07:30 (ET),{team}@{other}\n"
    path.write_text(header + row, encoding="utf-8")
    data = load_training_data(box_scores, availability=[path])
    assert data.availability["player_id"].tolist() == [player["player_id"]]
    assert data.availability["status"].tolist() == ["out"]
    assert data.fixtures[["home", "away"]].to_numpy().tolist() == [[other, team]]
    assert any("Availability joined to the log: 1 rows" in report for report in data.reports)
    assert "reports.csv" in data.source
    assert data.fingerprint != plain.fingerprint
    assert plain.availability is None
    assert plain.fixtures.empty


def test_a_schedule_tells_the_tips_that_the_lines_do_not(league, tmp_path):
    files = league.write(tmp_path)
    scores, lines = ([path for path in files if name in path.name] for name in ("game_logs", "odds"))
    plain = load_training_data(scores, lines)
    assert plain.quotes["tip"].isna().all()
    first = plain.quotes.groupby("game_id").first()
    last = plain.quotes.groupby("game_id")["observed_at"].max()
    schedule = pd.DataFrame(
        {"home": first["home_team"], "away": first["away_team"], "tip": last + pd.Timedelta(minutes=5)}
    )
    schedule.to_csv(tmp_path / "schedule.csv", index=False)
    told = load_training_data(scores, lines, fixtures=[tmp_path / "schedule.csv"])
    assert told.quotes["tip"].notna().all()
    assert len(told.fixtures) == plain.quotes["game_id"].nunique()
    assert told.fingerprint != plain.fingerprint
    assert "schedule.csv" in told.source
