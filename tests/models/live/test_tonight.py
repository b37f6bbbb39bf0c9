"""The evening and the morning after, from files: card, revision, refusals, settlement, correction."""

from __future__ import annotations

import json
import shutil

import mlflow
import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from mlflow_integration import ModelRegistry
from mlflow_integration.logging.sink import Sink
from models.commands import predict_props, replay_season, settle_props
from models.integrity.recorded import read_table
from models.live.record import CardStore
from models.train_model_mlflow import NBAPropsMLflowTrainer

pytestmark = pytest.mark.usefixtures("no_pictures")

QUICK = {"n_estimators": 20}
NIGHT = pd.Timestamp("2023-12-08")


@pytest.fixture(scope="module")
def files(league, tmp_path_factory):
    """Box scores and lines of a league as a user has them: whole, and as they were on the evening of `NIGHT`."""
    folder = tmp_path_factory.mktemp("files")
    league.write(folder / "whole")
    night = league.odds["game_date"].drop_duplicates().sort_values()
    night = night[night >= NIGHT].iloc[0]
    for name in ("scores", "lines", "after", "scores_before"):
        (folder / name).mkdir()
    for path in (folder / "whole").glob("player_game_logs*"):
        table = pd.read_csv(path, dtype={"GAME_ID": "str"})
        day = pd.to_datetime(table["GAME_DATE"])
        table[day < night].to_csv(folder / "scores" / path.name.removesuffix(".gz"), index=False)
        table[day <= night].to_csv(folder / "after" / path.name.removesuffix(".gz"), index=False)
        table[day < day[day < night].max() if (day < night).any() else day < night].to_csv(
            folder / "scores_before" / path.name.removesuffix(".gz"), index=False
        )
    for path in (folder / "whole").glob("prop_odds*pts*"):
        table = pd.read_csv(path)
        table[pd.to_datetime(table["game_date"]) <= night].to_csv(folder / "lines" / "odds.csv", index=False)
    idle = pd.date_range(league.games.loc[league.games["game_date"] < night, "game_date"].max(), night)[1:-1]
    return folder, night, [f"{day:%Y-%m-%d}" for day in idle]


@pytest.fixture(scope="module")
def trained(files, tmp_path_factory, new_store):
    """A store with a model of these files in Production."""
    folder = tmp_path_factory.mktemp("store")
    uri = new_store(folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MLFLOW_TRACKING_URI", uri)
        patch.chdir(folder)
        trainer = NBAPropsMLflowTrainer("pts", tracking_uri=uri, model_params=QUICK, workers=1, max_odds=2.5)
        trainer.prepare_training_data([files[0] / "scores"], [files[0] / "lines"])
        version = trainer.run().registration.version
        registry = ModelRegistry(uri)
        registry.promote_model("NBAProps_pts", version, "Production", reason="for the test", override=True)
    return folder / "mlflow.db"


@pytest.fixture
def store(trained, tmp_path_factory, monkeypatch):
    """A copy of that store for every test."""
    folder = tmp_path_factory.mktemp("copy")
    shutil.copy(trained, folder)
    uri = f"sqlite:///{folder / 'mlflow.db'}"
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
    monkeypatch.chdir(folder)
    return uri


def predict(files, *more, scores="scores", lines="lines"):
    folder, night, idle = files
    given = [
        "--data",
        str(folder / scores),
        "--odds",
        str(folder / lines),
        "--market",
        "pts",
        "--at",
        f"{night:%Y-%m-%d}T23:59",
    ]
    given += [part for day in idle for part in ("--no-games", day)]
    return CliRunner().invoke(predict_props.app, ["--date", f"{night:%Y-%m-%d}", *given, *more])


def settle(files, scores, *more):
    given = ["--data", str(files[0] / scores), "--odds", str(files[0] / "lines"), "--json"]
    return json.loads(CliRunner().invoke(settle_props.app, [*given, *more]).stdout)


def test_the_card_is_a_run_and_three_files_and_twice_the_same_is_one_card(files, store, tmp_path):
    first = predict(files, "--json", "--output", str(tmp_path))
    assert first.exit_code == 0, first.stderr
    card = json.loads(first.stdout)
    assert card["revision"] == 1
    assert card["models"]["pts"]["version"] == 1
    bets = [row for row in card["props"] if row["stake"]]
    lined = [row for row in card["props"] if row["line"] is not None]
    assert len(lined) > len(bets) > 0
    assert all(row["low_80"] <= row["low_50"] <= row["high_50"] <= row["high_80"] for row in lined)
    assert all(abs(row["p_over"] + row["p_push"] + row["p_under"] - 1) < 1e-9 for row in lined)
    assert all(row["reasons"].count("; ") == 2 for row in lined), "three reasons each"
    assert all(row["edge"] >= 0.02 and row["ev"] > 0 for row in bets)
    assert [row["stake"] for row in card["props"]] == sorted((row["stake"] for row in card["props"]), reverse=True)
    names = {path.name for path in tmp_path.iterdir()}
    assert names == {f"card_{files[1]:%Y-%m-%d}.{ending}" for ending in ("csv", "json", "html")}
    page = next(tmp_path.glob("*.html")).read_text(encoding="utf-8")
    assert page.count('<tr class="bet">') == 2 * len(bets), "once among the bets, once among all props"
    assert not any(text in page for text in ("http", "<script", "nan", "None")), "offline, and nothing missing is shown"
    again = json.loads(predict(files, "--json", "--output", str(tmp_path)).stdout)
    assert (again["run_id"], again["revision"]) == (card["run_id"], 1)
    run = mlflow.MlflowClient(store).get_run(card["run_id"])
    assert run.info.run_name == f"card_{files[1]:%Y-%m-%d}"
    assert {"data_fingerprint", "decision_time", "card_models"} <= set(run.data.tags)
    note = run.data.tags["mlflow.note.content"]
    assert note.startswith(f"**{files[1]:%A, %d %B %Y}: {len(bets)} bets on {len(lined)} props")
    assert f"/runs/{run.info.run_id}/artifacts/card.html)" in note


@pytest.fixture
def revised(files, store, tmp_path_factory):
    """The card of the evening, made again after a book moved its lines; nothing is settled yet."""
    folder = tmp_path_factory.mktemp("revised")
    first = json.loads(predict(files, "--json", "--output", str(folder)).stdout)
    table = pd.read_csv(files[0] / "lines" / "odds.csv")
    moved = table[(pd.to_datetime(table["game_date"]) == files[1]) & (table["bookmaker"] == table["bookmaker"].iloc[0])]
    moved = moved.assign(line=moved["line"] + 1, timestamp=f"{files[1]:%Y-%m-%d}T23:50:00Z")
    (folder / "lines").mkdir()
    pd.concat([table, moved]).to_csv(folder / "lines" / "odds.csv", index=False)
    newer = json.loads(predict(files, "--json", "--output", str(folder), lines=folder / "lines").stdout)
    return first, newer, folder


def test_new_lines_make_a_new_revision_and_the_old_one_is_kept(files, store, revised):
    first, newer, folder = revised
    assert newer["revision"] == first["revision"] + 1
    status = {each.run_id: each.status for each in CardStore(store).cards()}
    assert status[first["run_id"]] == "superseded"
    assert status[newer["run_id"]] in {"open", "settled"}
    assert (folder / f"card_{files[1]:%Y-%m-%d}_r{newer['revision']}.html").is_file()


def test_the_morning_after_settles_once_and_a_correction_settles_again(files, store, revised, tmp_path):
    newer = revised[1]
    assert settle(files, "scores")["open"] == 1, "the night is not in the box scores yet"
    settled = settle(files, "after")
    assert (settled["settled"], settled["open"]) == (1, 0)
    assert settled["metrics"]["live_n_bets"] > 0
    assert {"live_mae", "live_brier", "live_roi", "live_clv"} <= set(settled["metrics"])
    note = mlflow.MlflowClient(store).get_run(newer["run_id"]).data.tags["mlflow.note.content"]
    assert f"### Settled\n\n{settled['metrics']['live_n_bets']:.0f} bets settled" in note
    cards = CardStore(store)
    metrics = mlflow.MlflowClient(store).get_run(newer["run_id"]).data.metrics
    assert metrics["live_mae"] == settled["metrics"]["live_mae"]
    ledger = cards.table(cards.ledger_run("real"), "ledger.parquet")
    assert set(ledger["result"]) <= {"won", "lost", "push", "void"}
    decided = ledger[ledger["result"].isin(["won", "lost"])]
    assert metrics["live_roi"] == pytest.approx(decided["profit"].sum() / decided["stake"].sum())
    rest = settle(files, "after")
    assert (rest["settled"], rest["unchanged"], rest["metrics"]) == (0, 1, settled["metrics"])

    late = predict(files, "--output", str(tmp_path / "late"))
    assert late.exit_code == 2
    assert "in hindsight" in late.stderr
    assert not (tmp_path / "late").exists()

    lined = [row["player_name"] for row in newer["props"] if row["line"] is not None]
    corrected = tmp_path / "corrected"
    corrected.mkdir()
    for path in (files[0] / "after").iterdir():
        scores = pd.read_csv(path, dtype={"GAME_ID": "str"})
        night = scores["GAME_DATE"] == f"{files[1]:%Y-%m-%d}"
        row = scores[night & scores["PLAYER_NAME"].isin(lined)].index[:1]
        scores.loc[row, ["PTS", "FTM", "FTA"]] += 1
        scores.to_csv(corrected / path.name, index=False)
    changed = settle(files, corrected)
    assert changed["settled"] == 1
    (change,) = changed["changes"]
    assert change["is"] == change["was"] + 1
    assert mlflow.MlflowClient(store).get_run(newer["run_id"]).data.tags["corrections"] == "1"


@pytest.fixture
def evening(files, store, tmp_path):
    """The card of the evening; nothing is settled yet."""
    return json.loads(predict(files, "--json", "--output", str(tmp_path)).stdout)


@pytest.fixture
def killed(monkeypatch):
    """Stop at the nth call of a method, as a process that is killed there."""

    def at(owner, name, number):
        true, calls = getattr(owner, name), []

        def call(*args, **options):
            calls.append(args)
            if len(calls) == number:
                raise KeyboardInterrupt
            return true(*args, **options)

        monkeypatch.setattr(owner, name, call)

    return at


def test_without_lines_a_settled_card_keeps_its_closes(files, store, evening):
    """They were lost: a second settlement without --odds wrote the card again, and the ledger had no CLV any more."""
    settled = settle(files, "after")
    assert {"live_clv"} <= set(settled["metrics"])
    again = CliRunner().invoke(settle_props.app, ["--data", str(files[0] / "after"), "--json"])
    rest = json.loads(again.stdout)
    assert (rest["settled"], rest["unchanged"], rest["metrics"]) == (0, 1, settled["metrics"])


def test_a_night_that_is_half_played_is_not_settled(files, store, evening, league, tmp_path):
    """At midnight the bets of the games that were still played were settled as void."""
    night = league.games[league.games["game_date"] == files[1]]
    late = night["game_id"].max()
    assert night["game_id"].min() < late
    for path in (files[0] / "after").iterdir():
        scores = pd.read_csv(path, dtype={"GAME_ID": "str"})
        scores[scores["GAME_ID"] != late].to_csv(tmp_path / path.name, index=False)
    half = CliRunner().invoke(settle_props.app, ["--data", str(tmp_path), "--odds", str(files[0] / "lines")])
    assert half.stdout == "0 settled, 1 open, 0 unchanged.\n"
    assert f"card_{files[1]:%Y-%m-%d} revision 1: open" in half.stderr
    assert settle(files, "after")["settled"] == 1


def test_a_game_that_was_put_off_is_void_once_a_later_night_is_known(files, store, evening, league, tmp_path):
    night, next_night = league.games.loc[league.games["game_date"] >= files[1], "game_date"].drop_duplicates().iloc[:2]
    late = league.games.loc[league.games["game_date"] == night, "game_id"].max()
    for path in (files[0] / "whole").glob("player_game_logs*"):
        scores = pd.read_csv(path, dtype={"GAME_ID": "str"})
        known = (scores["GAME_ID"] != late) & (pd.to_datetime(scores["GAME_DATE"]) <= next_night)
        scores[known].to_csv(tmp_path / path.name.removesuffix(".gz"), index=False)
    settled = settle(files, tmp_path)
    assert settled["settled"] == 1
    assert settled["metrics"]["live_n_voids"] > 0


@pytest.mark.parametrize("number", [1, 2, 3])
def test_a_settlement_that_was_killed_is_made_again(files, store, evening, killed, number):
    """Killed between the mark and the files, a card said it was settled and could not be read any more, for good."""
    killed(Sink, "_upload", number)
    assert CliRunner().invoke(settle_props.app, ["--data", str(files[0] / "after")]).exit_code
    settled = settle(files, "after")
    assert settled["settled"] + settled["unchanged"] == 1
    cards = CardStore(store)
    metrics = mlflow.MlflowClient(store).get_run(cards.ledger_run("real")).data.metrics
    assert metrics == settled["metrics"]
    assert len(cards.table(cards.ledger_run("real"), "ledger.parquet")) == len(
        [row for row in evening["props"] if row["stake"]]
    )


def test_a_revision_that_was_killed_before_it_marked_the_one_before_is_settled_alone(files, store, revised):
    """Both were open, and every bet of the night was counted twice."""
    first, newer, _ = revised
    mlflow.MlflowClient(store).set_tag(first["run_id"], "card_status", "open")
    settled = settle(files, "after")
    assert (settled["settled"], settled["open"]) == (1, 0)
    cards = CardStore(store)
    assert set(cards.table(cards.ledger_run("real"), "ledger.parquet")["run_id"]) == {newer["run_id"]}


def test_a_card_of_a_model_that_knows_the_night_does_not_supersede_the_forecast(files, store, evening, tmp_path):
    """The forecast of the evening was never settled: its bets had vanished from the ledger."""
    folder = files[0]
    trainer = NBAPropsMLflowTrainer("pts", tracking_uri=store, model_params=QUICK, workers=1, max_odds=2.5)
    trainer.prepare_training_data([folder / "after"], [folder / "lines"])
    version = trainer.run().registration.version
    ModelRegistry(store).promote_model("NBAProps_pts", version, "Production", reason="newer", override=True)
    hindsight = json.loads(predict(files, "--json", "--output", str(tmp_path), scores="after").stdout)
    assert any("this night included: no forecast" in text for text in hindsight["warnings"])
    status = {each.run_id: each.status for each in CardStore(store).cards()}
    assert status == {evening["run_id"]: "open", hindsight["run_id"]: "in sample"}
    assert settle(files, "after")["settled"] == 1


def test_a_settled_shadow_card_counts_for_the_test_in_staging(files, store, tmp_path):
    registry = ModelRegistry(store)
    registry.demote_model("NBAProps_pts", 1, reason="for the test")
    shadow = predict(files, "--stage", "Staging", "--output", str(tmp_path))
    assert shadow.exit_code == 0, shadow.stderr
    settle(files, "after", "--stage", "Staging")
    tags = registry.get_model_info("NBAProps_pts", 1).tags
    assert (tags["staging_source"], tags["staging_nights"]) == ("shadow cards", "1")
    assert tags["staging_window"] == f"{files[1]:%Y-%m-%d} to {files[1]:%Y-%m-%d}"


def test_a_night_the_model_was_trained_on_is_no_forecast_and_never_settled(files, store, tmp_path):
    folder = files[0]
    scores = pd.concat(pd.read_csv(path, usecols=["GAME_DATE"]) for path in (folder / "scores").iterdir())
    last = scores["GAME_DATE"].max()
    given = ["--data", str(folder / "scores"), "--odds", str(folder / "lines"), "--market", "pts", "--json"]
    result = CliRunner().invoke(predict_props.app, ["--date", last, *given, "--output", str(tmp_path)])
    assert any("this night included: no forecast" in text for text in json.loads(result.stdout)["warnings"])
    assert [card.status for card in CardStore(store).cards()] == ["in sample"]
    assert settle(files, "after")["settled"] == 0


def test_predictions_whose_reasons_begin_late_are_read_without_a_warning(monkeypatch, tmp_path):
    """Without lines in the first seasons a column was empty for long, and pandas warned of mixed types."""
    rows = 300_000
    table = pd.DataFrame({"game_id": "0022300001", "reason_1": [np.nan] * (rows - 1) + ["form"]})
    table.to_csv(tmp_path / "predictions.csv", index=False)
    monkeypatch.setattr(CardStore, "_read", lambda *_: (tmp_path / "predictions.csv").read_bytes())
    for read in (CardStore("sqlite:///none.db").predictions("run"), read_table(tmp_path / "predictions.csv")):
        assert read["game_id"].iloc[0] == "0022300001"
        assert read["reason_1"].iloc[-1] == "form"


def refused(result, *words):
    assert result.exit_code == 2, result.stdout
    assert not result.stdout
    for word in words:
        assert word in result.stderr, result.stderr


def test_box_scores_that_miss_a_night_are_refused_with_the_night(files, store, league, tmp_path):
    before = league.games.loc[league.games["game_date"] < files[1], "game_date"].max()
    refused(predict(files, "--output", str(tmp_path), scores="scores_before"), f"{before:%Y-%m-%d}", "--no-games")
    assert not list(tmp_path.iterdir())


def test_a_stage_that_makes_no_cards_has_none_to_settle(files, store, evening):
    """A misspelt stage settled nothing, without a word."""
    refused(CliRunner().invoke(settle_props.app, ["--data", str(files[0] / "after"), "--stage", "Live"]), "'Live'")


def test_a_store_that_is_not_there_has_no_cards_to_settle(files, tmp_path):
    """A misspelt store was made, empty, and nothing was settled in it."""
    given = ["--data", str(files[0] / "after"), "--tracking-uri", f"sqlite:///{tmp_path}/else/mlflow.db"]
    refused(CliRunner().invoke(settle_props.app, given), "There is no store", "else/mlflow.db")
    assert not list(tmp_path.iterdir())


def test_a_replay_of_no_night_leaves_no_folder(files, tmp_path):
    given = ["--data", str(files[0] / "after"), "--odds", str(files[0] / "lines"), "--market", "pts"]
    given += ["--from", "2031-03-01", "--to", "2031-03-10", "--output", str(tmp_path / "replays")]
    refused(CliRunner().invoke(replay_season.app, given), "No night from 2031-03-01 to 2031-03-10 has lines")
    assert not list(tmp_path.iterdir())


def test_files_that_cannot_be_written_are_named_and_the_card_is_kept(files, store, tmp_path):
    """It ended in a traceback, and nothing said that the card was kept and would be settled."""
    (tmp_path / "taken").touch()
    refused(predict(files, "--output", str(tmp_path / "taken")), "taken", "cannot be written", "another --output")
    (kept,) = CardStore(store).cards()
    again = predict(files, "--json", "--output", str(tmp_path / "cards"))
    assert json.loads(again.stdout)["run_id"] == kept.run_id


def test_old_lines_are_refused(files, store, tmp_path):
    refused(predict(files, "--max-age", "0.01", "--output", str(tmp_path)), "limit is 0.01", "--max-age")
    assert not list(tmp_path.iterdir())


def test_without_a_production_model_the_one_in_staging_is_named(files, store, tmp_path):
    ModelRegistry(store).demote_model("NBAProps_pts", 1, reason="for the test")
    refused(predict(files, "--output", str(tmp_path)), "no version in Production", "Version 1 is in Staging")
    ModelRegistry(store).demote_model("NBAProps_pts", 1, reason="for the test")
    refused(predict(files, "--output", str(tmp_path)), "no version in Production", "what their gates say", "--market")


def test_a_model_of_the_simulated_league_makes_no_card_of_real_games(files, store, data, tmp_path):
    uri = f"sqlite:///{tmp_path / 'other.db'}"
    trainer = NBAPropsMLflowTrainer("pts", training_data=data, tracking_uri=uri, model_params=QUICK, workers=1)
    result = trainer.run(register=False)
    registry = ModelRegistry(uri)
    registry.register_model(result.run_id, "NBAProps_pts")
    registry.promote_model("NBAProps_pts", 1, "Production", reason="by mistake", override=True)
    refused(predict(files, "--tracking-uri", uri, "--output", str(tmp_path / "cards")), "SIMULATED", "real")
    assert not (tmp_path / "cards").exists()


def test_a_model_of_other_features_is_refused(files, store, monkeypatch, tmp_path):
    from models.live import slate

    build = slate.build_features
    monkeypatch.setattr(
        slate, "build_features", lambda games: build(games).assign(usage_pct=lambda table: table["usage_pct"] * 2)
    )
    refused(predict(files, "--output", str(tmp_path)), "usage_pct", "train it again")
    monkeypatch.setattr(slate, "build_features", lambda games: build(games).drop(columns="usage_pct"))
    refused(predict(files, "--output", str(tmp_path)), "does not build", "usage_pct")
    assert not list(tmp_path.iterdir())


def test_a_night_without_games_is_refused(files, store, tmp_path):
    given = ["--data", str(files[0] / "scores"), "--odds", str(files[0] / "lines"), "--market", "pts"]
    idle = [part for day in pd.date_range("2023-12-01", "2024-07-31") for part in ("--no-games", f"{day:%Y-%m-%d}")]
    result = CliRunner().invoke(predict_props.app, ["--date", "2024-08-01", *given, *idle, "--output", str(tmp_path)])
    refused(result, "no game on 2024-08-01")


def test_kelly_stakes_of_a_night_keep_to_their_caps_and_say_what_can_be_lost(files, store, tmp_path):
    card = json.loads(predict(files, "--json", "--kelly", "0.25", "--output", str(tmp_path)).stdout)
    stakes = np.array([row["stake"] for row in card["props"]])
    assert 0 < stakes.sum() <= 0.2 * 1000
    assert stakes.max() <= 0.02 * 1000
    assert {"night_loss_80", "night_loss_95", "risk_of_ruin", "night_staked"} <= set(card["night"])
    assert card["night"]["night_loss_80"] <= card["night"]["night_loss_95"] <= card["night"]["night_staked"]
