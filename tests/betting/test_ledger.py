"""Which bets are placed, what is staked on them, how they settle, and how the money adds up."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nba_props.betting import (
    LEDGER_COLUMNS,
    BettingConfig,
    StakeConfig,
    betting_metrics,
    place_bets,
    run_backtest,
    split_results,
    stake_bets,
)
from nba_props.betting import strategy as filters
from nba_props.betting.stakes import capped_fractions
from nba_props.errors import ConfigError, DataError


def _with(quotes, over, push=0.0):
    return quotes.assign(p_over=over, p_push=push, p_under=1.0 - np.asarray(over) - push)


def test_the_ledger_has_the_documented_columns_and_a_bet_is_written_out_in_full(make_quotes):
    ledger = place_bets(*split_results(_with(make_quotes([{"over_price": 120.0, "under_price": -140.0}]), 0.5)))
    assert list(ledger.columns) == list(LEDGER_COLUMNS)
    bet = ledger.iloc[0]
    assert (bet["side"], bet["line"], bet["price"], bet["bookmaker"]) == ("over", 20.5, 120.0, "A")
    assert bet["decimal_odds"] == pytest.approx(2.2)
    assert bet["ev"] == pytest.approx(0.5 * 1.2 - 0.5)
    assert bet["kelly"] == pytest.approx((1.2 * 0.5 - 0.5) / 1.2)
    assert bet["edge"] == pytest.approx(bet["p"] - bet["q"])
    assert (bet["result"], bet["stake"], bet["profit"], bet["bankroll"]) == ("won", 1.0, 1.2, 1001.2)
    assert pd.isna(bet["clv"])


def test_the_best_price_across_books_is_what_is_bet(make_quotes):
    rows = [{"bookmaker": "A", "over_price": 100.0}, {"bookmaker": "B", "over_price": 115.0}, {"bookmaker": "C"}]
    ledger = place_bets(*split_results(_with(make_quotes(rows), 0.6)))
    assert ledger[["bookmaker", "price"]].to_numpy().tolist() == [["B", 115.0]]


def test_the_market_probability_is_the_median_over_the_books_at_the_same_line_only(make_quotes):
    rows = [
        {"bookmaker": "A", "over_price": -400.0, "under_price": -150.0},  # fair 0.64
        {"bookmaker": "B", "over_price": 100.0, "under_price": 100.0},  # fair 0.5
        {"bookmaker": "C", "line": 25.5, "over_price": -1200.0, "under_price": 160.0},
    ]
    ledger = place_bets(*split_results(_with(make_quotes(rows), [0.7, 0.7, 0.01])))
    assert ledger[["line", "side", "bookmaker"]].to_numpy().tolist() == [[25.5, "under", "C"]]
    near = place_bets(*split_results(_with(make_quotes(rows[:2]), 0.7)))
    assert near["q"].tolist() == pytest.approx([0.57])


def test_of_different_lines_the_highest_expected_value_is_bet_and_only_one(make_quotes):
    rows = [{"bookmaker": "A", "line": 20.5}, {"bookmaker": "B", "line": 22.5}]
    ledger = place_bets(*split_results(_with(make_quotes(rows), [0.66, 0.28])))
    assert ledger[["line", "side"]].to_numpy().tolist() == [[22.5, "under"]]


def test_a_line_that_one_book_alone_shows_is_judged_by_the_other_books(make_quotes):
    """-110/-110 two points higher looked fair: what the market says of that line is what it says of the others."""
    rows = [{"bookmaker": book, "line": 20.5} for book in "AB"] + [{"bookmaker": "C", "line": 22.5}]
    quotes = make_quotes(rows)
    ledger = place_bets(*split_results(_with(quotes, [0.5, 0.5, 0.34])), BettingConfig(min_edge=0.05))
    bet = ledger.iloc[0]
    assert (bet["bookmaker"], bet["side"]) == ("C", "under")
    assert bet["q"] == pytest.approx(0.604, abs=0.005)  # Phi(2 / 7.6), the spread of results around 22.5
    alone = place_bets(*split_results(_with(quotes[2:].reset_index(drop=True), 0.34)))
    assert alone["q"].tolist() == [0.5], "where nobody else quotes the prop its own price is all there is"


def test_an_edge_that_the_margin_eats_is_no_bet(make_quotes):
    quotes = _with(make_quotes([{}]), 0.523)  # -110/-110: q 0.5, break-even 0.5238
    assert place_bets(*split_results(quotes)).empty
    assert len(place_bets(*split_results(quotes), BettingConfig(min_ev=-0.01))) == 1


def test_probabilities_are_compared_given_no_push(make_quotes):
    quotes = _with(make_quotes([{"line": 20.0}]), 0.50, push=0.10)
    bet = place_bets(*split_results(quotes)).iloc[0]
    assert bet["p"] == pytest.approx(0.5 / 0.9)
    assert bet["p_push"] == pytest.approx(0.1)
    assert bet["ev"] == pytest.approx(0.5 * 10 / 11 - 0.4)


def test_a_one_sided_quote_can_be_bet_where_another_book_prices_its_line_and_never_alone(make_quotes):
    alone = make_quotes([{"bookmaker": "A", "over_price": 130.0, "under_price": np.nan}])
    assert place_bets(*split_results(_with(alone, 0.6))).empty
    both = make_quotes([{"bookmaker": "A", "over_price": 130.0, "under_price": np.nan}, {"bookmaker": "B"}])
    assert place_bets(*split_results(_with(both, 0.6)))["bookmaker"].tolist() == ["A"]


def test_a_prop_without_a_forecast_is_not_bet(make_quotes):
    assert place_bets(*split_results(_with(make_quotes([{}]), np.nan, np.nan))).empty


def test_pushes_and_voids_return_the_stake(make_quotes):
    rows = [{"player_id": 1, "line": 25.0}, {"player_id": 2, "actual": np.nan}, {"player_id": 3, "actual": 1.0}]
    ledger = place_bets(*split_results(_with(make_quotes(rows), [0.6, 0.6, 0.6], [0.05, 0.0, 0.0])))
    assert ledger["result"].tolist() == ["push", "void", "lost"]
    assert ledger["profit"].tolist() == [0.0, 0.0, -1.0]
    assert ledger["bankroll"].tolist() == [999.0] * 3


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        (BettingConfig(), {1, 2, 3, 4}),
        (BettingConfig(min_edge=0.15), {1, 2}),
        (BettingConfig(min_ev=0.2), {1, 2}),
        (BettingConfig(odds_range=(2.0, 3.0)), {2}),
        (BettingConfig(books=("B",)), {2}),
        (BettingConfig(markets=("reb",)), {3}),
        (BettingConfig(filters=(filters.side_is("under"),)), {4}),
        (BettingConfig(filters=(filters.in_markets("pts"), filters.at_books("A"))), {1, 4}),
    ],
)
def test_filters_compose(make_quotes, config, expected):
    rows = [
        {"player_id": 1},
        {"player_id": 2, "bookmaker": "B", "over_price": 110.0},
        {"player_id": 3, "market": "reb"},
        {"player_id": 4},
    ]
    ledger = place_bets(*split_results(_with(make_quotes(rows), [0.70, 0.66, 0.56, 0.40])), config)
    assert set(ledger["player_id"]) == expected


def test_one_bet_per_player_and_night_takes_the_best_of_his_markets(make_quotes):
    rows = [{"market": "pts"}, {"market": "reb"}, {"market": "ast"}]
    quotes = _with(make_quotes(rows), [0.60, 0.70, 0.65])
    assert len(place_bets(*split_results(quotes))) == 3
    assert place_bets(*split_results(quotes), BettingConfig(one_per="player"))["market"].tolist() == ["reb"]


def test_bets_of_one_night_are_sized_from_the_bankroll_at_its_opening(make_quotes):
    rows = [
        {
            "game_id": f"00223005{night}{game}",
            "player_id": 10 * night + game,
            "over_price": 100.0,
            "under_price": -120.0,
            "game_date": f"2024-01-0{night}",
            "actual": 30.0,
        }
        for night in (1, 2)
        for game in (1, 2)
    ]
    stakes = StakeConfig(kelly=0.5, shrink=0.0, cap_bet=1.0, cap_player=1.0, cap_game=1.0, cap_night=1.0)
    ledger = place_bets(*split_results(_with(make_quotes(rows), 0.55)), BettingConfig(stakes=stakes))
    # Half Kelly at even money and 0.55 is 5 % of the opening bankroll: 50 and 50 of 1,000, then 55 and 55 of 1,100.
    assert ledger["stake"].tolist() == pytest.approx([50.0, 50.0, 55.0, 55.0])
    assert ledger["bankroll"].tolist() == pytest.approx([1100.0, 1100.0, 1210.0, 1210.0])


def test_the_probability_is_shrunk_towards_the_market_before_it_is_staked_on(make_quotes):
    quotes = _with(make_quotes([{"over_price": 100.0, "under_price": 100.0}]), 0.60)
    free = {"cap_bet": 1.0, "cap_player": 1.0, "cap_game": 1.0, "cap_night": 1.0}
    for shrink, stake in ((0.0, 200.0), (0.5, 100.0)):
        config = BettingConfig(stakes=StakeConfig(kelly=1.0, shrink=shrink, **free))
        assert place_bets(*split_results(quotes), config)["stake"].tolist() == pytest.approx([stake])
    assert place_bets(*split_results(quotes), BettingConfig(stakes=StakeConfig(kelly=1.0, shrink=1.0))).empty


def test_caps_scale_a_player_then_a_game_then_a_night():
    config = StakeConfig(kelly=1.0, cap_bet=0.02, cap_player=0.03, cap_game=0.04, cap_night=0.05)
    wish = np.array([0.5, 0.5, 0.02, 0.01, -0.1])
    share = capped_fractions(wish, np.zeros(5, int), np.array([0, 0, 0, 1, 1]), np.array([0, 0, 1, 2, 3]), config)
    # Bets: .02 .02 .02 .01 0; player 0: .015 .015; game 0 of .05: x 0.8 -> .012 .012 .016; the night: .05, no more.
    assert share.tolist() == pytest.approx([0.012, 0.012, 0.016, 0.01, 0.0])


def test_a_player_is_capped_night_by_night_and_apart_from_other_players():
    config = StakeConfig(kelly=1.0, cap_bet=0.02, cap_player=0.02, cap_game=1.0, cap_night=1.0)
    night, game, player = np.array([0, 0, 1, 1, 1]), np.arange(5), np.array([0, 1, 0, 1, 1])
    share = capped_fractions(np.full(5, 0.02), night, game, player, config)
    assert share.tolist() == pytest.approx([0.02, 0.02, 0.02, 0.01, 0.01])


def test_a_stake_is_rounded_down_to_the_cent_and_never_over_its_cap(make_quotes):
    quotes = _with(make_quotes([{"over_price": 100.0, "under_price": 100.0}]), 0.60)
    stakes = StakeConfig(kelly=1.0, shrink=0.0, unit_cents=1, bankroll_units=985, cap_bet=0.02)
    ledger = place_bets(*split_results(quotes), BettingConfig(stakes=stakes))
    assert ledger["stake_cents"].tolist() == [19]  # 2 % of 985 cents is 19.7


def test_a_slightly_better_line_is_preferred_whatever_its_book_is_called(make_quotes):
    rows = [{"bookmaker": "A", "line": 20.5}, {"bookmaker": "Z", "line": 21.5}]
    better_last = place_bets(*split_results(_with(make_quotes(rows), [0.600, 0.601])))
    better_first = place_bets(*split_results(_with(make_quotes(rows), [0.601, 0.600])))
    assert better_last["bookmaker"].tolist() == ["Z"]
    assert better_first["bookmaker"].tolist() == ["A"]


def test_equal_bets_go_to_the_first_book_by_name(make_quotes):
    rows = [{"bookmaker": book} for book in ("C", "A", "B")]
    assert place_bets(*split_results(_with(make_quotes(rows), 0.6)))["bookmaker"].tolist() == ["A"]


@pytest.mark.parametrize(
    "setting",
    [
        {"kelly": 0.0},
        {"kelly": 1.5},
        {"kelly": True},
        {"kelly": "0.25"},
        {"shrink": -0.1},
        {"cap_bet": 0.0},
        {"unit_cents": 0},
        {"unit_cents": 1.5},
        {"bankroll_units": 0.0},
        {"bankroll_units": float("inf")},
        {"bankroll_units": float("nan")},
    ],
)
def test_settings_under_which_no_stake_is_right_are_refused(setting):
    with pytest.raises(ConfigError, match=next(iter(setting)) if "cap" not in next(iter(setting)) else "caps"):
        StakeConfig(**setting)


def test_unknown_words_in_a_strategy_are_refused():
    with pytest.raises(ConfigError, match="min_edge is nan"):
        BettingConfig(min_edge=float("nan"))
    with pytest.raises(ConfigError, match="min_ev is '0.02'"):
        BettingConfig(min_ev="0.02")
    with pytest.raises(ConfigError, match="the lower end comes first"):
        BettingConfig(odds_range=(2.5, 1.5))
    with pytest.raises(ConfigError, match="books is the text 'fanduel'; it must be a tuple"):
        BettingConfig(books="fanduel")
    with pytest.raises(ConfigError, match="one_per"):
        BettingConfig(one_per="week")
    with pytest.raises(ConfigError, match="vig"):
        BettingConfig(vig="none")


def test_probabilities_that_do_not_sum_to_one_are_refused_with_their_rows(make_quotes):
    quotes = make_quotes([{}]).assign(p_over=0.6, p_push=0.0, p_under=0.6)
    with pytest.raises(DataError, match=r"0\.6"):
        place_bets(*split_results(quotes))


def test_results_decide_no_bet(random_quotes):
    quotes = _with(random_quotes(seed=3), 0.58)
    priced, results = split_results(quotes)
    other = results.assign(actual=results["actual"].sample(frac=1.0, random_state=1).to_numpy())
    config = BettingConfig()
    same = ["game_id", "player_id", "bookmaker", "side", "line", "price", "p", "q", "stake"]
    pd.testing.assert_frame_equal(place_bets(priced, results, config)[same], place_bets(priced, other, config)[same])


def test_the_order_of_the_quotes_does_not_matter(random_quotes):
    quotes = _with(random_quotes(seed=4), np.random.default_rng(0).uniform(0.4, 0.6, 1800))
    shuffled = quotes.sample(frac=1.0, random_state=2)
    key = ["game_date", "game_id", "player_id"]
    first, second = (
        place_bets(*split_results(table)).sort_values(key, ignore_index=True) for table in (quotes, shuffled)
    )
    pd.testing.assert_frame_equal(first, second)


def test_several_strategies_give_the_ledgers_that_each_gives_alone(random_quotes):
    quotes = _with(random_quotes(seed=8), 0.58)
    strategies = {"flat": BettingConfig(), "kelly": BettingConfig(min_edge=0.05, stakes=StakeConfig(kelly=0.25))}
    for name, ledger in run_backtest(*split_results(quotes), strategies).items():
        pd.testing.assert_frame_equal(ledger, place_bets(*split_results(quotes), strategies[name]))


bets = st.lists(
    st.tuples(
        st.integers(0, 6),  # night
        st.integers(0, 3),  # game of the night
        st.integers(0, 9),  # player
        st.floats(1.1, 6.0),  # decimal odds
        st.floats(0.02, 0.98),  # p
        st.sampled_from([10.0, 20.0, 30.0, np.nan]),  # actual; the line is 20
    ),
    max_size=40,
)


@settings(max_examples=80, deadline=None)
@given(bets, st.sampled_from([None, 0.25, 1.0]), st.integers(1, 100_000))
def test_the_ledger_always_adds_up_to_the_bankroll_to_the_cent(rows, kelly, unit_cents):
    columns = ["night", "game", "player_id", "decimal_odds", "p", "actual"]
    table = pd.DataFrame(rows, columns=columns).astype(
        {"actual": "float64", "night": "int64", "decimal_odds": "float64"}
    )
    table["game_date"] = pd.Timestamp("2024-01-01") + pd.to_timedelta(table["night"], unit="D")
    table["game_id"] = table["night"].astype("str") + table["game"].astype("str")
    table["market"] = [f"prop {row}" for row in range(len(table))]
    table = table.assign(side="over", line=20.0, q=0.5, p=table["p"].astype("float64"))
    ledger = stake_bets(*split_results(table), StakeConfig(kelly=kelly, unit_cents=unit_cents, shrink=0.0))
    start = round(1000.0 * unit_cents)
    nightly = ledger.groupby("game_date")[["profit_cents", "bankroll_cents"]].agg(
        {"profit_cents": "sum", "bankroll_cents": "last"}
    )
    assert (start + nightly["profit_cents"].cumsum() == nightly["bankroll_cents"]).all()
    assert ledger["profit_cents"].sum() == (ledger["bankroll_cents"].iloc[-1] - start if len(ledger) else 0)
    assert (ledger.loc[ledger["result"].isin(["push", "void"]), "profit_cents"] == 0).all()
    assert (
        ledger.loc[ledger["result"] == "lost", "profit_cents"] == -ledger.loc[ledger["result"] == "lost", "stake_cents"]
    ).all()
    if kelly is not None and len(ledger):
        opening = ledger["bankroll_cents"] - ledger.groupby("game_date")["profit_cents"].transform("sum")
        staked = ledger.groupby("game_date")["stake_cents"].transform("sum")
        assert (staked <= 0.20 * opening + 1e-6).all()
        assert (ledger["bankroll_cents"] > 0).all()


def test_profit_does_not_depend_on_the_format_in_which_odds_are_written(make_quotes):
    rows = [{"player_id": i, "over_price": price} for i, price in enumerate((-128.0, 100.0, 137.0, -640.0, -333.0))]
    ledger = place_bets(*split_results(_with(make_quotes(rows), 0.95)), BettingConfig(min_edge=-1, min_ev=-1))
    exact = {100.0: 10000, 137.0: 13700, -128.0: 7812, -640.0: 1562, -333.0: 3003}
    # 10,000 cents: 7,812.5 and 1,562.5 are halves and go to the even cent; 10,000 x 100/333 = 3,003.003.
    assert dict(zip(ledger["price"], ledger["profit_cents"], strict=True)) == exact


def test_betting_everything_blindly_loses_about_the_margin(random_quotes):
    quotes = random_quotes(seed=11, nights=150, per_night=40)
    config = BettingConfig(min_edge=-1.0, min_ev=-9.0, books=("A",))
    rois = [betting_metrics(place_bets(*split_results(_with(quotes, p)), config))["roi"] for p in (0.99, 0.01)]
    # Prices carry a margin of 0.045: 1/1.045 - 1 = -0.043. What luck gives the over it takes from the under.
    assert np.mean(rois) == pytest.approx(-0.043, abs=0.005)


def test_bets_of_one_day_are_one_night_whatever_hour_their_dates_carry(random_quotes):
    quotes = _with(random_quotes(nights=25), 0.62)
    hours = pd.to_timedelta(np.arange(len(quotes)) % 7, unit="h")
    for config in (BettingConfig(stakes=StakeConfig(kelly=0.25)), BettingConfig(one_per="player")):
        ledger = place_bets(*split_results(quotes), config)
        for dates in (
            quotes["game_date"] + hours,
            quotes["game_date"].dt.tz_localize("US/Eastern") + hours,
            quotes["game_date"].dt.strftime("%Y-%m-%d"),
        ):
            again = place_bets(*split_results(quotes.assign(game_date=dates)), config)
            pd.testing.assert_frame_equal(again, ledger, check_dtype=False)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"line": np.nan}, r"missing values.*line|line.*missing values"),
        ({"line": "20.5?"}, "numbers"),
        ({"game_date": pd.NaT}, "missing dates"),
        ({"game_date": "yesterday"}, "dates"),
        ({"actual": "DNP"}, "numbers"),
    ],
)
def test_a_bet_that_could_not_be_settled_is_refused(make_quotes, change, message):
    quotes = _with(make_quotes([{}]), 0.6)
    with pytest.raises(DataError, match=message):
        place_bets(*split_results(quotes.assign(**change)))
