"""A server that hangs, dies or restarts costs a run seconds and no number: what it logs waits and counts once."""

from __future__ import annotations

import contextlib
import signal
import time
from pathlib import Path

import mlflow
import pandas as pd
import pytest
from sklearn.linear_model import LinearRegression

from mlflow_integration import ModelRegistry, NBAPropsTracker
from mlflow_integration.commands import compare_experiments
from mlflow_integration.logging import spool as spools
from mlflow_integration.store.location import Store
from nba_props.errors import StoreError

pytestmark = pytest.mark.faults
FEATURES = pd.DataFrame({"a": [1.0, 2.0, 4.0]})
STEPS = 1000


def tracker_of(server, folder: Path, name: str, **more) -> NBAPropsTracker:
    """A tracker whose spool is below `folder`."""
    tracker = NBAPropsTracker(name, tracking_uri=server.url, **more)
    tracker.store = Store(server.url, folder)
    return tracker


def replay(server, capsys) -> tuple[int, str]:
    with pytest.raises(SystemExit) as caught:
        compare_experiments.app(["replay", "--tracking-uri", server.url])
    return int(caught.value.code or 0), capsys.readouterr().out


def timed(work, waits):
    """The same function, which adds the seconds of each call to `waits`."""

    def call(*arguments, **options):
        begun = time.monotonic()
        try:
            return work(*arguments, **options)
        finally:
            waits.append(time.monotonic() - begun)

    return call


def history(server, run_id: str) -> list[float]:
    return [entry.value for entry in mlflow.MlflowClient(server.url).get_metric_history(run_id, "val_mae_fold")]


@pytest.mark.parametrize("fault", ["kill -9 and restart", "SIGSTOP"])
def test_a_thousand_metrics_arrive_in_order_and_once_over_a_server_that_goes_away(
    server, tmp_path, survived, monkeypatch, fault
):
    monkeypatch.setattr(spools, "FIRST_RETRY", 0.5)
    tracker = tracker_of(server, tmp_path, fault)
    longest = 0.0
    with tracker.start_run("thousand") as run:
        for step in range(STEPS):
            if step == 100:
                server.kill() if fault != "SIGSTOP" else server.send(signal.SIGSTOP)
            if step == 900:
                server.start() if fault != "SIGSTOP" else server.send(signal.SIGCONT)
                server.wait()
                time.sleep(0.6)  # longer than the first pause between two looks
            begun = time.monotonic()
            tracker.log_metrics({"val_mae_fold": 10 - step / 1000}, step=step)
            longest = max(longest, time.monotonic() - begun)
    for _ in range(10):  # on a busy machine the end may have found the server slow: the user sends the rest
        list(spools.replay_spools(tracker.store, tracker.client))
        if not list((tmp_path / "mlflow_spool").iterdir()):
            break
    stored = mlflow.MlflowClient(server.url).get_run(run.run_id)
    assert history(server, run.run_id) == [10 - step / 1000 for step in range(STEPS)]
    assert stored.info.status == "FINISHED"
    assert not list((tmp_path / "mlflow_spool").iterdir())
    survived(f"{fault}: {STEPS} of {STEPS} metrics in order and once; longest call {longest:.1f} s (deadline 3 s)")


def test_a_run_that_ends_while_its_server_hangs_names_the_spool_and_the_command_that_sends_it(
    server, tmp_path, capsys, caplog, monkeypatch, survived
):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", server.url)
    monkeypatch.setattr("mlflow_integration.store.location.project_root", lambda start=None: tmp_path)
    tracker = NBAPropsTracker("hung")
    (tmp_path / "file.txt").write_text("kept")
    server_runs = mlflow.MlflowClient(server.url)
    waits = []
    for owner, name in ((spools, "perform"), (Store, "probe")):
        monkeypatch.setattr(owner, name, timed(getattr(owner, name), waits))
    try:
        with tracker.start_run("hung") as run:
            server.send(signal.SIGSTOP)
            waits.clear()
            tracker.log_params({"depth": 6})
            tracker.log_metrics({"val_mae": 5.0})
            tracker.log_artifacts(tmp_path / "file.txt")
            tracker.log_dataset(FEATURES, name="games")
            logged = tracker.log_model(LinearRegression().fit(FEATURES, FEATURES["a"]), input_example=FEATURES)
    finally:
        server.send(signal.SIGCONT)
        server.wait()
    waited, looks = sum(waits), len(waits) - 1
    assert logged.model_id == ""
    assert max(waits) < 6, "no call waits longer than the deadline of 3 s"
    assert waited < 6 + 4 * looks, "one deadline, and short looks whether it is back"
    (waiting,) = (tmp_path / "mlflow_spool").iterdir()
    assert str(waiting) in caplog.text
    assert "compare_experiments.py replay" in caplog.text
    code, out = replay(server, capsys)
    assert code == 0
    assert "sent" in out
    stored = server_runs.get_run(run.run_id)
    assert (stored.info.status, stored.data.params["depth"], stored.data.metrics["val_mae"]) == ("FINISHED", "6", 5.0)
    assert [entry.path for entry in server_runs.list_artifacts(run.run_id)] == ["file.txt"]
    assert len(stored.inputs.dataset_inputs) == 1
    registry = ModelRegistry(server.url)
    assert registry.register_model(run.run_id, "spooled") == 1
    registry.load_model("spooled", 1).predict(FEATURES)
    assert replay(server, capsys) == (0, "")
    survived(
        f"SIGSTOP until after the end: waited {waited:.1f} s in all (deadline 3 s, {looks} looks); parameters, "
        "metrics, file, data set and model replayed"
    )


def test_a_replay_that_is_interrupted_anywhere_goes_on_and_nothing_counts_twice(
    server, tmp_path, monkeypatch, survived
):
    tracker = tracker_of(server, tmp_path, "offline", offline=True)
    with tracker.start_run("offline", tags={"market": "pra"}):
        for step in range(5):
            tracker.log_metrics({"val_mae_fold": float(step)}, step=step)
        tracker.log_model(LinearRegression().fit(FEATURES, FEATURES["a"]), input_example=FEATURES)
    (folder,) = (tmp_path / "mlflow_spool").iterdir()
    store, client = Store(server.url, tmp_path), mlflow.MlflowClient(server.url)
    save = spools.Spool.save

    def dies_before_it_notes_what_it_did(self, state):
        raise KeyboardInterrupt

    for _ in range(4):  # the start, the metrics, the model, the end: each is done, and not noted
        monkeypatch.setattr(spools.Spool, "save", dies_before_it_notes_what_it_did)
        with pytest.raises(KeyboardInterrupt):
            list(spools.replay_spools(store, client))
        monkeypatch.setattr(spools.Spool, "save", save)
        one_step_further(folder, store, client, monkeypatch)
    assert [each.outcome for each in spools.replay_spools(store, client)] == []
    experiment = client.get_experiment_by_name("offline").experiment_id
    (run,) = client.search_runs([experiment])
    assert (run.info.status, run.info.run_name, run.data.tags["market"]) == ("FINISHED", "offline", "pra")
    assert history(server, run.info.run_id) == [0.0, 1.0, 2.0, 3.0, 4.0]
    (model,) = client.search_logged_models([experiment])
    assert model.status == "READY"
    survived("a replay interrupted after each of 4 operations, before it was noted: one run, 5 of 5 metrics, one model")


def one_step_further(folder, store, client, monkeypatch):
    """Let one operation be done and noted, and no more."""
    save, noted = spools.Spool.save, []

    def once(self, state):
        if noted:
            raise KeyboardInterrupt
        noted.append(state)
        save(self, state)

    monkeypatch.setattr(spools.Spool, "save", once)
    with contextlib.suppress(KeyboardInterrupt):
        list(spools.replay_spools(store, client))
    monkeypatch.setattr(spools.Spool, "save", save)


def test_a_server_that_is_away_from_the_start_is_told_at_once(survived):
    begun = time.monotonic()
    with pytest.raises(StoreError, match="No tracking server answers"):
        NBAPropsTracker("x", tracking_uri="http://127.0.0.1:9").start_run("x")
    took = time.monotonic() - begun
    assert took < 30
    survived(f"no server at all: said after {took:.1f} s")
