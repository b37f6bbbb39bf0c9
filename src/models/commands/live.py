"""What the commands of the live loop do between their options and their output."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING

import pandas as pd

from mlflow_integration import ModelRegistry
from mlflow_integration.cli import DONE, REFUSED, emit_json, emit_text, note, progress, show_table
from mlflow_integration.stages.rules import Stage
from mlflow_integration.store.location import resolve_store
from models.commands.training import load_input
from models.live.checks import model_name, models_in_use
from models.live.monitor import MonitorReport, Verdict, apply_verdict, can_go_back, monitor_model
from models.live.page import write_card
from models.live.record import CardStore
from models.live.replay import Replay, replay_season
from models.live.settle import settle_cards
from models.live.shadow import record_shadows
from models.live.show import card_document, card_frame, card_title
from models.live.slate import flag_by_market
from models.live.tonight import check_sources, check_stage, load_sources, tonight
from nba_props.atomic import write_atomically
from nba_props.data import join_odds
from nba_props.errors import ConfigError, TrackingError, UnknownModelError
from nba_props.markets import MARKETS

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from models.live.replay import ReplaySettings
    from models.live.tonight import CardRequest
    from nba_props.config import TrainerConfig


def parse_day(text: str, option: str) -> pd.Timestamp:
    """A day; ConfigError where the text is none.

    >>> parse_day("2025-01-14", "--date").date().isoformat()
    '2025-01-14'
    """
    try:
        day = pd.Timestamp(pd.to_datetime(text, format="%Y-%m-%d"))
    except ValueError as error:
        message = f"{option} is {text!r}; give a day as 2025-01-14."
        raise ConfigError(message) from error
    return day


def parse_moment(text: str, option: str) -> pd.Timestamp:
    """A moment in UTC; ConfigError where the text is none.

    >>> parse_moment("2025-01-14T22:30", "--at").isoformat()
    '2025-01-14T22:30:00+00:00'
    """
    try:
        return pd.Timestamp(pd.to_datetime(text, utc=True, format="ISO8601"))
    except ValueError as error:
        message = f"{option} is {text!r}; give a time in UTC as 2025-01-14T22:30."
        raise ConfigError(message) from error


def make_and_show_card(
    request: CardRequest,
    data: Sequence[Path] | None,
    odds: Sequence[Path] | None,
    availability: Sequence[Path] | None,
    fixtures: Sequence[Path] | None = None,
    *,
    seed: int,
    tracking_uri: str | None,
    output: Path,
    top: int,
    as_json: bool,
) -> None:
    """Make a card, keep it, write its files and print its best `top` props."""
    sources = load_sources(data, odds, seed, availability, fixtures)
    registry, store = ModelRegistry(tracking_uri), CardStore(tracking_uri)
    card, stored, new = tonight(sources, request, registry, store)
    try:
        paths = write_card(card, stored.revision, output)
    except TrackingError as error:
        message = f"{error}. The card is kept as run {stored.run_id}; the same with another --output writes its files."
        raise ConfigError(message) from error
    if as_json:
        emit_json({**card_document(card, stored.revision), "run_id": stored.run_id})
        return
    show_table(card_frame(card, top), title=card_title(card, stored.revision))
    for warning in card.warnings:
        note(warning)
    state = "new" if new else "the same as before"
    note(f"{len(card.bets)} bets; {state}: run {stored.run_id} ({stored.name}, revision {stored.revision}).")
    note(f"Written: {', '.join(map(str, paths))}")


def settle_and_show(
    data: Sequence[Path] | None,
    odds: Sequence[Path] | None,
    stage: str,
    fixtures: Sequence[Path] | None = None,
    *,
    seed: int,
    tracking_uri: str | None,
    as_json: bool,
) -> None:
    """Settle the cards and print the result."""
    check_stage(stage)
    check_sources(data, odds, fixtures)
    resolve_store(tracking_uri).client(create=False)  # a store that is not there holds no card
    sources = load_sources(data, odds, seed, fixtures=fixtures)
    quotes = None
    if len(sources.odds):
        flagged = flag_by_market(join_odds(sources.odds, sources.games, fixtures=sources.fixtures).quotes)
        quotes = flagged[flagged.pop("reason") == ""].reset_index(drop=True)
    store = CardStore(tracking_uri)
    found = settle_cards(store, sources.games, quotes, kind=sources.kind, stage=stage)
    shadows = stage == Stage.STAGING.value
    for report in record_shadows(store, ModelRegistry(tracking_uri), sources.kind) if shadows else []:
        note(f"{report.model_name} version {report.version} in Staging: {report.summary}")
    counts = {"settled": len(found.settled), "open": len(found.open), "unchanged": len(found.unchanged)}
    if as_json:
        changes = found.changes.assign(game_date=found.changes["game_date"].astype(str)).to_dict("records")
        emit_json({**counts, "changes": changes, "metrics": found.metrics})
        return
    for card in found.settled:
        note(f"{card.name} revision {card.revision}: settled")
    for card in found.open:
        note(f"{card.name} revision {card.revision}: open, for the box scores do not hold all of its games yet")
    if len(found.changes):
        show_table(found.changes.assign(game_date=found.changes["game_date"].astype(str)), title="Corrected results")
    if found.metrics:
        rows = [{"metric": name, "value": value} for name, value in sorted(found.metrics.items())]
        show_table(pd.DataFrame(rows), title=f"All settled cards, {sources.kind} data")
    emit_text(", ".join(f"{number} {name}" for name, number in counts.items()) + ".", None)


def watch_and_show(
    markets: Sequence[str] | None, *, simulated: bool, apply: bool, tracking_uri: str | None, as_json: bool
) -> int:
    """Print the monitor's verdict on each model in Production; returns the exit code."""
    registry, store = ModelRegistry(tracking_uri), CardStore(tracking_uri)
    kind = "SIMULATED" if simulated else "real"
    table = registry.list_models()
    held = set(table.loc[table["stage"] == "Production", "model"]) if len(table) else set()
    chosen = [name for name in MARKETS if model_name(name, kind) in held] if markets is None else list(markets)
    if not chosen:
        message = f"No model of {kind} data is in Production." + (
            "" if simulated else " Those of the league: --simulated."
        )
        raise UnknownModelError(message)
    reports = []
    for market, model in models_in_use(registry, chosen, kind).items():
        earlier = can_go_back(registry.transition_history(model.name), model.version)
        report = monitor_model(model, store, store.predictions(model.run_id), earlier=earlier)
        reports.append(apply_verdict(report, registry) if apply else report)
        store.keep_verdict(reports[-1].document(), market, kind)
    if as_json:
        emit_json([report.document() for report in reports])
    else:
        show_table(report_frame(reports), title=f"Models in Production, {kind} data")
        for report in reports:
            for reason in report.reasons:
                note(f"{report.model} version {report.version}: {report.verdict}: {reason}")
            if report.rolled_back_to is not None:
                note(f"{report.model}: version {report.rolled_back_to} is in Production again")
    return REFUSED if any(report.verdict in {Verdict.RETRAIN, Verdict.ROLL_BACK} for report in reports) else DONE


def report_frame(reports: Sequence[MonitorReport]) -> pd.DataFrame:
    """One row per model, with the figures of the last 30 days."""
    rows = []
    for report in reports:
        window = report.windows.iloc[-1].to_dict() if len(report.windows) else {}
        rows.append(
            {
                "model": report.model,
                "version": report.version,
                "verdict": report.verdict.value,
                "nights": report.nights,
                "age, days": report.age_days,
                **{f"{name}, 30 days": window.get(name, float("nan")) for name in ("bias", "mae_gap", "brier_gap")},
                "calibration slope": float("nan") if report.calibration is None else report.calibration,
                "largest drift": max(report.drift.values(), default=float("nan")),
            }
        )
    return pd.DataFrame(rows)


def replay_and_show(
    settings: ReplaySettings,
    configs: Sequence[TrainerConfig],
    data: Sequence[Path] | None,
    odds: Sequence[Path] | None,
    availability: Sequence[Path] | None = None,
    fixtures: Sequence[Path] | None = None,
    *,
    seed: int,
    output: Path,
    as_json: bool,
) -> int:
    """Replay a season, write the result and print it; returns the exit code."""
    loaded = load_input(data, odds, None, seed, None, availability, fixtures)
    markets = "_".join(config.market for config in configs)
    folder = output / f"{settings.start:%Y-%m-%d}_{settings.end:%Y-%m-%d}_{markets}"
    store = folder / "mlflow.db"
    if store.exists():
        message = f"{folder} holds a replay already: move it away, or give another --output."
        raise ConfigError(message)
    uri = f"sqlite:///{store.resolve()}"
    days = loaded.quotes.loc[loaded.quotes["market"].isin([config.market for config in configs]), "game_date"]
    nights = days[days.between(settings.start, settings.end)].nunique()
    with progress("nights", nights) as bar:
        found = replay_season(
            loaded, configs, settings, tracking_uri=uri, on_night=lambda _: bar.advance(bar.task_ids[0])
        )
    paths = _write_replay(found, folder, simulated=loaded.simulated)
    content = {
        "nights": found.nights,
        "versions": found.versions,
        "equal_to_walk_forward": found.equal,
        "metrics": found.metrics,
        "verdicts": [report.document() for report in found.reports],
        "files": [str(path) for path in paths],
    }
    if as_json:
        emit_json(content)
    else:
        rows = [{"metric": name, "value": value} for name, value in sorted(found.metrics.items())]
        show_table(pd.DataFrame(rows), title=f"{found.nights} nights. {loaded.title}")
        show_table(found.history[["model", "version", "from_stage", "to_stage", "reason"]], title="Stages")
        for market, equal in found.equal.items():
            note(f"{market}: the ledger {'equals' if equal else 'DIFFERS FROM'} the walk-forward's bet by bet")
        emit_text(f"Written: {', '.join(map(str, paths))}", None)
    return DONE if all(found.equal.values()) else REFUSED


def _write_replay(found: Replay, folder: Path, *, simulated: bool) -> list[Path]:
    """Ledger, stage history and the picture of the bankroll."""
    from mlflow_integration.values.escape import csv_document
    from models.figures import bankroll
    from nba_props.plots import About

    paths = [folder / "ledger.csv", folder / "stages.csv", folder / "bankroll.png"]
    for path, table in zip(paths, (found.ledger, found.history), strict=False):
        write_atomically(path, csv_document(table).encode("utf-8"))
    metrics = {name.removeprefix("live_"): value for name, value in found.metrics.items()}
    figure = bankroll(found.ledger, metrics, About("Replay", simulated=simulated))
    content = BytesIO()
    figure.savefig(content, format="png")
    write_atomically(paths[2], content.getvalue())
    return paths
