"""What every test shares: no display, and the way to the real data beside the checkout."""

from __future__ import annotations

from pathlib import Path

import matplotlib
import pytest
from hypothesis import settings

matplotlib.use("Agg")
# A busy machine is no failure: examples have no time limit of their own.
settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")

REALDATA = Path(__file__).resolve().parents[2] / "shared" / "realdata"


@pytest.fixture(scope="session")
def realdata_dir() -> Path:
    """Folder of the real box scores and lines; skips the test, with the reason, where there is none."""
    if not REALDATA.is_dir():
        pytest.skip(f"no real data at {REALDATA}")
    return REALDATA
