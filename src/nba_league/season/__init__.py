"""A simulated season: who plays, in which role, and the box scores that come of it."""
