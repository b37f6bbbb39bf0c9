"""Prices, no-vig probabilities, and which quotes were on offer, closed, or should not be used."""
