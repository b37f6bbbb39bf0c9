"""Train, evaluate walk-forward, track, register and gate; see `models.commands.train_model`."""

from models.commands.train_model import app, main

__all__ = ["app", "main"]

if __name__ == "__main__":
    main()
