"""Cards in the store: each is a finished run of Phase4_Production, found again by its tags; and the one ledger."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from io import BytesIO
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from mlflow_integration import NBAPropsTracker
from mlflow_integration.logging.items import Document, Metrics, Table, Tags
from mlflow_integration.logging.sink import Sink
from mlflow_integration.reading.artifacts import read_artifact
from mlflow_integration.stages.rules import Stage
from mlflow_integration.store.processes import PROCESS_TAG, process_mark
from mlflow_integration.store.search import pages
from mlflow_integration.values.markdown import with_section
from models.live.page import card_html
from models.live.show import SETTLED_HEADING, card_document, card_note, settled_note
from models.view import NOTE_TAG
from nba_props.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from mlflow.entities import Run

    from models.live.card import Card

EXPERIMENT: Final = "Phase4_Production"
KIND: Final = "live_kind"
CARD: Final = "card"
LEDGER: Final = "ledger"
OPEN: Final = "open"
SETTLED: Final = "settled"
SUPERSEDED: Final = "superseded"
IN_SAMPLE: Final = "in sample"
"""Status of a card of a night that a model was trained on: it is not a forecast, is not settled and is in no ledger."""

PROPS_FILE: Final = "props.parquet"
BETS_FILE: Final = "bets.parquet"
FEATURES_FILE: Final = "features.parquet"
SETTLED_PROPS_FILE: Final = "settled_props.parquet"
SETTLED_BETS_FILE: Final = "settled_bets.parquet"


@dataclass(frozen=True)
class StoredCard:
    """A card as it is in the store.

    Attributes:
        revision: 1 for the first card of the night, one more for each with other lines.
        status: open, settled, superseded or in sample.
        key: Hash of its content.
        stage: Stage of the models: Production, or Staging for a shadow card.
        models: Market to name and version.
        data_kind: "SIMULATED" or "real".
    """

    run_id: str
    date: pd.Timestamp
    revision: int
    status: str
    key: str
    stage: str
    models: Mapping[str, tuple[str, int]]
    data_kind: str

    @property
    def name(self) -> str:
        """Name of its run."""
        return f"{'card' if self.stage == Stage.PRODUCTION.value else 'shadow_card'}_{self.date:%Y-%m-%d}"


class CardStore:
    """The cards and the ledger of one store."""

    def __init__(self, tracking_uri: str | None = None) -> None:
        self.tracker = NBAPropsTracker(EXPERIMENT, tracking_uri=tracking_uri)
        self._tables: dict[tuple[str, str], pd.DataFrame] = {}

    # -- cards ----------------------------------------------------------------------------------------------------

    def cards(
        self, *, date: pd.Timestamp | None = None, stage: str | None = None, kind: str | None = None
    ) -> list[StoredCard]:
        """Cards in order of nights and revisions: all, or those of a night, a stage, a kind of data."""
        where = f"attributes.status = 'FINISHED' and tags.{KIND} = '{CARD}'"
        where += f" and tags.card_date = '{date:%Y-%m-%d}'" if date is not None else ""
        where += f" and tags.card_stage = '{stage}'" if stage else ""
        where += f" and tags.data_kind = '{kind}'" if kind else ""
        found = sorted((_stored(run) for run in self._runs(where)), key=lambda card: (card.date, card.revision))
        last = {_slot(card): card.revision for card in found if card.status in {OPEN, SETTLED}}
        # A process that was killed after it made a revision has not marked the one before.
        return [
            replace(card, status=SUPERSEDED) if card.status == OPEN and card.revision < last[_slot(card)] else card
            for card in found
        ]

    def keep(self, card: Card, stage: str = Stage.PRODUCTION.value) -> tuple[StoredCard, bool]:
        """Keep a card as a run; the same card twice is one.

        Returns:
            The stored card, and whether it is new. Of several revisions of a night the last one is open and settled,
            the ones before are kept as superseded. One that is not a forecast supersedes none.

        Raises:
            ConfigError: The night's card is settled already, and this is another one.
        """
        earlier = self.cards(date=card.date, stage=stage, kind=card.slate.kind)
        if earlier and earlier[-1].key == card.key:
            return earlier[-1], False
        if any(each.status == SETTLED for each in earlier):
            message = f"The card of {card.date:%Y-%m-%d} is settled: another one made now would bet in hindsight."
            raise ConfigError(message)
        revision = 1 + max((each.revision for each in earlier), default=0)
        models = {market: (model.name, model.version) for market, model in card.models.items()}
        new = StoredCard(
            "",
            card.date,
            revision,
            IN_SAMPLE if card.in_sample else OPEN,
            card.key,
            stage,
            models,
            card.slate.kind,
        )
        about = {
            KIND: CARD,
            "card_date": f"{card.date:%Y-%m-%d}",
            "card_revision": str(revision),
            "card_stage": stage,
            "card_status": new.status,
            "card_key": card.key,
            "card_models": json.dumps(models),
            "decision": card.decision,
            "decision_time": "none" if card.decision_time is None else card.decision_time.isoformat(),
            "data_fingerprint": card.slate.fingerprint,
            "lines_fingerprint": card.slate.quotes_fingerprint,
            "data_kind": card.slate.kind,
            "data_source": card.slate.source,
            PROCESS_TAG: process_mark(),
        }
        with self.tracker.start_run(new.name, tags=about) as run:
            self.tracker.log_items(
                [
                    Metrics({"card_n_props": len(card.props), "card_n_bets": len(card.bets), **card.night}),
                    Table(PROPS_FILE, card.props),
                    Table("card.csv", card.props),
                    Table(BETS_FILE, card.bets),
                    Table(FEATURES_FILE, _features(card)),
                    Document("card.json", card_document(card, revision)),
                    Document("card.html", card_html(card, revision)),
                    Tags({NOTE_TAG: card_note(card, revision, f"#/experiments/{run.experiment_id}/runs/{run.run_id}")}),
                ]
            )
        for each in earlier:  # only once the new one is whole
            if each.status == OPEN and new.status == OPEN:
                self.tracker.client.set_tag(each.run_id, "card_status", SUPERSEDED)
        self._tables[run.run_id, PROPS_FILE] = card.props
        self._tables[run.run_id, BETS_FILE] = card.bets
        return replace(new, run_id=run.run_id), True

    def table(self, run_id: str, name: str) -> pd.DataFrame:
        """One table of a run; read once."""
        if (run_id, name) not in self._tables:
            self._tables[run_id, name] = pd.read_parquet(BytesIO(self._read(run_id, name)))
        return self._tables[run_id, name]

    def predictions(self, run_id: str) -> pd.DataFrame:
        """The out-of-sample predictions of the run that trained a model."""
        content = BytesIO(self._read(run_id, "predictions.csv"))
        return pd.read_csv(content, dtype={"game_id": "str"}, low_memory=False)  # whole columns have one type

    def _read(self, run_id: str, name: str) -> bytes:
        return read_artifact(self.tracker.client, self.tracker.tracking_uri, run_id, name)

    def settle(
        self,
        card: StoredCard,
        props: pd.DataFrame,
        bets: pd.DataFrame,
        metrics: Mapping[str, float],
        tags: Mapping[str, str],
    ) -> None:
        """Add what became of a card to its run, and mark it settled."""
        note = self.tracker.client.get_run(card.run_id).data.tags.get(NOTE_TAG, "")
        note = with_section(note, SETTLED_HEADING, settled_note(metrics))
        items: list[Any] = [
            Table(SETTLED_PROPS_FILE, props),
            Table(SETTLED_BETS_FILE, bets),
            Metrics(metrics),
            Tags({NOTE_TAG: note, **tags}),
        ]
        self._sink.write(card.run_id, items)
        self._sink.write(card.run_id, [Tags({"card_status": SETTLED})])  # only once its files are there
        self._tables[card.run_id, SETTLED_PROPS_FILE] = props
        self._tables[card.run_id, SETTLED_BETS_FILE] = bets

    def settled(self, cards: Iterable[StoredCard], name: str = SETTLED_PROPS_FILE) -> pd.DataFrame:
        """One table of all settled cards among `cards`, with ``card_date``, ``model``, ``version``, ``run_id``."""
        parts = []
        for card in cards:
            if card.status == SETTLED:
                rows = self.table(card.run_id, name)
                names = {market: model for market, (model, _) in card.models.items()}
                versions = {market: version for market, (_, version) in card.models.items()}
                parts.append(
                    rows.assign(
                        model=rows["market"].map(names), version=rows["market"].map(versions), run_id=card.run_id
                    )
                )
        return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()

    # -- the ledger -----------------------------------------------------------------------------------------------

    def keep_ledger(self, kind: str, stage: str, ledger: pd.DataFrame, metrics: Mapping[str, float]) -> str:
        """Write the one ledger of a kind of data and a stage; its run is made once. Returns the run's id."""
        run_id = self.ledger_run(kind, stage)
        shown: list[Any] = [Table("ledger.csv", ledger), Metrics(metrics)]
        compared = Table("ledger.parquet", ledger)
        if run_id is None:
            name = "live_ledger" if stage == Stage.PRODUCTION.value else "shadow_ledger"
            about = {KIND: LEDGER, "data_kind": kind, "card_stage": stage, PROCESS_TAG: process_mark()}
            with self.tracker.start_run(name, tags=about) as run:
                run_id = run.run_id
                self.tracker.log_items([*shown, compared])
        else:
            self._sink.write(run_id, shown)
            self._sink.write(run_id, [compared])  # last: the next settlement writes again what differs from it
        self._tables[run_id, "ledger.parquet"] = ledger
        return run_id

    def keep_verdict(self, document: Mapping[str, Any], market: str, kind: str) -> None:
        """Write the monitor's verdict on a market to the run of the ledger, if there is one."""
        run_id = self.ledger_run(kind)
        if run_id is not None:
            tags = Tags({f"verdict_{market}": str(document["verdict"])})
            self._sink.write(run_id, [Document(f"monitor_{market}.json", document), tags])

    def ledger_run(self, kind: str, stage: str = Stage.PRODUCTION.value) -> str | None:
        """Run that holds the ledger; None where nothing has been settled."""
        where = (
            f"attributes.status = 'FINISHED' and tags.{KIND} = '{LEDGER}' and tags.data_kind = '{kind}' "
            f"and tags.card_stage = '{stage}'"
        )
        found = self._runs(where)
        return str(found[0].info.run_id) if found else None

    @property
    def _sink(self) -> Sink:
        return Sink(self.tracker.client, self.tracker.tracking_uri)

    def _runs(self, where: str) -> list[Run]:
        search, ids = self.tracker.client.search_runs, [self.tracker.experiment_id]
        return list(pages(search, experiment_ids=ids, filter_string=where, max_results=1000))


def _slot(card: StoredCard) -> tuple[pd.Timestamp, str, str]:
    """What one card is open for at a time."""
    return card.date, card.stage, card.data_kind


def _stored(run: Run) -> StoredCard:
    tags = run.data.tags
    models = {market: (name, int(version)) for market, (name, version) in json.loads(tags["card_models"]).items()}
    return StoredCard(
        run_id=str(run.info.run_id),
        date=pd.Timestamp(tags["card_date"]),
        revision=int(tags["card_revision"]),
        status=tags["card_status"],
        key=tags["card_key"],
        stage=tags["card_stage"],
        models=models,
        data_kind=tags["data_kind"],
    )


def _features(card: Card) -> pd.DataFrame:
    """Who was forecast from which features, one row per player."""
    met = card.slate.met.to_numpy()
    return pd.concat([card.slate.players[met][["game_id", "player_id"]], card.slate.features[met]], axis=1)
