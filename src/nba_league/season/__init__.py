"""A simulated season: who plays, in which role, and the resulting box scores."""
