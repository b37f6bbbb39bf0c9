"""Is the model in Production as good as it was? A verdict from its settled cards: keep, watch, retrain or roll back."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from mlflow_integration.stages.rules import Stage
from models.live.record import FEATURES_FILE, SETTLED, SETTLED_PROPS_FILE, CardStore
from nba_props.errors import NotEnoughDataError
from nba_props.evaluation.sequential import Watch, watch
from nba_props.features import catalogue
from nba_props.metrics.definitions import given_no_push

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mlflow_integration import ModelRegistry
    from models.live.card import ModelInUse
    from models.live.record import StoredCard

WINDOWS: Final = (7, 14, 30)
MOST_DAYS: Final = 60
"""Age of a model in use, days, from which it is to be trained again."""
DRIFT: Final = 0.25
"""Mean shift of a group's features, in standard deviations of the training rows remembered, that is worth a look."""
BARE: Final = 0.2
"""Share of nights without a card that is worth a look."""
MIN_CALIBRATION: Final = 200


class Verdict(StrEnum):
    """What to do with a model, from best to worst."""

    KEEP = "keep"
    WATCH = "watch"
    RETRAIN = "retrain"
    ROLL_BACK = "roll back"


@dataclass(frozen=True)
class MonitorReport:
    """What is known of one model in use.

    Attributes:
        verdict: What to do.
        reasons: Why, a clause each.
        nights: Settled nights of this version.
        windows: One row per window: ``days``, ``props``, ``bias`` (projection minus result, stat units), ``mae``,
            ``mae_gap`` (model minus line), ``brier_gap`` (model minus market).
        calibration: Slope of results on probabilities, 1 for a calibrated model; None under 200 props.
        drift: Feature group to the mean shift of its features, standard deviations.
        age_days: Days from the last training night, or the first night in use if that is later, to the last night.
        bare_share: Share of the nights since the first card without one.
        streams: Stream to its `Watch`.
        rolled_back_to: Version now in Production, where it was rolled back.
    """

    model: str
    market: str
    version: int
    verdict: Verdict
    reasons: tuple[str, ...]
    nights: int
    windows: pd.DataFrame
    calibration: float | None
    drift: dict[str, float]
    age_days: int
    bare_share: float
    streams: dict[str, Watch]
    rolled_back_to: int | None = None

    def document(self) -> dict[str, Any]:
        """As plain values for JSON."""
        plain = {name: getattr(self, name) for name in ("model", "market", "version", "nights", "age_days")}
        return {
            **plain,
            "verdict": self.verdict.value,
            "reasons": list(self.reasons),
            "bare_share": self.bare_share,
            "calibration_slope": self.calibration,
            "drift": self.drift,
            "windows": self.windows.to_dict("records"),
            "streams": {name: {**asdict(each), "alarm": each.alarm} for name, each in self.streams.items()},
            "rolled_back_to": self.rolled_back_to,
        }


def monitor_model(
    model: ModelInUse,
    store: CardStore,
    validation: pd.DataFrame,
    *,
    played: Sequence[pd.Timestamp] = (),
    earlier: bool = True,
) -> MonitorReport:
    """Judge one model by the settled cards of its version in Production.

    Args:
        model: The version in use.
        store: Where cards are.
        validation: The version's own out-of-sample predictions with lines (``predictions.csv`` of its run).
        played: Nights that were played since, for the share without a card; those of the cards by default.
        earlier: Whether there is an earlier Production version to go back to.
    """
    market = model.forecast.market
    cards = [
        card
        for card in store.cards(stage=Stage.PRODUCTION.value, kind=model.forecast.data_kind)
        if card.models.get(market) == (model.name, model.version) and card.status == SETTLED
    ]
    tables = [store.table(card.run_id, SETTLED_PROPS_FILE) for card in cards]
    props = pd.concat(tables, ignore_index=True) if tables else pd.DataFrame()
    props = props[props["market"] == market] if len(props) else props
    streams = _streams(props, validation)
    last = max((card.date for card in cards), default=model.forecast.trained_until)
    used = min((card.date for card in cards), default=last)
    age = int((last - max(model.forecast.trained_until, used)).days)  # a summer does not age a model
    bare = _share_without_card(cards, played)
    drift = _drift(cards, store, model)
    verdict, reasons = _verdict(streams, age, drift, bare, earlier=earlier)
    return MonitorReport(
        model=model.name,
        market=market,
        version=model.version,
        verdict=verdict,
        reasons=reasons,
        nights=len(cards),
        windows=_windows(props, last),
        calibration=_calibration(props),
        drift=drift,
        age_days=age,
        bare_share=bare,
        streams=streams,
    )


def apply_verdict(report: MonitorReport, registry: ModelRegistry) -> MonitorReport:
    """Roll the model back where that is the verdict; its reasons go into the history.

    Returns:
        The report with ``rolled_back_to``; unchanged for every other verdict.

    Raises:
        PromotionError: There is no earlier Production version.
    """
    if report.verdict is not Verdict.ROLL_BACK:
        return report
    version = registry.rollback_model(report.model, reason=f"monitor: {'; '.join(report.reasons)}")
    return MonitorReport(**{**report.__dict__, "rolled_back_to": version})


def can_go_back(history: pd.DataFrame, version: int) -> bool:
    """Whether a version was in Production before this one that has not been rolled back itself."""
    held = set(history.loc[history["to_stage"] == Stage.PRODUCTION.value, "version"].astype(int))
    left = set(history.loc[history["kind"] == "rollback", "previous"].dropna().astype(int))
    return bool(held - left - {version})


def nightly_gains(rows: pd.DataFrame, projection: str) -> pd.DataFrame:
    """Mean gains of each night, above zero where the model was better, from settled rows and their column `projection`.

    Returns:
        One row per night: ``error`` (line minus model, absolute errors) and ``market`` (market minus model, Brier
        scores).
    """
    known = rows[rows["actual"].notna() & rows["line"].notna() & rows["p_over"].notna()]
    error = (known["actual"] - known["line"]).abs() - (known["actual"] - known[projection]).abs()
    over = (known["actual"] > known["line"]).astype("float64").mask(known["actual"] == known["line"])
    gain = (known["market_p_over"] - over) ** 2 - (given_no_push(known) - over) ** 2
    return pd.DataFrame({"game_date": known["game_date"], "error": error, "market": gain}).groupby("game_date").mean()


def _streams(props: pd.DataFrame, validation: pd.DataFrame) -> dict[str, Watch]:
    """The streams that validation makes a promise of."""
    if props.empty:
        return {}
    now, before = nightly_gains(props, "projection"), nightly_gains(validation, "predicted")
    found = {}
    for name in ("error", "market"):
        gains = now[name].dropna()
        try:
            found[name] = watch(gains.to_numpy(), before[name].dropna().to_numpy(), streams=2)
        except NotEnoughDataError:
            continue  # nothing was promised: the windows are shown, and no verdict depends on them
    return found


def _verdict(
    streams: dict[str, Watch], age: int, drift: dict[str, float], bare: float, *, earlier: bool
) -> tuple[Verdict, tuple[str, ...]]:
    """The worst of what the parts say, and why."""
    said: list[tuple[Verdict, str]] = []
    words = {"error": "error against the line", "market": "Brier score against the market"}
    for name, each in streams.items():
        what = f"{words[name]}: gain {each.mean:+.4g} a night against {each.expected:+.4g} promised"
        if each.alarm:
            worst = Verdict.ROLL_BACK if earlier else Verdict.RETRAIN
            said.append((worst, f"{what}, CUSUM {each.level:.1f} over {each.bound:.1f} for {each.since} nights"))
        elif each.warned:
            said.append((Verdict.WATCH, f"{what}, CUSUM {each.level:.1f} over the warning at {each.warning:.1f}"))
    if age > MOST_DAYS:
        said.append((Verdict.RETRAIN, f"in use untrained for {age} days"))
    moved = {name: value for name, value in drift.items() if value > DRIFT}
    if moved:
        worst_group = max(moved, key=lambda name: moved[name])
        said.append((Verdict.WATCH, f"features of {worst_group} have moved by {moved[worst_group]:.2f} deviations"))
    if bare > BARE:
        said.append((Verdict.WATCH, f"{bare:.0%} of the nights have no card"))
    order = list(Verdict)
    verdict = max((each for each, _ in said), key=order.index, default=Verdict.KEEP)
    return verdict, tuple(text for _, text in sorted(said, key=lambda pair: -order.index(pair[0])))


def _windows(props: pd.DataFrame, last: pd.Timestamp) -> pd.DataFrame:
    """Plain figures of the last 7, 14 and 30 days."""
    rows: list[dict[str, float]] = []
    for days in WINDOWS if len(props) else ():
        part = props[(props["game_date"] > last - pd.Timedelta(days=days)) & props["actual"].notna()]
        gains = nightly_rows(part)
        error = (part["projection"] - part["actual"]).abs()
        rows.append(
            {
                "days": float(days),
                "props": float(len(gains)),
                "bias": float((part["projection"] - part["actual"]).mean()),
                "mae": float(error.mean()),
                "mae_gap": -float(gains["error"].mean()) if len(gains) else float("nan"),
                "brier_gap": -float(gains["market"].mean()) if len(gains) else float("nan"),
            }
        )
    return pd.DataFrame(rows, columns=["days", "props", "bias", "mae", "mae_gap", "brier_gap"])


def nightly_rows(props: pd.DataFrame) -> pd.DataFrame:
    """The rows behind `nightly_gains`, one per prop."""
    single = props.assign(game_date=np.arange(len(props)))
    return nightly_gains(single, "projection")


def _calibration(props: pd.DataFrame) -> float | None:
    """Slope of a straight line through results and probabilities."""
    if props.empty:
        return None
    known = props[props["actual"].notna() & props["p_over"].notna() & (props["actual"] != props["line"])]
    chance = given_no_push(known)
    if len(known) < MIN_CALIBRATION or chance.std() < 1e-6:
        return None
    over = (known["actual"] > known["line"]).to_numpy("float64")
    return float(np.cov(chance, over, ddof=0)[0, 1] / chance.var())


def _drift(cards: Sequence[StoredCard], store: CardStore, model: ModelInUse) -> dict[str, float]:
    """Mean absolute shift of each group's features on the last 14 cards from the training rows the model remembers."""
    if model.forecast.reference is None or not cards:
        return {}
    reference = model.forecast.reference.set_index("feature")
    recent = pd.concat([store.table(card.run_id, FEATURES_FILE) for card in cards[-14:]], ignore_index=True)
    groups: dict[str, list[float]] = {}
    for feature in catalogue():
        if feature.name in reference.index and feature.name in recent and feature.group not in {"schedule", "travel"}:
            spread = float(reference.loc[feature.name, "spread"])
            shift = abs(float(recent[feature.name].mean()) - float(reference.loc[feature.name, "mean"]))
            if spread > 0 and np.isfinite(shift):
                groups.setdefault(feature.group, []).append(shift / spread)
    return {name: float(np.mean(values)) for name, values in groups.items()}


def _share_without_card(cards: Sequence[StoredCard], played: Sequence[pd.Timestamp]) -> float:
    """Share of the nights played since the first card that have none."""
    if not cards or not played:
        return 0.0
    first, last = min(card.date for card in cards), max(card.date for card in cards)
    nights = {night for night in played if first <= night <= last}
    return 1.0 - len(nights & {card.date for card in cards}) / max(len(nights), 1)
