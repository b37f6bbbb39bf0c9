"""The garbage collector rests while runs are read, and only then."""

from __future__ import annotations

import gc

import pytest

from mlflow_integration.reading.reader import collector_paused


def test_the_collector_works_again_after_reading_and_after_an_error():
    with collector_paused():
        assert not gc.isenabled()
        with collector_paused():
            pass
        assert not gc.isenabled(), "the outer block still reads"
    assert gc.isenabled()
    with pytest.raises(ZeroDivisionError), collector_paused():
        1 / 0  # noqa: B018
    assert gc.isenabled()
