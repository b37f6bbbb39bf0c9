"""See `models.commands.monitor`."""

from models.commands.monitor import app, main

__all__ = ["app", "main"]

if __name__ == "__main__":
    main()
