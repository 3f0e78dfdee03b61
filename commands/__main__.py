"""python -m commands: the command line."""

import sys

from commands.cli import main

if __name__ == "__main__":  # not in the worker processes of a command, which import this file again
    sys.exit(main())
