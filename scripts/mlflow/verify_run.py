"""See `models.commands.verify_run`."""

from models.commands.verify_run import app, main

__all__ = ["app", "main"]

if __name__ == "__main__":
    main()
