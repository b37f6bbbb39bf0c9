"""A full or read-only disk, a database that is gone: said in words, FAILED where that can be kept, no half file."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess

import pandas as pd
import pytest

from mlflow_integration import NBAPropsTracker
from mlflow_integration.reading.export import write_frame
from mlflow_integration.utils import search_runs
from nba_props.errors import StoreError, TrackingError

pytestmark = pytest.mark.faults
ROWS = pd.DataFrame({"text": ["x" * 1000] * 5000})


@pytest.fixture
def small_disk(tmp_path):
    """A disk of 3 MB of its own; skips where the machine does not allow to mount one."""
    folder = tmp_path / "small"
    folder.mkdir()
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", folder], capture_output=True, text=True, check=False
    )
    if done.returncode:
        pytest.skip(f"no disk can be mounted here: {done.stderr.strip()}")
    yield folder
    subprocess.run(["umount", "-l", folder], check=True)


def fill(folder) -> None:
    with (folder / "ballast").open("wb", buffering=0) as file:
        try:
            while True:
                file.write(b"0" * 4096)
        except OSError:
            pass


def files(folder):
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def no_raw_text(text: str) -> None:
    assert not any(sign in text for sign in ("[SQL", "sqlite3.", "sqlalche.me", "Traceback"))


def test_a_full_disk_under_the_artifacts_ends_the_run_failed_with_that_reason_and_no_half_file(
    tmp_path, small_disk, survived
):
    tracker = NBAPropsTracker("x", tracking_uri=tmp_path / "mlflow.db", artifact_location=(small_disk / "a").as_uri())
    with pytest.raises(TrackingError, match="No space left on device"), tracker.start_run("full") as run:
        tracker.log_metrics({"val_mae": 5.0})
        tracker.log_predictions(ROWS)
    stored = tracker.client.get_run(run.run_id)
    assert stored.info.status == "FAILED"
    assert "No space left on device" in stored.data.tags["failure_reason"]
    assert stored.data.metrics == {"val_mae": 5.0}
    assert files(small_disk) == []
    survived("full disk under the artifacts: FAILED with the reason, metrics kept, no file cut short")


def test_a_full_disk_under_the_database_is_said_in_words_and_the_store_stays_whole(small_disk, survived):
    tracker = NBAPropsTracker("x", tracking_uri=small_disk / "mlflow.db")
    with tracker.start_run("before") as run:
        tracker.log_metrics({"val_mae": 5.0})
    with pytest.raises(TrackingError, match="disk is full") as caught, tracker.start_run("full"):
        fill(small_disk)
        for step in range(3000):
            tracker.log_metrics({f"m{step % 100}": 1.0}, step=step)
    no_raw_text(str(caught.value))
    (small_disk / "ballast").unlink()
    assert (
        search_runs(tracking_uri=small_disk / "mlflow.db").set_index("run_id").loc[run.run_id, "status"] == "FINISHED"
    )
    survived("full disk under the database: said in words, the store opens, the run before is FINISHED")


def test_a_read_only_disk_is_said_in_words_and_can_be_read(small_disk, tmp_path, survived):
    with NBAPropsTracker("x", tracking_uri=tmp_path / "made.db").start_run("before"):
        pass
    shutil.copy(tmp_path / "made.db", small_disk / "mlflow.db")
    subprocess.run(["mount", "-o", "remount,ro", small_disk], check=True)
    with pytest.raises(TrackingError, match="cannot be written") as caught:
        NBAPropsTracker("x", tracking_uri=small_disk / "mlflow.db").start_run("x")
    no_raw_text(str(caught.value))
    assert len(search_runs(tracking_uri=small_disk / "mlflow.db")) == 1
    with pytest.raises(TrackingError, match="cannot be written"):
        write_frame(ROWS, small_disk / "x.csv")
    survived("read-only disk: said in words, the runs on it can be read")


def test_a_full_disk_under_an_export_leaves_the_old_file_whole(small_disk, survived):
    target = small_disk / "x.csv"
    write_frame(ROWS.head(2), target)
    before = target.read_bytes()
    with pytest.raises(TrackingError, match="No space left on device"):
        write_frame(ROWS, target)
    assert target.read_bytes() == before
    assert files(small_disk) == ["x.csv"]
    survived("full disk under an export: the old file is whole, nothing beside it")


@pytest.mark.parametrize("fault", ["deleted", "replaced"])
def test_a_database_that_is_deleted_or_replaced_under_a_run_is_noticed_at_the_next_entry(tmp_path, fault, survived):
    path = tmp_path / "mlflow.db"
    tracker = NBAPropsTracker("x", tracking_uri=path)
    says = "is gone" if fault == "deleted" else "replaced by another file"
    with pytest.raises(StoreError, match=says), tracker.start_run("x"):
        content = path.read_bytes()
        path.unlink()
        if fault == "replaced":
            (tmp_path / "other.db").write_bytes(content)
            os.link(tmp_path / "other.db", path)
        tracker.log_metrics({"val_mae": 5.0})
    survived(f"database {fault} under a run: an error at the next entry")


def full(*_):
    raise OSError(errno.ENOSPC, "No space left on device")


def test_where_no_disk_can_be_mounted_a_write_that_fails_leaves_no_half_file_either(tmp_path, monkeypatch, survived):
    tracker = NBAPropsTracker("x", tracking_uri=tmp_path / "mlflow.db")
    with pytest.raises(TrackingError, match="No space left"), tracker.start_run("full") as run:
        monkeypatch.setattr(os, "fsync", full)
        tracker.log_predictions(ROWS.head(3))
    monkeypatch.undo()
    assert tracker.client.get_run(run.run_id).info.status == "FAILED"
    assert tracker.client.list_artifacts(run.run_id) == []
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(TrackingError, match="No space left"):
        write_frame(ROWS.head(3), tmp_path / "x.csv")
    assert not list(tmp_path.glob("*.csv"))
    assert not list(tmp_path.glob("*.part"))
    survived("a write that the disk refuses: FAILED, no half file, without a disk of its own")
