"""What a card says of a past night is what the walk-forward says, to the last bit."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from models.live.batch import batch_ledger
from models.live.card import lines_of, make_card
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


def test_what_is_reported_after_the_decision_is_not_known(data, league, known):
    night = month(data)[0]
    before = league.games[league.games["game_date"] < night]
    odds = league.odds[league.odds["game_date"] <= night]

    def slate(known, **when):
        return build_slate(before, odds, night, kind="SIMULATED", source="s", known=known, **when)[0].features

    now = known.availability["game_date"] == night
    reports = known.availability.loc[now, "reported_at"]
    nothing = slate(replace(known, availability=known.availability[~now]))
    pd.testing.assert_frame_equal(slate(known, tonight=reports.min()), nothing)
    assert not slate(known, tonight=reports.max() + pd.Timedelta(minutes=1)).equals(nothing)


def test_a_season_of_cards_makes_the_bets_of_the_walk_forward_one_by_one(data, flagged, model, once):
    evaluation = once[1]
    nights = list(data.quotes["game_date"].drop_duplicates().sort_values())
    bets = pd.concat([card.bets for card in walk(data, flagged, model, nights) if len(card.bets)], ignore_index=True)
    ledger = evaluation.ledger
    assert len(ledger) > 100
    pd.testing.assert_frame_equal(bets[SAME], ledger[SAME], check_exact=True)
    again = batch_ledger(model.forecast, data, nights[0], nights[-1])
    pd.testing.assert_frame_equal(again, ledger, check_exact=True)


def test_a_season_of_cards_has_the_probabilities_of_the_walk_forward(data, flagged, model, once):
    evaluation = once[1]
    nights = list(data.quotes["game_date"].drop_duplicates().sort_values())
    props = pd.concat([card.props for card in walk(data, flagged, model, nights)], ignore_index=True)
    keys = ["game_id", "player_id"]
    both = evaluation.predictions.merge(props, on=keys, suffixes=("", "_card"), validate="1:1")
    assert len(both) == len(evaluation.predictions)
    for ours, theirs in (("projection", "predicted"), ("p_over_card", "p_over"), ("p_push_card", "p_push"),
                         ("line_card", "line"), ("market_p_over_card", "market_p_over")):  # fmt: skip
        np.testing.assert_array_equal(both[ours].to_numpy(), both[theirs].to_numpy(), err_msg=theirs)
