"""python -m figures: the command line."""

import sys

from figures.cli import main

sys.exit(main())
