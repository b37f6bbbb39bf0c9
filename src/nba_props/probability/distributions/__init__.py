"""Predictive distributions, one file each."""
