"""See `models.commands.replay_season`."""

from models.commands.replay_season import app, main

__all__ = ["app", "main"]

if __name__ == "__main__":
    main()
