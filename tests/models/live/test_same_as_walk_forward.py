"""What a card says of a past night is what the walk-forward says, to the last bit."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from models.live.batch import batch_ledger
from models.live.card import ModelInUse, lines_of, make_card
from models.live.slate import build_slate, slate_of_data
from nba_props.betting import results_of, split_results

SAME = ["game_id", "player_id", "market", "bookmaker", "side", "line", "price", "observed_at", "p", "q", "edge", "ev"]


def month(data) -> list[pd.Timestamp]:
    nights = data.quotes["game_date"].drop_duplicates().sort_values().reset_index(drop=True)
    middle = nights.iloc[len(nights) // 2]
    return list(nights[nights.between(middle, middle + pd.Timedelta(days=30))])


def walk(data, flagged, model, nights):
    """Cards of all nights, each knowing what was settled before it."""
    _, results = split_results(data.quotes_of("pts"))
    settled, cards = [], []
    for night in nights:
        known = {"pts": pd.concat(settled, ignore_index=True)} if settled else None
        card = make_card(slate_of_data(data, night, flagged), {"pts": model}, decision="rule", settled=known)
        lined = card.props[card.props["line"].notna()]
        settled.append(lines_of(lined.assign(actual=results_of(lined, results)), model.forecast))
        cards.append(card)
    return cards


@pytest.fixture(scope="module")
def nights(data):
    """Every night of the season with lines."""
    return list(data.quotes["game_date"].drop_duplicates().sort_values())


@pytest.fixture(scope="module")
def cards(data, flagged, model, nights):
    """The cards of the season, by the model without a blend."""
    return walk(data, flagged, model, nights)


@pytest.mark.slow
def test_a_month_of_slates_built_on_the_evening_has_the_features_of_the_training_table(data, league, flagged, known):
    for night in month(data):
        seen = league.odds[league.odds["game_date"] <= night]
        built, _ = build_slate(
            league.games[league.games["game_date"] <= night], seen, night, kind="SIMULATED", source="s", known=known
        )
        whole = slate_of_data(data, night, flagged)
        keys = ["game_id", "player_id"]
        place = pd.MultiIndex.from_frame(built.players[keys]).get_indexer(pd.MultiIndex.from_frame(whole.players[keys]))
        assert (place >= 0).all()
        np.testing.assert_array_equal(built.features.to_numpy()[place], whole.features.to_numpy())
        np.testing.assert_array_equal(built.mean_minutes.to_numpy()[place], whole.mean_minutes.to_numpy())
        np.testing.assert_array_equal(built.met.to_numpy()[place], whole.met.to_numpy())
        ours = built.quotes[built.quotes["player_id"].isin(whole.players["player_id"])].reset_index(drop=True)
        other = whole.quotes[whole.quotes["player_id"].isin(whole.players["player_id"])].reset_index(drop=True)
        pd.testing.assert_frame_equal(ours.drop(columns="actual"), other.drop(columns="actual"))


def test_a_slate_of_an_evening_to_come_knows_no_result_and_holds_everyone_with_a_line(data, league, known):
    night = month(data)[3]
    before = league.games[league.games["game_date"] < night]
    odds = league.odds[league.odds["game_date"] <= night]
    built, _ = build_slate(before, odds, night, kind="SIMULATED", source="s", known=known)
    played = league.games[league.games["game_date"] == night]
    lined = set(built.quotes["player_id"])
    assert lined <= set(built.players["player_id"])
    assert set(played["player_id"]) & lined
    assert built.quotes["actual"].isna().all()
    whole = data.features[(data.games["game_date"] == night).to_numpy()]
    ours = built.players.merge(played[["player_id"]].reset_index(), on="player_id")
    place = built.players.index[built.players["player_id"].isin(ours["player_id"])]
    np.testing.assert_array_equal(built.features.loc[place].to_numpy(), whole.loc[ours["index"]].to_numpy())


def test_a_game_of_the_fixtures_without_a_line_yet_has_its_players_and_its_tip(data, league, known):
    night = month(data)[2]
    before = league.games[league.games["game_date"] < night]
    odds = league.odds[league.odds["game_date"] < night]
    games = data.games[data.games["game_date"] == night].drop_duplicates("game_id")
    home = games["team"].where(games["home"], games["opponent"])
    away = games["opponent"].where(games["home"], games["team"])
    tips = pd.DataFrame({"game_date": night, "home": home, "away": away, "tip": night.tz_localize("UTC")})
    built, _ = build_slate(before, odds, night, kind="SIMULATED", source="s", known=known, fixtures=tips)
    assert set(zip(built.players["team"], built.players["opponent"], strict=True)) == {
        pair for one, two in zip(home, away, strict=True) for pair in ((one, two), (two, one))
    }
    assert built.quotes.empty


def test_what_is_reported_after_the_decision_is_not_known(data, league, known):
    night = month(data)[0]
    before = league.games[league.games["game_date"] < night]
    odds = league.odds[league.odds["game_date"] <= night]

    def slate(known, **when):
        return build_slate(before, odds, night, kind="SIMULATED", source="s", known=known, **when)[0].features

    now = known.availability["game_date"] == night
    reports = known.availability.loc[now, "reported_at"]
    nothing = slate(replace(known, availability=known.availability[~now]))
    pd.testing.assert_frame_equal(slate(known, decided=("open", reports.min())), nothing)
    assert not slate(known, decided=("open", reports.max() + pd.Timedelta(minutes=1))).equals(nothing)


@pytest.mark.slow
def test_a_season_of_cards_makes_the_bets_of_the_walk_forward_one_by_one(data, cards, nights, model, once):
    bets = pd.concat([card.bets for card in cards if len(card.bets)], ignore_index=True)
    ledger = once[1].ledger
    assert len(ledger) > 100
    pd.testing.assert_frame_equal(bets[SAME], ledger[SAME], check_exact=True)
    again = batch_ledger(model.forecast, data, nights[0], nights[-1])
    pd.testing.assert_frame_equal(again, ledger, check_exact=True)


def with_cards(cards, evaluation):
    """The predictions of a walk-forward, and what the cards of its nights say of the same player-games."""
    props = pd.concat([card.props for card in cards], ignore_index=True)
    keys = ["game_id", "player_id"]
    both = evaluation.predictions.merge(props, on=keys, suffixes=("", "_card"), validate="1:1")
    assert len(both) == len(evaluation.predictions)
    return both


def test_a_season_of_cards_has_the_probabilities_of_the_walk_forward(cards, once):
    both = with_cards(cards, once[1])
    for ours, theirs in (("projection", "predicted"), ("p_over_card", "p_over"), ("p_push_card", "p_push"),
                         ("line_card", "line"), ("market_p_over_card", "market_p_over")):  # fmt: skip
        np.testing.assert_array_equal(both[ours].to_numpy(), both[theirs].to_numpy(), err_msg=theirs)


@pytest.mark.slow
def test_a_blend_with_the_market_makes_the_cards_of_its_walk_forward(data, flagged, nights, blend):
    forecast, evaluation = blend
    blended = ModelInUse("m", 1, "Production", "0" * 32, forecast)
    both = with_cards(walk(data, flagged, blended, nights), evaluation)
    for name in ("p_over", "p_push"):
        np.testing.assert_array_equal(both[f"{name}_card"].to_numpy(), both[name].to_numpy(), err_msg=name)
    np.testing.assert_array_equal(both["projection_model"].to_numpy(), both["predicted_model"].to_numpy())
    # The spread of results around lines is learned on the props of a card, which leaves out players without a forecast.
    np.testing.assert_allclose(both["projection"].to_numpy(), both["predicted"].to_numpy(), atol=0.05)
    assert (both["projection"] - both["projection_model"]).abs().max() > 1.0, "the market moves it"


def test_ranges_are_those_of_the_distribution_that_the_prices_are_read_from(cards, model):
    props = pd.concat([card.props for card in cards], ignore_index=True)
    lined = props[props["p_over"].notna()]
    up = lined[lined["p_over"] > 0.55]
    assert (up["high_80"] > up["line"]).all(), "a fifth lies outside: more than half over the line reaches beyond it"
    sure = lined[lined["p_under"] > 0.9]
    assert (sure["high_80"] <= sure["line"]).all()
    assert (lined["low_80"] <= lined["low_50"]).all()
    assert (lined["high_50"] <= lined["high_80"]).all()
    plain = model.forecast.ranges(lined.assign(predicted=lined["projection"]).drop(columns="low_80"))
    assert (plain["high_50"].to_numpy() != lined["high_50"].to_numpy()).any(), "the calibration moves them"
    bare = props[props["line"].isna()]
    own = model.forecast.ranges(bare.assign(predicted=bare["projection"]))
    pd.testing.assert_frame_equal(own.astype("float64"), bare[list(own.columns)].astype("float64"))
