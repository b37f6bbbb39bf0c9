"""The fingerprint of a table, handed on to those who load one."""

from nba_props.content import fingerprint

__all__ = ["fingerprint"]
