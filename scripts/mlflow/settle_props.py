"""See `models.commands.settle_props`."""

from models.commands.settle_props import app, main

__all__ = ["app", "main"]

if __name__ == "__main__":
    main()
