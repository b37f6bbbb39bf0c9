"""Runs read back: all pages, compared, exported, and kept in order."""
