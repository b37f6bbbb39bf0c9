"""The commands of the wrapper: set up, compare, check."""
