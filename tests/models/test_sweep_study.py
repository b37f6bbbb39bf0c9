"""What a sweep draws and ends early depends on the seed, the slot and earlier batches, not on where it was cut."""

from __future__ import annotations

import math

import pandas as pd
import pytest

from models.sweep.search_space import Sweep
from models.sweep.study import SweepStudy
from nba_props.errors import ConfigError

N_TRIALS = 11
BATCH = 4
STEPS = 4
SPACE = {
    "rate": {"type": "float", "low": 0.01, "high": 1.0, "log": True},
    "leaves": {"type": "int", "low": 2, "high": 64},
}


class KilledError(Exception):
    """The process is gone."""


def opened(path, pruner="median", process="a:1:1") -> SweepStudy:
    sweep = Sweep(space=SPACE, pruner=pruner, startup_trials=1, batch=BATCH)
    return SweepStudy(path / "sweep.db", "study", sweep, seed=8, process=process)


def loss(values, step: int) -> float:
    """Pooled error after `step` folds: good settings tell themselves from bad ones early, but not perfectly."""
    distance = math.log(values["rate"] / 0.1) ** 2 + (values["leaves"] - 20) ** 2 / 400
    return 0.2 * distance + math.cos(7 * values["leaves"] * step) / step


def go(study: SweepStudy, n_trials: int, *, killed_before: int | None = None) -> None:
    """As the sweep does it; `killed_before` is the slot that was about to be finished."""
    study.claim(lambda mark: False)
    for batch in study.batches(n_trials, {"rate": 0.9, "leaves": 60}):
        pruned = set()
        for step in range(1, STEPS + 1):
            for slot in batch:
                ended = slot.number not in pruned and study.report(slot, loss(slot.values, step), step)
                if ended and step < STEPS:
                    pruned.add(slot.number)
        for slot in batch:
            study.note(slot, folds=STEPS, fit_seconds=0.0)
            if slot.number == killed_before:
                raise KilledError
            study.tell(slot, None if slot.number in pruned else loss(slot.values, STEPS))
    study.release()


def table_of(study: SweepStudy) -> pd.DataFrame:
    return study.table().drop(columns="fit_seconds")


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """What a sweep in one go comes to."""
    study = opened(tmp_path_factory.mktemp("whole"))
    go(study, N_TRIALS)
    found = table_of(study)
    study.close()
    return found


def test_a_sweep_in_one_go_prunes_some_trials_of_later_batches(whole):
    assert list(whole["trial"]) == list(range(N_TRIALS))
    assert whole.drop_duplicates(["rate", "leaves"]).shape[0] == N_TRIALS
    pruned = set(whole.loc[whole["state"] == "PRUNED", "trial"])
    assert pruned
    assert min(pruned) >= BATCH, "the first batch has nobody to be compared with"
    assert len(pruned) < N_TRIALS - BATCH


def test_a_sweep_in_several_goes_draws_prunes_and_finds_the_same(whole, tmp_path):
    for process, n_trials in enumerate([1, 6, 9, N_TRIALS]):
        study = opened(tmp_path, process=f"a:{process}:1")
        go(study, n_trials)
        assert list(table_of(study)["trial"]) == list(range(n_trials))
        pd.testing.assert_frame_equal(table_of(study), whole.head(n_trials), check_exact=True)
        study.close()


def test_a_sweep_killed_in_the_midst_of_two_batches_draws_prunes_and_finds_the_same(whole, tmp_path):
    for process, slot in enumerate([2, 6]):
        study = opened(tmp_path, process=f"a:{process}:1")
        with pytest.raises(KilledError):
            go(study, N_TRIALS, killed_before=slot)
        assert len(study.finished()) == slot
        study.close()
    last = opened(tmp_path, process="a:2:1")
    go(last, N_TRIALS)
    pd.testing.assert_frame_equal(table_of(last), whole, check_exact=True)
    last.close()


def test_a_sweep_killed_while_it_took_up_a_batch_that_was_half_drawn_finds_the_same(whole, tmp_path):
    for process, slots in enumerate([(0, 1), (0,)]):
        study = opened(tmp_path, process=f"a:{process}:1")
        study.claim(lambda mark: False)
        for slot in slots:
            study._trial_of_slot(slot, {"rate": 0.9, "leaves": 60})
        study.close()
    last = opened(tmp_path, process="a:2:1")
    go(last, N_TRIALS)
    pd.testing.assert_frame_equal(table_of(last), whole, check_exact=True)
    last.close()


@pytest.mark.parametrize("pruner", ["median", "halving"])
def test_a_trial_is_compared_with_earlier_batches_alone_whatever_became_of_its_own(pruner, tmp_path):
    study = opened(tmp_path, pruner)
    batches = study.batches(2 * BATCH, None)
    for slot, value in zip(next(batches), [1.0, 9.0, 9.0, 9.0], strict=True):
        assert not study.report(slot, value, 1)
        study.tell(slot, value)
    best, better, good, bad = next(batches)
    for slot in (best, better):
        study.report(slot, 0.0, 1)
        study.tell(slot, 0.0)
    # Among 1, 9, 9, 9 it is in the better half; among 0, 0, 1, 9, 9, 9 it would be in the worse one.
    assert not study.report(good, 8.0, 1)
    assert study.report(bad, 10.0, 1)
    study.close()


def test_without_a_pruner_no_trial_is_ended_early(tmp_path):
    study = opened(tmp_path, "none")
    batches = study.batches(2 * BATCH, None)
    for batch, value in zip(batches, [0.0, 1e9], strict=True):
        for slot in batch:
            assert not study.report(slot, value, 1)
            study.tell(slot, value)
    study.close()


def test_a_sweep_is_refused_while_another_process_is_at_it_and_free_when_that_one_leaves(tmp_path):
    first, second = opened(tmp_path, process="a:1:1"), opened(tmp_path, process="b:2:2")
    first.claim(lambda mark: False)
    (slot, *_) = next(first.batches(1, None))
    with pytest.raises(ConfigError, match=r"another process.*sweep\.db"):
        second.claim(lambda mark: mark == "a:1:1")
    second.release()
    assert first.study.trials[slot.trial.number].state.name == "RUNNING", "not the second one's to end"
    first.release()
    assert first.study.trials[slot.trial.number].state.name == "FAIL"
    second.claim(lambda mark: mark == "a:1:1")
    first.close()
    second.close()
