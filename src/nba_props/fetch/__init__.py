"""Fetches data from where they are published: game logs, lines, injury reports. Needs the extra `nba`."""
