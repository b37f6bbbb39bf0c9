"""Which spellings can be one person, and which cannot."""

from __future__ import annotations

import pytest

from nba_props.data.names import alike, parse_name


@pytest.mark.parametrize(
    ("raw", "strict", "key"),
    [
        ("Luka Dončić", "lukadoncic", "lukadoncic"),
        ("Nikola Đurišić", "nikoladurisic", "nikoladurisic"),
        ("Jaren Jackson Jr.", "jarenjacksonjr", "jarenjackson"),
        ("Jackson Jr., Jaren", "jarenjacksonjr", "jarenjackson"),
        ("Jaren Jackson, Jr.", "jarenjacksonjr", "jarenjackson"),
        ("P.J. Washington", "pjwashington", "pjwashington"),
        ("C. J. McCollum", "cjmccollum", "cjmccollum"),
        ("De’Aaron Fox", "deaaronfox", "deaaronfox"),
        ("Karl-Anthony Towns", "karlanthonytowns", "karlanthonytowns"),
        ("Jalen (2001) Johnson", "jalenjohnson", "jalenjohnson"),
        ("Nene", "nene", "nene"),
        ("  LeBron   JAMES ", "lebronjames", "lebronjames"),
    ],
)
def test_a_name_is_reduced_to_its_letters(raw, strict, key):
    name = parse_name(raw)
    assert (name.strict, name.key) == (strict, key)


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("Nic Claxton", "Nicolas Claxton"),
        ("Moe Wagner", "Moritz Wagner"),
        ("Herb Jones", "Herbert Jones"),
        ("Cam Thomas", "Cameron Thomas"),
        ("G Antetokounmpo", "Giannis Antetokounmpo"),
        ("Mil. Bridges", "Miles Bridges"),
        ("Christian James McCollum", "CJ McCollum"),
        ("Alfred Joel Horford Reynoso", "Al Horford"),
        ("N. Alexander-Walker", "Nickeil Alexander-Walker"),
        ("Brook Robert Lopez", "Brook Lopez"),
        ("Bub Carrington", "Carlton Carrington"),
    ],
)
def test_spellings_of_one_person_are_alike_both_ways(left, right):
    assert alike(parse_name(left), parse_name(right))
    assert alike(parse_name(right), parse_name(left))


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("Jalen Williams", "Jaylin Williams"),
        ("Caleb Martin", "Cody Martin"),
        ("Jalen McDaniels", "Jaden McDaniels"),
        ("Markieff Morris", "Marcus Morris"),
        ("Seth Curry", "Stephen Curry"),
        ("Thanasis Antetokounmpo", "Giannis Antetokounmpo"),
        ("Jrue Holiday", "Aaron Holiday"),
        ("Anthony Davis", "Anthony Edwards"),
        ("Nene", "Nene Hilario"),
    ],
)
def test_different_people_are_not_alike(left, right):
    assert not alike(parse_name(left), parse_name(right))
    assert not alike(parse_name(right), parse_name(left))
