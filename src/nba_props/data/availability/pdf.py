"""Format: the league's injury report as a PDF."""

from __future__ import annotations

from nba_props.data.availability.formats import FORMATS, Format
from nba_props.data.availability.injury_report import load_injury_report

FORMATS.add(
    "injury report (PDF)",
    Format(
        needs="a PDF as it is published on official.nba.com",
        recognises=lambda file: file.is_pdf,
        read=lambda file, _: load_injury_report(file.path),
    ),
)
