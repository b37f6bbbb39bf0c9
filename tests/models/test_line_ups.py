"""What was known of absences before a decision: never what was reported at it or after it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from models.data import availability_of, row_by_row, training_data_of
from models.forecasting import Forecasts, feature_frame
from models.line_ups import LAST_GAME, REPORTED, STAND_IN, decision_moments, reported_line_ups
from nba_league import simulate_league
from nba_props.config import make_config
from nba_props.features import AVAILABILITY_GROUPS, feature_names

NAMES = list(feature_names(AVAILABILITY_GROUPS))


@pytest.fixture(scope="module")
def league():
    return simulate_league(("2022-23", "2023-24"), seed=4, odds_seasons=("2023-24",), n_teams=6, n_games=24)


@pytest.fixture(scope="module")
def data(league):
    return training_data_of(league)


def moments(data, decision="open"):
    return decision_moments(data.games, data.quotes, data.fixtures, decision)


def at(data, decided):
    return reported_line_ups(data.games, data.availability, data.not_submitted, decided)


def test_a_game_is_decided_at_its_first_quote_and_one_without_lines_at_the_usual_time(data):
    decided = moments(data).merge(data.games[["game_id", "game_date", "team"]].drop_duplicates())
    first = data.quotes[data.quotes["actual"].notna()].groupby("game_id")["observed_at"].min()
    lined = decided["game_id"].isin(first.index)

    assert (decided.loc[lined, "decision_time"] == decided.loc[lined, "game_id"].map(first)).all()
    local = decided.loc[~lined, "decision_time"].dt.tz_convert("America/New_York")
    assert (local.dt.tz_localize(None) == decided.loc[~lined, "game_date"] + pd.Timedelta(hours=10)).all()


def test_a_bet_at_the_close_is_decided_at_the_earliest_of_the_last_quotes(data):
    settled = data.quotes[data.quotes["actual"].notna()]
    last = settled.groupby(["game_id", "player_id", "market"])["observed_at"].max().groupby("game_id").min()
    decided = moments(data, "close").merge(data.games[["game_id", "game_date", "team"]].drop_duplicates())
    lined = decided["game_id"].isin(last.index)
    assert (decided.loc[lined, "decision_time"] == decided.loc[lined, "game_id"].map(last)).all()
    assert (decided["decision_time"] >= moments(data)["decision_time"]).all()


def test_without_lines_it_is_noon_and_an_hour_before_an_early_tip(data):
    games = data.games
    early, late = games.drop_duplicates("game_id").iloc[:2].itertuples(index=False)
    tips = ["2022-10-18T15:00Z", "2022-10-19T23:00Z"]
    fixtures = pd.DataFrame(
        {
            "game_date": [early.game_date, late.game_date],
            "home": [early.team, late.team],
            "away": [early.opponent, late.opponent],
            "tip": pd.to_datetime(tips).as_unit("us"),
        }
    )
    fixtures["tip"] = [day.tz_localize("America/New_York") + pd.Timedelta(hours=hours) for day, hours in
                       zip(fixtures["game_date"], (11, 19), strict=True)]  # fmt: skip
    decided = decision_moments(games, data.quotes.iloc[:0], fixtures, "open").set_index(["game_date", "team"])
    hours = decided["decision_time"].dt.tz_convert("America/New_York").dt.hour

    assert hours[early.game_date, early.team] == 10
    assert hours[late.game_date, late.team] == 12
    assert hours[late.game_date, late.opponent] == 12


def test_what_is_reported_at_the_decision_or_later_moves_no_feature(data):
    decided = moments(data)
    known = at(data, decided)
    when = (
        data.availability[["game_date", "team"]]
        .merge(decided, how="left")["decision_time"]
        .set_axis(data.availability.index)
    )
    late = data.availability["reported_at"] >= when
    assert late.any()
    without = at(replace(data, availability=data.availability[~late].reset_index(drop=True)), decided)
    everybody_out = data.availability.assign(status=data.availability["status"].mask(late, "out"))
    pd.testing.assert_frame_equal(known, without, check_exact=True)
    pd.testing.assert_frame_equal(known, at(replace(data, availability=everybody_out), decided), check_exact=True)


def test_the_late_scratches_are_known_to_who_decides_at_the_close_only(data):
    """The guard of the test above: decided later, the same reports do move the features."""
    opening, closing = at(data, moments(data)), at(data, moments(data, "close"))
    lined = data.games["game_id"].isin(data.quotes["game_id"].unique())
    assert (closing.loc[lined, "out_min"] > opening.loc[lined, "out_min"]).any()
    for decision, expected in (("open", opening), ("close", closing)):
        frame = feature_frame(data, make_config(market="pts", decision=decision))
        pd.testing.assert_frame_equal(frame[NAMES], expected[NAMES].astype("float32"), check_exact=True)


def test_the_doubtful_count_as_out_and_the_questionable_do_not(data):
    table = data.availability
    statuses = {}
    for status in ("out", "doubtful", "questionable", "probable"):
        told = replace(data, availability=table.assign(status=status))
        statuses[status] = at(told, moments(data))["out_min"].sum()
    assert statuses["out"] == statuses["doubtful"] > statuses["questionable"] == statuses["probable"]


def test_a_run_says_how_it_knew_who_was_out(data):
    config = make_config(market="pts")
    assert availability_of(data, config) == REPORTED
    assert availability_of(replace(data, availability=None), config) == LAST_GAME
    assert availability_of(data, make_config(market="pts", availability="stand_in")) == STAND_IN


def test_the_stand_in_changes_its_groups_and_nothing_else(data):
    plain, stand_in = make_config(market="pts"), make_config(market="pts", availability="stand_in")
    forecasts = Forecasts(data, [plain, stand_in])
    first, second = forecasts.features(plain), forecasts.features(stand_in)
    assert forecasts.features(plain) is first, "made once"
    moved = {name for name in first if not np.array_equal(first[name], second[name], equal_nan=True)}
    assert moved
    assert moved <= set(NAMES)
    forecasts.close()


def test_forecasts_of_another_knowledge_are_not_taken_for_the_same(data):
    configs = [make_config(market="pts", **settings) for settings in ({}, {"availability": "stand_in"},
                                                                      {"decision": "close"})]  # fmt: skip
    forecasts = Forecasts(data, configs)
    assert len({forecasts._key(config, "lightgbm") for config in configs}) == 3
    forecasts.close()
    blind = Forecasts(replace(data, availability=None), configs[::2])
    assert len({blind._key(config, "lightgbm") for config in configs[::2]}) == 1
    blind.close()


def test_a_table_of_many_blocks_is_laid_out_row_by_row_with_the_same_values():
    values = np.random.default_rng(0).normal(size=(2_500, 3))
    index = pd.RangeIndex(7, 2_507)
    table = pd.DataFrame(values, index=index, columns=list("abc")).assign(whole=3, missing=np.nan, b=1.5)
    turned = row_by_row(table)
    assert turned.to_numpy().flags["C_CONTIGUOUS"]
    pd.testing.assert_frame_equal(turned, table.astype("float32"))
    assert row_by_row(table[:0]).shape == (0, 5)
