"""Say what files are and what the loaders would make of them, without loading them: `inspect_data.py FILES...`."""

from __future__ import annotations

import argparse
import logging
import sys


def main() -> int:
    """Print the description of every file."""
    parser = argparse.ArgumentParser(description="Say what data files are, what would be used of them, and what not.")
    parser.add_argument("files", nargs="+", help="files or folders")
    parser.add_argument("--player", help="the player of a file that has one and does not name him")
    parser.add_argument("--season", help="the season of a season table that does not name it, such as 2023-24")
    args = parser.parse_args()

    from nba_props.data.inspect import inspect
    from nba_props.data.readers import Options

    logging.disable(logging.WARNING)
    for text in inspect(args.files, Options(player=args.player, season=args.season)):
        print(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
