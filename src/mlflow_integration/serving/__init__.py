"""The tracking server: of one machine, and of a team."""
