"""Items become few requests and whole files."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from types import SimpleNamespace

import matplotlib.pyplot as plt
import pandas as pd
import pytest
from matplotlib.figure import Figure as MatplotlibFigure

from mlflow_integration.logging.items import (
    Artifact,
    Document,
    Figure,
    History,
    Metrics,
    Params,
    Table,
    Tags,
    evaluation_items,
)
from mlflow_integration.logging.sink import Batch, Sink, stage
from nba_props.errors import NonFiniteMetricError, TrackingError


class Recorder:
    """Stands for MLflow's client and keeps what it was asked."""

    def __init__(self):
        self.batches = []
        self.files = []

    def log_batch(self, run_id, metrics, params, tags):
        self.batches.append((metrics, params, tags))

    def log_artifacts(self, run_id, folder):
        self.files += sorted(path.relative_to(folder).as_posix() for path in Path(folder).rglob("*") if path.is_file())

    def get_run(self, _):
        return SimpleNamespace(data=SimpleNamespace(tags={}))


class Evaluation:
    params = {"model": {"depth": 6}, "market": "pra"}
    metrics = {"val_mae": 5.9}
    tags = {"market": "pra"}
    fold_metrics = {"val_mae_fold": [6.0, 5.8]}
    tables = {"predictions.csv": pd.DataFrame({"a": [1]})}
    figures = {"plot.png": MatplotlibFigure}
    documents = {"training_config.json": {"x": 1}}


def test_one_evaluation_is_one_request_and_one_upload():
    client = Recorder()
    Sink(client, "x").write("r", evaluation_items(Evaluation()))
    assert len(client.batches) == 1
    metrics, params, tags = client.batches[0]
    assert {(m.key, m.value, m.step) for m in metrics} == {
        ("val_mae", 5.9, 0),
        ("val_mae_fold", 6.0, 0),
        ("val_mae_fold", 5.8, 1),
    }
    assert {(p.key, p.value) for p in params} == {("model.depth", "6"), ("market", "pra")}
    assert [(t.key, t.value) for t in tags] == [("market", "pra")]
    assert client.files == ["environment.json", "plot.png", "predictions.csv", "training_config.json"]


def test_nothing_is_sent_when_one_metric_is_not_finite():
    client = Recorder()
    with pytest.raises(NonFiniteMetricError, match="roi"):
        Sink(client, "x").write("r", [Params({"a": 1}), Document("a.json", {}), Metrics({"roi": float("nan")})])
    assert client.batches == []
    assert client.files == []


def test_what_is_left_out_is_named_in_a_tag_and_returned():
    client = Recorder()
    items = [Metrics({"roi": None, "val_mae": 3.0}), History("mae_fold", [1.0, float("nan")])]
    assert Sink(client, "x").write("r", items, allow_missing=True) == ("roi", "mae_fold.1")
    _, _, tags = client.batches[0]
    assert [(tag.key, tag.value) for tag in tags] == [("missing_metrics", "mae_fold.1, roi")]


def test_many_entries_are_split_within_the_limits_and_none_is_lost():
    batch = Batch.of(
        [
            Params({f"p{i}": i for i in range(230)}),
            Tags({f"t{i}": i for i in range(150)}),
            Metrics({f"m{i}": i for i in range(2100)}),
        ]
    )
    requests = list(batch.requests())
    for metrics, params, tags in requests:
        assert len(metrics) <= 1000
        assert len(params) <= 100
        assert len(tags) <= 100
        assert len(metrics) + len(params) + len(tags) <= 1000
    assert len(requests) == 3
    assert {name for _, params, _ in requests for name in params} == {f"p{i}" for i in range(230)}
    assert {name for _, _, tags in requests for name in tags} == {f"t{i}" for i in range(150)}
    assert sorted(value for metrics, _, _ in requests for _, value, _ in metrics) == list(range(2100))


def test_requests_stay_below_a_megabyte_even_with_long_texts_of_many_bytes():
    batch = Batch.of(
        [Params({f"p{i}": "ü" * 5990 for i in range(100)}), Tags({f"t{i}": '"' * 7990 for i in range(60)})]
    )
    requests = list(batch.requests())
    assert len(requests) > 1
    for metrics, params, tags in requests:
        assert len(json.dumps([metrics, params, tags], ensure_ascii=False).encode()) < 1_000_000


@pytest.mark.parametrize(("make", "limit", "folder"), [(Params, 6000, "params"), (Tags, 8000, "tags")])
def test_a_text_that_is_too_long_is_kept_whole_as_a_file_with_its_hash_in_place(make, limit, folder):
    text = "x" * (limit + 1)
    batch = Batch.of([make({"features": text})])
    stored = (batch.params or batch.tags)["features"]
    assert stored.startswith(f"sha256:{hashlib.sha256(text.encode()).hexdigest()}")
    assert batch.files == [Document(f"{folder}/features.txt", text)]
    assert Batch.of([make({"features": "x" * limit})]).files == []


def test_secrets_are_masked_by_value_and_by_name():
    batch = Batch.of(
        [Params({"uri": "postgresql://u:pw@h/d", "db_password": "pw", "tokens": 5}), Tags({"api_key": "k"})]
    )
    assert batch.params == {"uri": "postgresql://u:***@h/d", "db_password": "***", "tokens": "5"}
    assert batch.tags == {"api_key": "***"}


def test_secrets_are_masked_in_documents_by_name(tmp_path):
    content = {"db": {"password": "pw", "hosts": [{"api_key": "k", "name": "a"}]}, "tokens": 5, "token": None}
    stored = json.loads(stage(Document("training_config.json", content), tmp_path).read_text())
    assert stored == {"db": {"password": "***", "hosts": [{"api_key": "***", "name": "a"}]}, "tokens": 5, "token": None}
    assert "pw" in content["db"].values(), "what was handed in stays as it is"


def test_a_key_with_two_values_is_refused():
    with pytest.raises(TrackingError, match="'a' is given twice"):
        Batch.of([Params({"a": 1}), Params({"a": 2})])
    with pytest.raises(TrackingError, match="val_mae"):
        Batch.of([Metrics({"val_mae": 1.0}), History("val_mae", [1.0])])
    with pytest.raises(TrackingError, match="cannot be a key"):
        Batch.of([Tags({"a\nb": 1})])


@pytest.mark.parametrize("name", ["../x.json", "/x.json", "a/../../x.json", ""])
def test_artifacts_stay_inside_their_run(tmp_path, name):
    with pytest.raises(TrackingError, match="inside the run"):
        stage(Document(name, {}), tmp_path)


def test_tables_are_written_by_the_ending_of_their_name(tmp_path):
    frame = pd.DataFrame({"a": [1.5, None], "b": ["x", "y"]})
    for name, read in (("t.csv", pd.read_csv), ("d/t.csv.gz", pd.read_csv), ("t.parquet", pd.read_parquet)):
        pd.testing.assert_frame_equal(read(stage(Table(name, frame), tmp_path)), frame)
    named = frame.rename_axis("row")
    assert list(pd.read_csv(stage(Table("n.csv", named), tmp_path)).columns) == ["row", "a", "b"]
    with pytest.raises(TrackingError, match="ends in"):
        stage(Table("t.xlsx", frame), tmp_path)


def test_existing_files_and_folders_are_taken_and_missing_ones_named(tmp_path):
    source = tmp_path / "in"
    (source / "sub").mkdir(parents=True)
    (source / "sub" / "a.txt").write_text("a")
    stage(Artifact(source, "kept"), tmp_path / "out")
    assert (tmp_path / "out" / "kept" / "in" / "sub" / "a.txt").read_text() == "a"
    with pytest.raises(TrackingError, match="does not exist"):
        stage(Artifact(tmp_path / "none"), tmp_path / "out")


def test_drawing_leaves_pyplot_as_it_was_even_when_it_fails(tmp_path):
    mine = plt.figure()
    before = plt.get_fignums()

    def draw():
        return plt.figure()

    def fail():
        plt.figure()
        message = "no"
        raise ValueError(message)

    stage(Figure("a.png", draw), tmp_path)
    with pytest.raises(ValueError, match="no"):
        stage(Figure("b.png", fail), tmp_path)
    assert plt.get_fignums() == before
    stage(Figure("c.png", mine), tmp_path)
    assert plt.get_fignums() == before
    plt.close(mine)


def test_a_function_that_draws_nothing_is_named(tmp_path):
    with pytest.raises(TrackingError, match=r"a\.png.*NoneType"):
        stage(Figure("a.png", lambda: None), tmp_path)


def test_a_file_that_can_not_be_logged_keeps_the_numbers_of_the_same_call_from_being_sent(tracker, tmp_path):
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    with tracker.start_run("r") as run:
        for item in (
            Artifact(tmp_path / "missing.csv"),
            Artifact(tmp_path),
            Table("rows.txt", pd.DataFrame({"a": [1]})),
            Table(None, pd.DataFrame({"a": [1]})),
            Figure("plot.png", lambda: None),
        ):
            with pytest.raises(TrackingError):
                tracker.log_items([Metrics({"mae": 1.0}), Params({"a": 1}), item])
    data = tracker.client.get_run(run.run_id).data
    assert (data.metrics, data.params) == ({}, {})


def test_two_files_of_one_name_are_refused_instead_of_one_taking_the_others_place(tracker, tmp_path):
    paths = []
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        paths.append(tmp_path / folder / "rows.csv")
        paths[-1].write_text(folder)
    with tracker.start_run("r") as run:
        with pytest.raises(TrackingError, match=r"'rows\.csv'"):
            tracker.log_artifacts(paths)
        assert tracker.client.list_artifacts(run.run_id) == []
        tracker.log_artifacts(paths[0])
        tracker.log_artifacts(paths[1], folder="b")
    assert [entry.path for entry in tracker.client.list_artifacts(run.run_id)] == ["b", "rows.csv"]


def test_long_values_are_kept_whole_whatever_their_keys(tracker, tmp_path):
    values = {"a b": "x" * 7000, "a_b": "y" * 7000, "長" * 200: "z" * 7000}
    with tracker.start_run("r") as run:
        tracker.log_params(values)
    params = tracker.client.get_run(run.run_id).data.params
    for key, value in values.items():
        path = params[key].rsplit(": ", 1)[1].rstrip(")")
        assert Path(tracker.client.download_artifacts(run.run_id, path, str(tmp_path))).read_text() == value


def test_a_name_that_occurs_twice_in_a_series_is_refused(tracker):
    with tracker.start_run("r"), pytest.raises(TrackingError, match="twice"):
        tracker.log_metrics(pd.Series([1.0, 2.0], index=["mae", "mae"]))


def test_a_run_ends_with_its_reason_on_one_line_and_without_secrets(tracker):
    from mlflow_integration.logging.run import failure_of
    from mlflow_integration.logging.spool import Outbox

    sink = Sink(tracker.client, tracker.tracking_uri, Outbox(tracker.store, tracker.client))
    made, _ = sink.start((tracker.experiment_name, tracker.experiment_id), "broken", {"market": "pra"})
    error = ConnectionError("postgresql://ann:hunter2@db/x\ntoken=abc123 refused")
    sink.end(made.info.run_id, *failure_of(error))
    stored = tracker.client.get_run(made.info.run_id)
    assert stored.info.status == "FAILED"
    reason = "ConnectionError: postgresql://ann:***@db/x token=*** refused"
    assert stored.data.tags["failure_reason"] == reason
    assert failure_of(KeyboardInterrupt())[0] == "KILLED"


def test_a_history_is_one_value_per_step_under_one_name():
    batch = Batch.of([History("val_mae.x_fold", [3.0, 2.5]), Metrics({"val_mae": 2.7}, step=4)])
    assert batch.metrics == [("val_mae.x_fold", 3.0, 0), ("val_mae.x_fold", 2.5, 1), ("val_mae", 2.7, 4)]
    with pytest.raises(TrackingError, match="both as one number and as a history"):
        Batch.of([History("val_mae", [1.0]), Metrics({"val_mae": 1.0})])
    with pytest.raises(NonFiniteMetricError, match=r"fold\.0 = nan, fold\.2 = inf"):
        Batch.of([History("fold", [float("nan"), 1.0, float("inf")])])
