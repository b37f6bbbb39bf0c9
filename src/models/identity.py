"""What a run is known by: its settings, its data and the code that computes it."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Final

from nba_props.content import fingerprint
from nba_props.plugins import plugins_digest
from nba_props.version import code_version

if TYPE_CHECKING:
    from models.data import TrainingData
    from models.studies import Study
    from nba_props.config import TrainerConfig
    from nba_props.evaluation.market import MarketEvaluation

PROPS_TAG: Final = "props_fingerprint"
"""Tag of a run with its `props_key`."""


def code() -> str:
    """Which code computes: a hash of the packages, and one of the plug-in files where there are any."""
    packages = ("nba_props", "nba_league", "models", "mlflow_integration")
    return "+".join(filter(None, (code_version(*packages), plugins_digest())))


def short_hash(content: object) -> str:
    """First 16 hexadecimal digits of the SHA-256 of plain values."""
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:16]


def settings_key(config: TrainerConfig, study: Study | None, data: TrainingData) -> str:
    """The key shared by runs whose numbers must agree; the number of fits side by side is not part of it."""
    return short_hash(
        {
            "config": config.model_dump(mode="json", exclude={"workers"}),
            "study": None if study is None else study.model_dump(mode="json"),
            "data": data.fingerprint,
            "code": code(),
        }
    )


def props_key(evaluation: MarketEvaluation) -> str | None:
    """Which props the scores of a run refer to: runs with the same key are comparable; None where none was scored."""
    scored = evaluation.scored_props()
    if scored.empty:
        return None
    return fingerprint(scored[["game_id", "player_id", "line"]].reset_index(drop=True))
