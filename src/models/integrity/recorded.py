"""What a run has recorded of itself, read back to be checked."""

from __future__ import annotations

import json
import re
import tempfile
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from mlflow_integration.logging.items import Table
from mlflow_integration.logging.sink import stage
from mlflow_integration.reading.artifacts import read_artifact
from mlflow_integration.reading.reader import Reader
from mlflow_integration.store.errors import store_errors
from mlflow_integration.store.model_files import load_logged
from mlflow_integration.store.search import last_model_id
from models.data import simulated_training_data
from models.integrity.compare import KEYS
from models.logged.prop_forecast import PropForecast
from nba_props.config import TrainerConfig, make_config
from nba_props.errors import DataError, ModelError
from nba_props.metrics import plain_metrics

if TYPE_CHECKING:
    from mlflow.entities import Run

    from models.data import TrainingData

PREDICTIONS: Final = "predictions.csv"
BETS: Final = "bets.csv"
_LEAGUE: Final = re.compile(r"SIMULATED league, seed (\d+)")


@dataclass(frozen=True)
class RecordedRun:
    """A run of the trainer, as the store has it.

    `document` is the content of its ``training_config.json``, `files` the names of its artifacts.
    """

    reader: Reader
    run: Run
    document: dict[str, Any]
    files: frozenset[str]

    @classmethod
    def read(cls, run_id: str, tracking_uri: str | Path | None = None) -> RecordedRun:
        """Read a run by its id, or the first characters of it.

        Raises:
            TrackingError: There is no such run.
            ModelError: It is none of the trainer's.
        """
        reader = Reader(tracking_uri)
        (whole,) = reader.run_ids([run_id])
        with store_errors(f"Reading run {whole}", reader.store.uri):
            run = reader.client.get_run(whole)
            files = frozenset(entry.path for entry in reader.client.list_artifacts(whole))
        if not {"training_config.json", PREDICTIONS} <= files:
            lacking = f"training_config.json or {PREDICTIONS} is missing"
            message = f"Run {whole} is not an evaluated run of train_model.py: {lacking}."
            raise ModelError(message)
        document = read_artifact(reader.client, reader.store.uri, whole, "training_config.json")
        return cls(reader, run, json.loads(document), files)

    @property
    def run_id(self) -> str:
        """Its whole id."""
        return str(self.run.info.run_id)

    @property
    def config(self) -> TrainerConfig:
        """Its settings."""
        return make_config(**self.document["config"])

    @property
    def fingerprint(self) -> str:
        """Fingerprint of the data it was trained on."""
        return str(self.document["data"]["fingerprint"])

    @property
    def metrics(self) -> dict[str, float]:
        """Its metrics by their plain names."""
        return plain_metrics(self.run.data.metrics)

    @cached_property
    def predictions(self) -> pd.DataFrame:
        """Its out-of-sample predictions, as the file holds them."""
        return self.table(PREDICTIONS)

    def table(self, name: str) -> pd.DataFrame:
        """A table among its artifacts, every number to the last bit."""
        with tempfile.TemporaryDirectory(prefix="nba_props_") as folder:
            path = Path(folder) / name
            path.write_bytes(read_artifact(self.reader.client, self.reader.store.uri, self.run_id, name))
            return read_table(path)

    def forecast(self) -> PropForecast | None:
        """The model it has logged, from files that are those that were logged; None where it logged none.

        Raises:
            ModelFilesError: A file of the model was changed; names it.
            ModelError: This code makes other numbers of it than the code that logged it.
        """
        client, uri = self.reader.client, self.reader.store.uri
        with store_errors(f"Reading the model of run {self.run_id}", uri):
            model_id = last_model_id(client, self.run)
        if model_id is None:
            return None
        loaded = load_logged(client, uri, model_id, self.run.data.tags)
        try:
            forecast = loaded.get_raw_model()
        except NotImplementedError:
            forecast = None
        return forecast if isinstance(forecast, PropForecast) else None

    def data(self, given: TrainingData | None) -> TrainingData:
        """The data it was trained on: those given, else the simulated league it names.

        Raises:
            DataError: It was trained on files, and none were given.
        """
        if given is not None:
            return given
        source = str(self.document["data"]["source"])
        league = _LEAGUE.fullmatch(source)
        if league is None:
            name = f"run {self.run_id}"
            raise DataError(
                name,
                f"it was trained on {source}",
                fix="Give the same files again: --data, --odds and what else it was trained with.",
            )
        return simulated_training_data(seed=int(league[1]))

    def check_data(self, data: TrainingData) -> None:
        """Refuse (DataError) data that are not those it was trained on; name both fingerprints."""
        tagged = self.run.data.tags.get("data_fingerprint", self.fingerprint)
        if tagged != self.fingerprint:
            raise DataError(
                "training_config.json",  # noqa: EM101 - the file's name
                f"it says that run {self.run_id} was trained on data {self.fingerprint}, and its tag says {tagged}",
                fix="One of the two was changed: restore it.",
            )
        if data.fingerprint != self.fingerprint:
            raise DataError(
                data.source,
                f"the data have the fingerprint {data.fingerprint}, and run {self.run_id} was trained on "
                f"{self.fingerprint} ({self.document['data']['source']})",
                fix="Give the box scores, lines, season table and availability it was trained on, all of them.",
            )


def read_table(path: Path) -> pd.DataFrame:
    """A table of a run as the tracker has written it: keys as text, numbers to the last bit."""
    return pd.read_csv(path, dtype=dict.fromkeys(KEYS, "str"), low_memory=False)


def as_recorded(name: str, frame: pd.DataFrame) -> pd.DataFrame:
    """A table written and read as one that the tracker logs under this name."""
    with tempfile.TemporaryDirectory(prefix="nba_props_") as folder:
        return read_table(stage(Table(name, frame), Path(folder)))
