"""Invented player names: plausible, unique even without accents and suffixes, and nobody's."""

from __future__ import annotations

from typing import Final

import numpy as np

_FIRST: Final = tuple(
    """
    Aaron Adrian Alec Amari André Anton Ari Arlo Barrett Beau Benji Brandt Bryce Caleb Calvin Camden Cedric Clay Colby
    Corbin Cyrus Dale Damon Dante Darius Davor Deandre Deke Denis Desmond Devan Dion Donte Drew Eamon Elias Émile Enzo
    Ezra Felix Finn Florian Gabe Gideon Goran Grady Hakim Hollis Hugo Ignacio Imani Isaac Ivo Jabari Jace Jamar Jarek
    Javon Jelani Joaquín Jonah Jorge José Jules Kacper Kai Keanu Kellan Kendrell Khalid Kofi Kymani Lamont Landry Lars
    Leandro Lionel Loïc Luc Mack Malachi Marek Marquis Mateo Matthias Micah Milan Moses Nasir Nate Nikša Noah Obi Omari
    Otis Pascal Percy Quentin Rafe Ramón Rashaun René Rhys Roman Rory Sacha Sekou Silas Simon Stellan Tadeo Tarik Tevin
    Théo Tobin Tomás Trevon Tyree Uriah Vance Viktor Wendell Wes Xavi Yannick Yusuf Zane Zeke
    """.split()  # noqa: SIM905 -- a list of 140 quoted words is longer than the page
)
_LAST: Final = tuple(
    """
    Abernoth Adekanle Aldermoor Amberley-Cole Anstrother Arkwell Ashgrove Baccarin Ballantree Barrowmane Bélavoine
    Bellamont Blackmere Bogdašić Bramhurst Brackwell Briarfield Brightwater Calloworth Cardovan Castellow Çelmak
    Chatterley-Dunn Coldwater Corriveaux Cranmoor Crosswick D'Ambrovio Dabrowicz Darkwood Delacourt-Ray Demarque
    Dovermeyer Drăgulin Dunmarrow Dvorčak Eastergate Ebbensgaard Ekwunife Elverton Fairweather-Jones Falkenrath
    Featherby Fenwicke Fitzhollow Foxcombe Galbright Garrowby Gbadamassi Glenhaven Gorantes Graymark Greenhalgh-Osei
    Grimsdyke Haldorsen Halloway-Pike Hammerlund Harkensaw Hawksmoor Hazelrigg Hollowell Hrádek Huntsberry Ibekwe-Stone
    Icardoza Inverleith Ironwood Jadrošek Jessamy Kaldenberg Kestrelman Kilbrannan Kirvalidze Koutsimanis Kvasnička
    Lancombe Larkhaven Lavoisette Leopardstown Lindqvarn Locksworth Lomasi Longstaffe Mabunda-Reed Macallory Marchbanks
    Marwick Mbayedo Merriweather-Lowe Millhauser Montecalvo Moorcroft Mossgrave Ndlovane Nettleship Nørdgaard
    Northcutter Núñoza O'Brannigan Oakhollow Odunlami Okparaeze Oldcastle Ostergren-Hale Pallister Pellegrand Penhallow
    Petrovanić Pinebrook Ponteverde Quarrington Quillfeather Radcliffe-Amos Rainsford Ravenscar Redfearn Ridgemont-Bell
    Rosenvald Rutherglen Ryecroft Sablinskas Saltmarsh Santorelli Sarpongwa Seabright Shadowell Silverthorn Šimunek
    Skelbrooke Stanhope-Ferris Stonebridge Sundqvall Tallowmere Tamberlane Thackerby Thistlewood Thornquist Tillermann
    Tolliverton Trevelyan-Moss Tumasonis Underhay Urrutibeas Vandermolen Varghesi Velázcoro Vranješić Wainscott
    Waterfall-Kane Weatherstone Westergaard-Lee Whitlocke Wintersmith Wolfenden Wrayburn Yarborough-Nash Yellowlees
    Zabrinski Zarkovas Żelawski Zimmerdale Zubiarreta
    """.split()  # noqa: SIM905 -- as above
)
_SUFFIXES: Final = ("", " Jr.", " II", " III", " IV")
_SUFFIX_SHARES: Final = (0.955, 0.025, 0.008, 0.010, 0.002)


def player_names(n: int, rng: np.random.Generator) -> list[str]:
    """`n` different names; no two share first and last name, so that no suffix is needed to tell them apart.

    Raises:
        ValueError: If more names are asked for than there are pairs.
    """
    pairs = len(_FIRST) * len(_LAST)
    if n > pairs:
        message = f"only {pairs:,} invented names are available, {n:,} were asked for"
        raise ValueError(message)
    chosen = rng.permutation(pairs)[:n]
    suffixes = rng.choice(len(_SUFFIXES), size=n, p=_SUFFIX_SHARES)
    return [
        f"{_FIRST[pair % len(_FIRST)]} {_LAST[pair // len(_FIRST)]}{_SUFFIXES[suffix]}"
        for pair, suffix in zip(chosen.tolist(), suffixes.tolist(), strict=True)
    ]
