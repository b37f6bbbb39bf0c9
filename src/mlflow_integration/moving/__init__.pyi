from .move import Move, move_store

__all__ = ["Move", "move_store"]
