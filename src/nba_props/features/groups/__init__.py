"""Feature groups, one file for each family."""
