"""Reading and keeping house, against SQLite."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime, timedelta

import pandas as pd
import pytest

from mlflow_integration import PHASES, NBAPropsTracker, utils
from mlflow_integration.reading.reader import Reader
from mlflow_integration.reading.search import compare_settings
from mlflow_integration.store.location import load_mlflow
from nba_props.errors import TrackingError, UnknownExperimentError

mlflow = load_mlflow()


@pytest.fixture(scope="module")
def filled(shared_uri):
    """Two phases: three finished runs and a failed one in the first, one run without val_mae in the second."""
    tracker = NBAPropsTracker("Phase1_Foundation", tracking_uri=shared_uri)
    ids = {}
    for name, mae, roi in (("a", 6.0, 0.01), ("b", 5.0, 0.03), ("c", 5.0, -0.02)):
        with tracker.start_run(name, tags={"market": "pra"}) as run:
            tracker.log_metrics({"val_mae": mae, "roi": roi, "odd": mae})
            tracker.log_params({"depth": 6})
            tracker.log_training_config({"market": "pra", "name": name})
            tracker.log_dataset(pd.DataFrame({"x": [1.0]}), name="train", fingerprint="f" * 64, source="games.csv")
        ids[name] = run.run_id
        time.sleep(0.002)
    with pytest.raises(ZeroDivisionError), tracker.start_run("broken") as run:
        tracker.log_metrics({"val_mae": 1.0})
        1 / 0  # noqa: B018 - fails on purpose
    ids["broken"] = run.run_id
    second = NBAPropsTracker("Phase2_Advanced", tracking_uri=shared_uri)
    with second.start_run("d") as run:
        second.log_metrics({"roi": 0.5})
    ids["d"] = run.run_id
    return shared_uri, ids


def test_setting_up_again_changes_nothing_and_restores_what_was_deleted(uri):
    first = utils.setup_experiments(tracking_uri=uri)
    assert first["experiment"].tolist() == list(PHASES)
    assert set(first["outcome"]) == {"created"}
    assert set(utils.setup_experiments(tracking_uri=uri)["outcome"]) == {"exists"}
    client = mlflow.MlflowClient(uri)
    client.delete_experiment(first["experiment_id"].iloc[1])
    client.set_experiment_tag(first["experiment_id"].iloc[0], "phase", "9")
    again = utils.setup_experiments(tracking_uri=uri)
    assert again["outcome"].tolist() == ["exists", "restored", "exists", "exists"]
    assert again["experiment_id"].tolist() == first["experiment_id"].tolist()
    stored = client.get_experiment_by_name("Phase1_Foundation")
    assert stored.tags == PHASES["Phase1_Foundation"].tags
    assert len(client.search_experiments()) == 5


def test_an_unknown_experiment_names_the_ones_that_exist(filled):
    uri, _ = filled
    for ask in (
        utils.search_runs,
        utils.get_best_runs,
        utils.compare_phases,
        utils.storage_report,
        utils.get_weekly_summary,
    ):
        with pytest.raises(UnknownExperimentError, match="Phase1_Foundation, Phase2_Advanced"):
            ask(["Nope"], tracking_uri=uri)


def test_the_best_runs_come_in_order_ties_by_age_and_without_those_that_lack_the_metric(filled):
    uri, ids = filled
    best = utils.get_best_runs("Phase1_Foundation", "val_mae", 5, tracking_uri=uri)
    assert best["run_id"].tolist() == [ids["b"], ids["c"], ids["a"]]
    assert best["rank"].tolist() == [1, 1, 3]
    by_roi = utils.get_best_runs(metric="roi", tracking_uri=uri)
    assert by_roi["run_name"].tolist() == ["d", "b", "a", "c"]
    assert utils.get_best_runs("Phase2_Advanced", "val_mae", tracking_uri=uri).empty
    assert utils.get_best_runs("Phase1_Foundation", "odd", 1, mode="max", tracking_uri=uri)["run_name"].tolist() == [
        "a"
    ]
    assert (
        utils.get_best_runs(metric="roi", where="tags.market = 'pra'", tracking_uri=uri)["run_name"].tolist()[0] == "b"
    )


def test_the_old_call_form_gives_uris_of_models(filled):
    uri, _ = filled
    best = utils.get_best_model("Phase1_Foundation", metric="val_mae", top_n=3, tracking_uri=uri)
    assert best["model_uri"].isna().all()
    assert len(best) == 3


def test_a_direction_that_is_not_known_must_be_said(filled):
    uri, _ = filled
    with pytest.raises(TrackingError, match="mode='min' or mode='max'"):
        utils.get_best_runs(metric="odd", tracking_uri=uri)
    with pytest.raises(TrackingError, match="top_n"):
        utils.get_best_runs(top_n=0, tracking_uri=uri)


def test_the_best_comes_with_the_number_tried_and_less_its_luck(filled):
    uri, ids = filled
    table = utils.best_with_trials("Phase1_Foundation", "roi", 2, tracking_uri=uri)
    assert table["run_id"].tolist() == [ids["b"], ids["a"]]
    assert table["runs_tried"].tolist() == [3, 3]
    assert table["deflated"].iloc[0] < 0.03
    assert pd.isna(table["deflated"].iloc[1])
    assert utils.best_with_trials("Phase2_Advanced", tracking_uri=uri).empty


def test_runs_are_put_side_by_side_with_the_better_one_named(filled):
    uri, ids = filled
    table = utils.compare_runs([ids["a"], ids["b"]], tracking_uri=uri).set_index("metric")
    assert table.loc["val_mae", ids["a"]] == 6.0
    assert table.loc["val_mae", ["direction", "best", "change"]].tolist() == ["min", ids["b"], "better"]
    assert pd.isna(table.loc["odd", "best"])
    tied = utils.compare_runs([ids["b"], ids["c"], ids["d"]], ["val_mae", "roi"], tracking_uri=uri).set_index("metric")
    assert pd.isna(tied.loc["val_mae", "best"])
    assert tied.loc["roi", "best"] == ids["d"]
    with pytest.raises(TrackingError, match="no run 'ffff'"):
        utils.compare_runs([ids["a"], "ffff"], tracking_uri=uri)
    with pytest.raises(TrackingError, match="no run"):
        utils.compare_runs(["'; drop"], tracking_uri=uri)


def test_runs_side_by_side_begin_with_the_headline_metrics_and_the_settings_that_differ_are_told(filled):
    uri, ids = filled
    pair = [ids["a"], ids["d"]]
    assert utils.compare_runs(pair, tracking_uri=uri)["metric"].tolist() == ["val_mae", "roi", "odd"]
    settings = compare_settings(pair, tracking_uri=uri)
    assert settings.columns.tolist() == ["setting", *pair]
    assert settings.iloc[0].tolist() == ["depth", "6", None]
    assert compare_settings([ids["a"], ids["b"]], tracking_uri=uri).empty


def test_phases_side_by_side_count_runs_and_use_the_finished_ones(filled):
    uri, ids = filled
    table = utils.compare_phases(tracking_uri=uri).set_index(["experiment", "market"])
    first, second = ("Phase1_Foundation", "pra"), ("Phase2_Advanced", "–")
    assert table.index.tolist() == [first, ("Phase1_Foundation", "–"), second]
    assert table.loc[first, ["runs", "finished", "failed"]].tolist() == [3, 3, 0]
    assert table.loc[("Phase1_Foundation", "–"), ["runs", "finished", "failed"]].tolist() == [1, 0, 1]
    assert table.loc[first, ["best_val_mae", "median_val_mae"]].tolist() == [5.0, 5.0]
    assert table.loc[first, "best_val_mae_run"] in (ids["b"], ids["c"])
    assert table.loc[second, ["best_roi", "median_roi"]].tolist() == [0.5, 0.5]
    assert pd.isna(table.loc[second, "best_val_mae"])
    assert utils.compare_phases(["Phase2_Advanced"], ["odd"], tracking_uri=uri)["best_odd"].isna().all()


def test_markets_are_never_ranked_against_each_other(uri):
    utils.setup_experiments(tracking_uri=uri)
    tracker = NBAPropsTracker("Phase1_Foundation", tracking_uri=uri)
    for name, market, mae in (("p1", "pra", 6.0), ("a1", "ast", 1.4), ("p2", "pra", 5.8), ("a2", "ast", 1.3)):
        with tracker.start_run(name, tags={"market": market}):
            tracker.log_metrics({"val_mae": mae})
    phases = utils.compare_phases(tracking_uri=uri)
    shown = phases[["experiment", "market", "runs", "best_val_mae", "median_val_mae"]].to_numpy().tolist()
    assert shown[:2] == [["Phase1_Foundation", "ast", 2, 1.3, 1.35], ["Phase1_Foundation", "pra", 2, 5.8, 5.9]]
    assert phases["experiment"].tolist() == ["Phase1_Foundation", *PHASES]
    assert phases["runs"].tolist() == [2, 2, 0, 0, 0]
    best = utils.best_with_trials(top_n=1, tracking_uri=uri)
    assert best[["market", "rank", "run_name", "val_mae", "runs_tried"]].to_numpy().tolist() == [
        ["ast", 1, "a2", 1.3, 2],
        ["pra", 1, "p2", 5.8, 2],
    ]
    assert best["n_predictions"].isna().all()
    # Expected largest of two: 0.5 sigma and a little; the spread is that within the market, not between markets.
    assert best["deflated"].tolist() == pytest.approx([1.3 + 0.0367, 5.8 + 0.0735], abs=1e-3)


def test_simulated_runs_are_a_market_of_their_own(uri):
    tracker = NBAPropsTracker("Phase1_Foundation", tracking_uri=uri)
    for name, kind, mae in (("real", "real", 6.0), ("sim", "SIMULATED", 5.0), ("sim2", "SIMULATED", 5.5)):
        with tracker.start_run(name, tags={"market": "pra", "data_kind": kind}):
            tracker.log_metrics({"val_mae": mae, "n_predictions": 120})
    best = utils.best_with_trials(top_n=1, tracking_uri=uri)
    assert best[["market", "run_name", "n_predictions", "runs_tried"]].to_numpy().tolist() == [
        ["pra", "real", 120, 1],
        ["pra SIMULATED", "sim", 120, 2],
    ]
    assert utils.compare_phases(tracking_uri=uri)["market"].tolist() == ["pra", "pra SIMULATED"]
    summary = utils.get_weekly_summary(tracking_uri=uri)
    assert summary["market"].tolist() == ["pra", "pra SIMULATED"]
    assert "pra SIMULATED" in utils.generate_report(tracking_uri=uri)


def test_runs_that_knew_from_the_box_score_who_was_out_are_ranked_apart(uri):
    tracker = NBAPropsTracker("Phase1_Foundation", tracking_uri=uri)
    known = {"plain": "last game", "report": "reported", "told": "stand-in from box scores"}
    for place, (name, availability) in enumerate(known.items()):
        tags = {"market": "pra", "data_kind": "real", "availability": availability}
        with tracker.start_run(name, tags=tags):
            tracker.log_metrics({"val_mae": 6.0 - place, "n_predictions": 120})

    best = utils.best_with_trials(top_n=1, tracking_uri=uri)

    assert best[["market", "run_name"]].to_numpy().tolist() == [["pra", "report"], ["pra STAND-IN", "told"]]


def test_every_page_is_read(filled, monkeypatch):
    uri, _ = filled
    monkeypatch.setattr("mlflow_integration.reading.reader.PAGE", 2)
    assert len(utils.search_runs(tracking_uri=uri)) == 5
    assert len(utils.search_runs(limit=3, tracking_uri=uri)) == 3
    assert len(Reader(uri).runs([])) == 0


def test_runs_are_a_table_of_numbers_texts_and_times(filled):
    uri, _ids = filled
    frame = utils.search_runs("Phase1_Foundation", order_by=["attributes.start_time ASC"], tracking_uri=uri)
    assert frame["run_name"].tolist() == ["a", "b", "c", "broken"]
    assert frame["metrics.val_mae"].tolist() == [6.0, 5.0, 5.0, 1.0]
    assert frame["params.depth"].tolist()[:3] == ["6", "6", "6"]
    assert str(frame["start_time"].dtype).startswith("datetime64[")
    assert "UTC" in str(frame["start_time"].dtype)
    listed = utils.list_runs(tracking_uri=uri)
    assert listed["run_name"].tolist()[0] == "d"
    assert {"val_mae", "roi", "market"} <= set(listed.columns)


@pytest.mark.parametrize("ending", [".csv", ".parquet", ".json"])
def test_runs_are_exported_whole(filled, tmp_path, ending):
    uri, ids = filled
    path = tmp_path / "out" / f"runs{ending}"
    assert utils.export_runs(path, "Phase1_Foundation", tracking_uri=uri) == 4
    read = {".csv": pd.read_csv, ".parquet": pd.read_parquet, ".json": pd.read_json}[ending]
    frame = read(path)
    assert sorted(frame["run_id"]) == sorted(ids[name] for name in ("a", "b", "c", "broken"))
    assert frame["metrics.val_mae"].sum() == 17.0
    assert list(path.parent.iterdir()) == [path]


def test_an_export_can_not_run_as_a_formula_in_a_spreadsheet(uri, tmp_path):
    tracker = NBAPropsTracker("x", tracking_uri=uri)
    with tracker.start_run("=HYPERLINK(1)"):
        tracker.log_metrics({"val_mae": -1.5})
    utils.export_runs(tmp_path / "runs.csv", tracking_uri=uri)
    text = (tmp_path / "runs.csv").read_bytes()
    assert text.startswith(b"\xef\xbb\xbf")
    frame = pd.read_csv(tmp_path / "runs.csv")
    assert frame["run_name"].tolist() == ["'=HYPERLINK(1)"]
    assert frame["metrics.val_mae"].tolist() == [-1.5]


def test_a_file_that_can_not_be_written_is_one_clear_error(filled, tmp_path):
    uri, _ = filled
    (tmp_path / "file").write_text("")
    with pytest.raises(TrackingError, match="cannot be written"):
        utils.export_runs(tmp_path / "file" / "x.csv", tracking_uri=uri)
    with pytest.raises(TrackingError, match=r"\.csv, \.parquet, \.json"):
        utils.export_runs(tmp_path / "x.xlsx", tracking_uri=uri)


def test_cleaning_up_only_tells_unless_asked_to_delete(uri):
    tracker = NBAPropsTracker("x", tracking_uri=uri)
    with tracker.start_run("good"):
        pass
    with pytest.raises(ZeroDivisionError), tracker.start_run("bad") as bad:
        1 / 0  # noqa: B018 - fails on purpose
    told = utils.cleanup_failed_runs(tracking_uri=uri)
    assert told[["run_name", "status", "deleted"]].to_numpy().tolist() == [["bad", "FAILED", False]]
    assert told["reason"].iloc[0].startswith("ZeroDivisionError")
    assert len(utils.search_runs(tracking_uri=uri)) == 2
    assert utils.cleanup_failed_runs(older_than_days=1, dry_run=False, tracking_uri=uri).empty
    assert utils.cleanup_failed_runs(dry_run=False, tracking_uri=uri)["deleted"].tolist() == [True]
    assert utils.search_runs(tracking_uri=uri)["run_name"].tolist() == ["good"]
    assert mlflow.MlflowClient(uri).get_run(bad.run_id).info.lifecycle_stage == "deleted"


def test_runs_that_claim_to_run_are_stale_only_when_asked_and_old(uri):
    tracker = NBAPropsTracker("x", tracking_uri=uri)
    old = int((datetime.now(UTC) - timedelta(hours=30)).timestamp() * 1000)
    tracker.client.create_run(tracker.experiment_id, start_time=old, run_name="stale")
    assert utils.cleanup_failed_runs(tracking_uri=uri).empty
    assert utils.cleanup_failed_runs(stale_hours=48, tracking_uri=uri).empty
    assert utils.cleanup_failed_runs(stale_hours=24, tracking_uri=uri)["run_name"].tolist() == ["stale"]


@pytest.mark.sqlite_only
def test_storage_is_counted_by_experiment_and_kind(uri):
    tracker = NBAPropsTracker("x", tracking_uri=uri)
    with tracker.start_run("a"):
        tracker.log_items([])
        tracker.log_training_config({"a": 1})
        tracker.log_predictions(pd.DataFrame({"a": [1, 2]}))
        tracker.log_residuals_plot([1.0, 2.0], [1.0, 2.5])
    table = utils.storage_report(tracking_uri=uri).set_index("kind")
    assert table.loc["documents", "bytes"] == len('{\n  "a": 1\n}\n')
    assert table.loc["tables", ["files", "bytes"]].tolist() == [1, len("a\r\n1\r\n2\r\n")]
    assert table.loc["plots", "files"] == 1
    assert table.loc["database", "bytes"] > 100_000
    assert table.loc["documents", "bytes_per_100"] == 100 * table.loc["documents", "bytes"]


def test_what_a_run_needs_to_be_run_again_is_read_back(filled):
    uri, ids = filled
    config = utils.clone_run_config(ids["a"], tracking_uri=uri)
    assert config.params == {"depth": "6"}
    assert config.tags == {"market": "pra"}
    assert config.training_config == {"market": "pra", "name": "a"}
    assert config.feature_config is None
    assert config.experiment == "Phase1_Foundation"
    assert config.datasets[0]["fingerprint"] == "f" * 64
    assert config.git_commit is not None
    assert json.loads(json.dumps(config.as_dict()))["run_id"] == ids["a"]
    with pytest.raises(TrackingError, match="0" * 32):
        utils.clone_run_config("0" * 32, tracking_uri=uri)


def test_the_week_counts_runs_and_tells_what_became_better(uri):
    tracker = NBAPropsTracker("x", tracking_uri=uri)
    long_ago = int((datetime.now(UTC) - timedelta(days=20)).timestamp() * 1000)
    run = tracker.client.create_run(tracker.experiment_id, start_time=long_ago, tags={"market": "pra"})
    tracker.client.log_metric(run.info.run_id, "val_mae", 6.0)
    tracker.client.log_metric(run.info.run_id, "roi", 0.05)
    tracker.client.set_terminated(run.info.run_id)
    with tracker.start_run("new", tags={"market": "pra"}):
        tracker.log_metrics({"val_mae": 5.5, "roi": 0.01})
    week = utils.get_weekly_summary(tracking_uri=uri)
    assert week.loc[0, ["experiment", "market", "runs", "finished", "failed"]].tolist() == ["x", "pra", 1, 1, 0]
    assert week.loc[0, ["val_mae", "val_mae_before", "val_mae_change"]].tolist() == [5.5, 6.0, "better"]
    assert week.loc[0, ["roi", "roi_before", "roi_change"]].tolist() == [0.01, 0.05, "no better"]
    assert utils.get_weekly_summary(days=30, tracking_uri=uri).loc[0, "runs"] == 2
    later = datetime.now(UTC) + timedelta(days=30)
    assert utils.get_weekly_summary(tracking_uri=uri, now=later).empty


def test_metrics_that_are_not_finite_are_in_no_ranking_and_break_no_report(uri):
    tracker = NBAPropsTracker("plain", tracking_uri=uri)
    for name, values in (
        ("nan", {"val_mae": float("nan"), "roi": float("nan")}),
        ("a", {"val_mae": 6.0, "roi": 0.02}),
        ("inf", {"val_mae": float("-inf"), "roi": float("inf")}),
        ("b", {"val_mae": 5.0, "roi": 0.01}),
    ):
        with tracker.start_run(name) as run:
            for metric, value in values.items():  # plain MLflow refuses neither
                tracker.client.log_metric(run.run_id, metric, value)
    best = utils.get_best_runs("plain", "roi", 2, tracking_uri=uri)
    assert best[["run_name", "rank", "metrics.roi"]].to_numpy().tolist() == [["a", 1, 0.02], ["b", 2, 0.01]]
    assert utils.get_best_runs("plain", "val_mae", 9, tracking_uri=uri)["run_name"].tolist() == ["b", "a"]
    tried = utils.best_with_trials("plain", "roi", tracking_uri=uri)
    assert tried[["run_name", "runs_tried"]].to_numpy().tolist() == [["a", 2], ["b", 2]]
    phase = utils.compare_phases("plain", ["val_mae", "roi"], tracking_uri=uri).iloc[0]
    assert (phase["best_val_mae"], phase["best_roi"], phase["median_roi"]) == (5.0, 0.02, 0.015)
    week = utils.get_weekly_summary("plain", tracking_uri=uri).iloc[0]
    assert (week["val_mae"], week["roi"], week["roi_change"]) == (5.0, 0.02, "first")
    weekly = utils.generate_weekly_report(tracking_uri=uri)
    for text in (utils.generate_report(tracking_uri=uri), weekly):
        assert "| – | val_mae | 5 | – | 2 |" in text
        assert "| – | roi | 0.02 | – | 2 |" in text
    assert "First results in no market." in weekly


def test_numbers_below_zero_stay_numbers_in_a_csv_and_formulas_do_not(uri, tmp_path):
    with NBAPropsTracker("export", tracking_uri=uri).start_run("r") as run:
        for key, value in {"n_jobs": "-1", "rate": "+1.5e-3", "sum": "=1+1", "minus": "-1+1"}.items():
            mlflow.MlflowClient(uri).log_param(run.run_id, key, value)
    utils.export_runs(tmp_path / "runs.csv", tracking_uri=uri)
    row = pd.read_csv(tmp_path / "runs.csv", dtype=str).iloc[0]
    assert row[[f"params.{key}" for key in ("n_jobs", "rate", "sum", "minus")]].tolist() == [
        "-1",
        "+1.5e-3",
        "'=1+1",
        "'-1+1",
    ]


def test_any_number_of_days_and_any_present_can_be_looked_back_from(filled):
    uri, _ = filled
    for options in ({"days": 1e9}, {"days": float("inf")}, {"now": datetime.now(UTC).replace(tzinfo=None)}):
        assert len(utils.get_weekly_summary(tracking_uri=uri, **options)) == 3
        assert "finished runs in the last" in utils.generate_report(tracking_uri=uri, **options)
    with pytest.raises(TrackingError, match="days"):
        utils.generate_weekly_report(tracking_uri=uri, days=-1)
