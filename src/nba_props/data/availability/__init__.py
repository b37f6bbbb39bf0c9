"""Who was reported to play or not to play, and when."""

from nba_props.data.availability.formats import FORMATS, Format, load_availability, nobody_waiting
from nba_props.data.availability.injury_report import InjuryReport, read_injury_report
from nba_props.data.availability.join import AvailabilityJoin, AvailabilityReport, join_availability
from nba_props.data.availability.last_reports import LastReports, last_reports
from nba_props.data.availability.table import (
    COLUMNS,
    INJURY_REPORT,
    STATUSES,
    AvailabilityReading,
    absence,
    as_of,
    no_fixtures,
)

__all__ = [
    "COLUMNS",
    "FORMATS",
    "INJURY_REPORT",
    "STATUSES",
    "AvailabilityJoin",
    "AvailabilityReading",
    "AvailabilityReport",
    "Format",
    "InjuryReport",
    "LastReports",
    "absence",
    "as_of",
    "join_availability",
    "last_reports",
    "load_availability",
    "no_fixtures",
    "nobody_waiting",
    "read_injury_report",
]
