"""Player names: one person under the many spellings of odds vendors.

A spelling is only ever compared with the players of the two teams of the event in that season (some forty people). That
makes first-name rules safe: an initial, a nickname or a swapped order counts if exactly one of them fits.
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import pandas as pd

AMBIGUOUS: Final = -2
UNKNOWN: Final = -1
_NOBODY: Final[frozenset[int]] = frozenset()

_SUFFIXES: Final = frozenset({"jr", "sr", "ii", "iii", "iv", "v"})
# Letters that Unicode does not take apart into a base letter and an accent.
_LETTERS: Final = str.maketrans(
    {"đ": "d", "ð": "d", "ł": "l", "ø": "o", "ß": "ss", "ı": "i", "æ": "ae", "œ": "oe", "þ": "th"}
)

_NICKNAMES: Final = (
    "al alfred", "alex aleksandar aleksander alexander alexandre sasha", "andy andrew drew", "bam edrice",
    "ben benedict", "bill billy will willie william", "bj brandon", "bob bobby rob robbie robert",
    "bones nahshon", "bub carlton", "cam cameron", "charlie charles chuck", "chris christian christopher kris",
    "dan daniel danny", "dave david", "deuce miles", "didi marcos", "dom dominic dominick", "ed eddie edward",
    "fred frederick", "gg gregory greg", "herb herbert", "jake jacob", "james jay jim jimmy",
    "jeenathan nate nathan nathaniel", "jeff geoffrey jeffery jeffrey", "joe joey joseph", "juan juancho",
    "ken kenneth kenny", "kj kenyon", "lou louie louis lewis", "maxi max maximilian",
    "michael micheal mike mikey", "mo moe mohamed moritz moussa", "nic nick nicholas nicolas nikola",
    "obi obadiah", "og ogugua", "pat patrick patty", "raul raulzinho", "ron ronald ronnie",
    "scottie scotty scott", "sam samuel", "stephen steve steven", "svi sviatoslav", "theo theodore",
    "tim timothy timothe", "tom tommy thomas", "tony anthony", "tre trey", "vince vincent", "willy guillermo",
    "zac zach zachary zack zachery",
)  # fmt: skip
"""Given names that can replace one another."""

_CHANGED: Final = {
    "eneskanter": "enesfreedom",
    "taureanwallerprince": "taureanprince",
    "jeenathanwilliams": "natewilliams",
}
"""Whole names that changed."""


def _classes() -> dict[str, frozenset[int]]:
    found: dict[str, set[int]] = defaultdict(set)
    for number, names in enumerate(_NICKNAMES):
        for name in names.split():
            found[name].add(number)
    return {name: frozenset(numbers) for name, numbers in found.items()}


_CLASS_OF: Final = _classes()


@dataclass(frozen=True)
class Name:
    """A name without accents, case and punctuation.

    Attributes:
        strict: All words run together (`jarenjacksonjr`).
        key: The same without a generational suffix (`jarenjackson`).
        words: The words of `key`.
    """

    strict: str
    key: str
    words: tuple[str, ...]


@lru_cache(maxsize=65_536)
def parse_name(raw: str) -> Name:
    """Take a name apart: `Portis, Bobby`, `P.J. Washington Jr.`, `Jalen (2001) Johnson`, `LUKA DONČIĆ`."""
    text = re.sub(r"\(.*?\)", " ", raw).casefold().translate(_LETTERS)
    text = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
    last, comma, first = text.partition(",")
    if comma and first.strip(" .") not in _SUFFIXES:
        text = f"{first} {last}"
    words = re.sub(r"[^a-z]+", " ", re.sub(r"[.'’`´ʼ]", "", text)).split()
    core = [word for word in words if word not in _SUFFIXES]
    core = core if len(core) > 1 else words
    return Name("".join(words), "".join(core), tuple(core))


def _same_given(left: tuple[str, ...], right: tuple[str, ...]) -> bool:
    one, two = left[0], right[0]
    if one.startswith(two) or two.startswith(one) or _CLASS_OF.get(one, frozenset()) & _CLASS_OF.get(two, frozenset()):
        return True
    return any(
        len(short[0]) > 1 and short[0] == "".join(word[0] for word in long[: len(short[0])])
        for short, long in ((left, right), (right, left))
        if len(long) > len(short[0])
    )


def alike(left: Name, right: Name) -> bool:
    """Whether two names can be one person: given names that can replace one another, and a common family name.

    A given name may be an initial, a beginning, a nickname or the initials of two given names; family names may be
    shortened (`Nickeil Alexander-Walker`, `N. Walker`) or followed by others (`Alfred Joel Horford Reynoso`).
    """
    one, two = set(left.words[1:]), set(right.words[1:])
    return bool(one and two) and (one <= two or two <= one) and _same_given(left.words, right.words)


class _Roster:
    """The players of one team in one season, by every key a spelling is looked up with."""

    def __init__(self) -> None:
        self.strict: dict[str, set[int]] = defaultdict(set)
        self.key: dict[str, set[int]] = defaultdict(set)
        self.words: dict[tuple[str, ...], set[int]] = defaultdict(set)
        self.names: list[tuple[Name, int]] = []

    def add(self, name: Name, player_id: int) -> None:
        self.strict[name.strict].add(player_id)
        self.key[name.key].add(player_id)
        self.words[tuple(sorted(name.words))].add(player_id)
        self.names.append((name, player_id))


class PlayerIndex:
    """Everybody in the `games` table, by season and team.

    `aliases` are the user's own spellings: name in the odds -> name in the log.
    """

    def __init__(self, games: pd.DataFrame, aliases: Mapping[str, str] | None = None) -> None:
        self._teams: dict[tuple[str, str], _Roster] = defaultdict(_Roster)
        self._seasons: dict[str, dict[str, set[int]]] = defaultdict(lambda: defaultdict(set))
        self._ever: dict[str, set[int]] = defaultdict(set)
        self._aliases = {parse_name(k).strict: parse_name(v) for k, v in (aliases or {}).items()}
        people = games[["season", "team", "player_name", "player_id"]].drop_duplicates()
        for season, team, raw, player_id in people.itertuples(index=False):
            name = parse_name(raw)
            self._teams[season, team].add(name, player_id)
            self._seasons[season][name.key].add(player_id)
            self._ever[name.key].add(player_id)

    def find(self, raw: str, season: str, teams: Iterable[str]) -> tuple[int, str]:
        """The player meant by `raw` in an event of two teams, and the rule that found him.

        Returns:
            `player_id` (or `UNKNOWN`, or `AMBIGUOUS`) and one of `accents, case, punctuation`, `suffix`, `word order`,
            `nickname or initial`, `not with these teams`, or an empty string.
        """
        name = parse_name(raw)
        name = self._aliases.get(name.strict, name)
        rosters = [self._teams[season, team] for team in teams if (season, team) in self._teams]
        ids = set[int]().union(*(roster.strict.get(name.strict, _NOBODY) for roster in rosters))
        if ids:
            return _single_id(ids, "accents, case, punctuation")
        ever = self._ever.get(name.key, _NOBODY)
        steps = (
            ("suffix", lambda r: r.key.get(name.key, _NOBODY)),
            ("suffix", lambda r: r.key.get(_CHANGED.get(name.key, ""), _NOBODY)),
            # A name that belongs to somebody else in the log is his: it is not made to fit these two teams.
            ("word order", lambda r: _narrowed(r.words.get(tuple(sorted(name.words)), _NOBODY), ever)),
            ("nickname or initial", lambda r: _narrowed({i for other, i in r.names if alike(name, other)}, ever)),
        )
        for rule, look in steps:
            ids = set[int]().union(*(look(roster) for roster in rosters))
            if ids:
                return _single_id(ids, rule)
        return _single_id(self._seasons[season].get(name.key, _NOBODY), "not with these teams")

    def find_in_season(self, raw: str, season: str, team: str | None) -> int:
        """The player of a season table: by team where it is given and in the log, else by a name only one player has.

        Returns:
            `player_id`, `UNKNOWN` or `AMBIGUOUS`.
        """
        if team is not None and (season, team) in self._teams:
            return self.find(raw, season, (team,))[0]
        name = parse_name(raw)
        name = self._aliases.get(name.strict, name)
        return _single_id(self._seasons[season].get(name.key, _NOBODY) or self._ever.get(name.key, _NOBODY), "")[0]


def _narrowed(ids: AbstractSet[int], ever: AbstractSet[int]) -> AbstractSet[int]:
    return ids & ever if ever else ids


def _single_id(ids: AbstractSet[int], rule: str) -> tuple[int, str]:
    if not ids:
        return UNKNOWN, ""
    return (next(iter(ids)), rule) if len(ids) == 1 else (AMBIGUOUS, "")
