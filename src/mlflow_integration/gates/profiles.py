"""Gate profiles: named sets of gates, built in, registered by a module of your own, or read from a TOML file."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from mlflow_integration.gates import challenger  # noqa: F401 - it adds the gate beats_production
from mlflow_integration.gates.gate import AnyGate, Gate, NamedGate
from mlflow_integration.gates.report import GateReport, check_gates
from nba_props.errors import ConfigError
from nba_props.metrics import direction
from nba_props.plugins import Registry

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mlflow_integration.values.types import AnyValue


@dataclass(frozen=True)
class GateProfile:
    """A named set of gates, with exceptions by market.

    Attributes:
        markets: Market to gates that replace those of the same metric and bound there, or join them.
    """

    name: str
    gates: tuple[AnyGate, ...]
    markets: Mapping[str, tuple[AnyGate, ...]] = field(default_factory=dict)

    def for_market(self, market: str | None) -> tuple[AnyGate, ...]:
        """Return the gates of `market`: the profile's own, with its exceptions put in."""
        chosen = {(type(gate), gate.key): gate for gate in (*self.gates, *self.markets.get(market or "", ()))}
        return tuple(chosen.values())

    def check(self, metrics: Mapping[str, float], market: str | None = None, **about: AnyValue) -> GateReport:
        """Judge recorded `metrics` by the gates of `market`; `about` are further fields of the report.

        >>> get_profile("plan").check({"val_mae": 3.2}).verdict.value
        'fail'
        """
        gates = self.for_market(market)
        return check_gates(metrics, gates, profile=self.name, market=market, definition=asdict(self), **about)


_PLAN: Final = (
    Gate("val_mae", "<", 3.5),
    Gate("roi", ">", 0.05),
    Gate("win_rate", ">", 0.55),
    Gate("calibration_error", "<", 0.05),
    Gate("sharpe_ratio", ">", 1.0),
    Gate("n_bets", ">=", 500),
)
_MARKET: Final = (
    Gate("mae_skill", ">", 0.0),
    Gate("mae_skill_vs_market", ">", -0.02),
    Gate("brier_skill_vs_market", ">", 0.0),
    Gate("roi", ">", 0.0, "lower"),
    Gate("clv", ">", 0.0, "lower"),
    NamedGate("adds_to_market"),
    NamedGate("beats_production"),
)
PROFILES: Final = Registry[GateProfile]("gate profile", "profiles")
"""``plan``: absolute thresholds. ``market``: relative to baseline and market, recommended for real money."""
PROFILES.add("plan", GateProfile("plan", _PLAN))
PROFILES.add("market", GateProfile("market", _MARKET))

DEFAULT_PRODUCTION_CRITERIA: Final[Mapping[str, Gate]] = MappingProxyType({gate.metric: gate for gate in _PLAN})
"""The gates of ``plan`` by metric: ``{**DEFAULT_PRODUCTION_CRITERIA, "val_mae": 6.5}`` changes one threshold."""


def get_profile(profile: str | GateProfile, profiles: Mapping[str, GateProfile] | None = None) -> GateProfile:
    """Return the profile that a value of ``--gates`` means.

    >>> get_profile("plan").gates[0]
    Gate(metric='val_mae', comparison='<', threshold=3.5, bound='point')

    Args:
        profile: Name of a registered profile; a TOML file that holds one profile, ``gates.toml``; one of several in a
            file, ``gates.toml:strict``; or the profile itself.
        profiles: Further profiles by name.

    Raises:
        ConfigError: There is no such profile; names the known ones. The file cannot be read, or holds several profiles
            and none is named.
    """
    if isinstance(profile, GateProfile):
        return profile
    if profiles and profile in profiles:
        return profiles[profile]
    file, _, name = (profile, "", "") if profile.endswith(".toml") else profile.rpartition(":")
    if file.endswith(".toml"):
        return _choose(load_profiles(Path(file)), file, name)
    try:
        return PROFILES[profile]
    except ConfigError as error:
        message = f"{error} Give gate_profile (--gates) one of them, or a TOML file: gates.toml, gates.toml:strict."
        raise ConfigError(message) from error


def _choose(found: Mapping[str, GateProfile], file: str, name: str) -> GateProfile:
    if name in found or (not name and len(found) == 1):
        return found[name or next(iter(found))]
    wrong = f"There is no gate profile {name!r} in {file}" if name else f"{file} does not hold one gate profile only"
    message = f"{wrong}; it holds: {', '.join(found) or 'none'}. Name one as {file}:NAME."
    raise ConfigError(message)


def as_gates(criteria: Mapping[str, Any] | Iterable[AnyGate]) -> tuple[AnyGate, ...]:
    """Turn criteria as people write them into gates.

    >>> as_gates({"log_loss": 0.69})
    (Gate(metric='log_loss', comparison='<', threshold=0.69, bound='point'),)

    Args:
        criteria: Gates; or metric to a gate, a threshold, or a (comparison, threshold) pair. A bare threshold keeps the
            comparison of the default gate of that metric; for other metrics the direction of the metric decides.

    Raises:
        ConfigError: An entry cannot be understood, or there is none: no gate is nothing to pass.
    """
    gates: list[AnyValue]
    if isinstance(criteria, Mapping):
        gates = [_as_gate(str(metric), value) for metric, value in criteria.items()]
    else:
        gates = list(criteria) if hasattr(criteria, "__iter__") else [criteria]
    wrong = next((type(gate).__name__ for gate in gates if not isinstance(gate, AnyGate)), None)
    if wrong is not None:
        message = f"Criteria must be gates, or a mapping of metric to threshold; got {wrong}."
        raise ConfigError(message)
    if not gates:
        message = "Criteria must name at least one gate; without any, nothing can pass."
        raise ConfigError(message)
    return tuple(gates)


def _as_gate(metric: str, value: AnyValue) -> AnyGate:
    if isinstance(value, AnyGate):
        return value
    if isinstance(value, (tuple, list)) and len(value) == 2:
        return Gate(metric, str(value[0]), value[1])
    if isinstance(value, Mapping):
        unknown = value.keys() - {"comparison", "threshold", "bound"}
        if unknown or "threshold" not in value or "comparison" not in value:
            message = (
                f"Gate {metric}: wanted comparison, threshold and perhaps bound; got {', '.join(map(str, value))}."
            )
            raise ConfigError(message)
        return Gate(metric, value["comparison"], value["threshold"], value.get("bound", "point"))
    default = DEFAULT_PRODUCTION_CRITERIA.get(metric)
    if default is not None:
        return replace(default, threshold=value)
    better = direction(metric)
    if metric.startswith("n_"):
        return Gate(metric, ">=", value)
    if better is None:
        message = f"Gate {metric}: whether more or less is better is not known; give it as (comparison, threshold)."
        raise ConfigError(message)
    return Gate(metric, "<" if better == "min" else ">", value)


def rebuild_profile(report: Mapping[str, Any]) -> GateProfile:
    """Return the profile that a kept report (``gate_report.json``) was judged by.

    Raises:
        ConfigError: A named gate of it does not exist here.
    """
    content = report["profile_definition"]

    def gate(row: Mapping[str, Any]) -> AnyGate:
        return NamedGate(row["name"]) if row.keys() == {"name"} else Gate(**row)

    markets = {market: tuple(map(gate, rows)) for market, rows in content["markets"].items()}
    return GateProfile(content["name"], tuple(map(gate, content["gates"])), markets)


def load_profiles(path: str | Path) -> dict[str, GateProfile]:
    """Read gate profiles from a TOML file.

    The file has one table per profile with a list ``gates`` and, per market, lists under ``markets``; a gate is a
    condition on a metric, or one of `GATES` by its name::

        [strict]
        gates = [{metric = "roi", comparison = ">", threshold = 0.0, bound = "lower"}, {gate = "enough_nights"}]
        [strict.markets]
        pra = [{metric = "val_mae", comparison = "<", threshold = 6.1}]

    Raises:
        ConfigError: The file cannot be read or understood; names the place.
    """
    path = Path(path)
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        message = f"Gate profiles cannot be read from {path}: {error}"
        raise ConfigError(message) from error
    profiles = {}
    for name, table in content.items():
        if (
            not isinstance(table, dict)
            or not isinstance(table.get("gates"), list)
            or table.keys() - {"gates", "markets"}
        ):
            message = f"{path}: profile {name!r} needs a list 'gates', and may have a table 'markets', nothing else."
            raise ConfigError(message)
        markets = {market: _gate_list(path, name, rows) for market, rows in table.get("markets", {}).items()}
        profiles[name] = GateProfile(name, _gate_list(path, name, table["gates"]), markets)
    return profiles


def _gate_list(path: Path, profile: str, rows: AnyValue) -> tuple[AnyGate, ...]:
    gates: list[AnyGate] = []
    for row in rows if isinstance(rows, list) else [rows]:
        if not isinstance(row, dict) or not ("metric" in row or row.keys() == {"gate"}):
            message = f"{path}: profile {profile!r} has a gate without a metric: {row!r}."
            raise ConfigError(message)
        try:
            gates.append(
                NamedGate(str(row["gate"]))
                if "gate" in row
                else _as_gate(str(row["metric"]), {key: value for key, value in row.items() if key != "metric"})
            )
        except ConfigError as error:
            message = f"{path}: profile {profile!r}: {error}"
            raise ConfigError(message) from error
    return tuple(gates)
