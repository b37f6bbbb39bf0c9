"""Prices, fair probabilities, quote sanity, stakes, the ledger and every number computed from it."""

from nba_props.betting.evidence.bootstrap import betting_intervals, brier_skill_interval, roi_interval
from nba_props.betting.evidence.optimise import StrategySearch, optimise_strategy, strategy_grid
from nba_props.betting.evidence.significance import evidence_metrics, permutation_canary, superior_ability
from nba_props.betting.frames import results_of, split_results
from nba_props.betting.ledger import LEDGER_COLUMNS, place_bets, run_backtest, stake_bets
from nba_props.betting.market.closing import CLOSE_STATES, close_states, closing_values
from nba_props.betting.market.fair import fair_probability, hold
from nba_props.betting.market.prices import american_to_decimal, decimal_to_american
from nba_props.betting.market.quotes import closing_quotes, consensus, decision_quotes
from nba_props.betting.market.sanity import REASON_CODES, SanityConfig, flag_quotes, good_quotes, quality_report
from nba_props.betting.metrics import betting_metrics, kelly_metrics
from nba_props.betting.stakes import StakeConfig
from nba_props.betting.strategy import BettingConfig

__all__ = [
    "CLOSE_STATES",
    "LEDGER_COLUMNS",
    "REASON_CODES",
    "BettingConfig",
    "SanityConfig",
    "StakeConfig",
    "StrategySearch",
    "american_to_decimal",
    "betting_intervals",
    "betting_metrics",
    "brier_skill_interval",
    "close_states",
    "closing_quotes",
    "closing_values",
    "consensus",
    "decimal_to_american",
    "decision_quotes",
    "evidence_metrics",
    "fair_probability",
    "flag_quotes",
    "good_quotes",
    "hold",
    "kelly_metrics",
    "optimise_strategy",
    "permutation_canary",
    "place_bets",
    "quality_report",
    "results_of",
    "roi_interval",
    "run_backtest",
    "split_results",
    "stake_bets",
    "strategy_grid",
    "superior_ability",
]
