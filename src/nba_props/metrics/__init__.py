"""Definitions of metrics, and tables made of them."""
