"""Training a run again from what it has recorded, and saying where the result differs, and what has changed since."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pandas as pd
from pydantic import TypeAdapter

from mlflow_integration.logging.environment import standard_tags
from mlflow_integration.store.errors import store_errors
from mlflow_integration.store.location import project_root
from models.identity import code
from models.integrity.compare import Check, IntegrityReport, compare_numbers, compare_tables
from models.integrity.recorded import BETS, PREDICTIONS, RecordedRun, as_recorded
from models.studies import RULE_TAG, Study
from models.train_model_mlflow import NBAPropsMLflowTrainer
from nba_props.metrics import plain_key

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from models.data import TrainingData
    from models.view import EvaluationView

_CLOCK: Final = frozenset({"training_time"})
"""Metrics that a clock tells: no two runs share them."""
_BET_KEYS: Final = ("game_id", "player_id", "bookmaker", "side", "line")


def reproduce_run(
    run_id: str,
    training_data: TrainingData | None = None,
    *,
    tracking_uri: str | Path | None = None,
    workers: int = 0,
    on_fold: Callable[[str, int, int], None] | None = None,
) -> IntegrityReport:
    """Train a run again from its recorded settings and compare predictions, bets, metrics and histories bit by bit.

    Nothing is logged. Other data, code or packages than the run's are used all the same, and named in ``changes``: they
    are why numbers may differ.

    Args:
        run_id: The run, or the first characters of its id.
        training_data: The data to train on; the simulated league it names by default.
        tracking_uri: The store.
        workers: Fits side by side; 0: one per core. No number depends on it.
        on_fold: Called with (market, fits done, fits in all) after each fit.

    Raises:
        TrackingError: There is no such run.
        ModelError: It is none of the trainer's.
        DataError: It was trained on files, and none were given.
    """
    recorded = RecordedRun.read(run_id, tracking_uri)
    data = recorded.data(training_data)
    tags = recorded.run.data.tags
    trainer = NBAPropsMLflowTrainer(
        config=recorded.config.model_copy(update={"workers": workers}),
        training_data=data,
        study=_study_of(recorded.document),
        tags={RULE_TAG: tags[RULE_TAG]} if RULE_TAG in tags else {},
        on_fold=on_fold,
    )
    view = trainer.view(int(recorded.metrics.get("n_trials", 1)))
    checks = [_table(recorded, view, PREDICTIONS), *_bets(recorded, view), _metrics(recorded, view)]
    checks.append(_histories(recorded, view))
    return IntegrityReport(recorded.run_id, tuple(checks), changes(recorded, data))


def changes(recorded: RecordedRun, data: TrainingData) -> pd.DataFrame:
    """What has changed since the run was made: ``what``, ``recorded``, ``now``."""
    was, now = recorded.run.data.tags, standard_tags(project_root())
    pairs = {
        "data fingerprint": (recorded.fingerprint, data.fingerprint),
        "code": (recorded.document.get("code") or was.get("code_version"), code()),
        "git commit": (was.get("git_commit"), now.get("git_commit")),
        "uncommitted changes": (was.get("git_dirty"), now.get("git_dirty")),
    }
    packages, today = _versions(was.get("environment", "")), _versions(now["environment"])
    pairs |= {name: (packages.get(name), today.get(name)) for name in sorted({*packages, *today})}
    rows = [(what, old or "not recorded", new or "not there") for what, (old, new) in pairs.items() if old != new]
    return pd.DataFrame(rows, columns=["what", "recorded", "now"])


def _versions(text: str) -> dict[str, str]:
    """Package to version, of the tag ``environment``.

    >>> _versions("python 3.11.9, numpy 2.4.0")
    {'python': '3.11.9', 'numpy': '2.4.0'}
    """
    pairs = (part.rpartition(" ") for part in text.split(", ") if part)
    return {name: version for name, _, version in pairs}


def _study_of(document: dict[str, Any]) -> Study | None:
    content = document.get("study")
    if content is None:
        return None
    study: Study = TypeAdapter(Study).validate_python(content)
    return study


def _table(recorded: RecordedRun, view: EvaluationView, name: str, keys: tuple[str, ...] | None = None) -> Check:
    now = as_recorded(name, view.tables[name])
    table = recorded.table(name)
    return compare_tables(name, table, now) if keys is None else compare_tables(name, table, now, keys)


def _bets(recorded: RecordedRun, view: EvaluationView) -> list[Check]:
    had, has = BETS in recorded.files, BETS in view.tables
    if had and has:
        return [_table(recorded, view, BETS, _BET_KEYS)]
    if not had and not has:
        return []
    said = "the run has bets, and now there are none" if had else "the run has no bets, and now there are some"
    return [Check(BETS, 0, reason=said)]


def _metrics(recorded: RecordedRun, view: EvaluationView) -> Check:
    was, now = recorded.metrics, {plain_key(name): value for name, value in view.metrics.items()}
    kept = {name: value for name, value in was.items() if name not in _CLOCK and name not in view.fold_metrics}
    return compare_numbers("metrics", kept, {name: value for name, value in now.items() if name not in _CLOCK})


def _histories(recorded: RecordedRun, view: EvaluationView) -> Check:
    """The curves, value by value; of each the run shows every step."""
    client, was, now = recorded.reader.client, [], []
    stored = {plain_key(name): name for name in recorded.run.data.metrics}
    for name, values in view.fold_metrics.items():
        now += [(name, step, value) for step, value in enumerate(values)]
        if name in stored:
            with store_errors(f"Reading the history of {name}", recorded.reader.store.uri):
                points = client.get_metric_history(recorded.run_id, stored[name])
            was += [(name, point.step, point.value) for point in points]
    columns = ["metric", "step", "value"]
    tables = [pd.DataFrame(rows, columns=columns) for rows in (was, now)]
    return compare_tables("histories", tables[0], tables[1], ("metric", "step"))
