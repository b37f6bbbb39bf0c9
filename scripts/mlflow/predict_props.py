"""See `models.commands.predict_props`."""

from models.commands.predict_props import app, main

__all__ = ["app", "main"]

if __name__ == "__main__":
    main()
