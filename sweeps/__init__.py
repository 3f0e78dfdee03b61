"""Designs of many fits: what is asked, how it is computed by many processes or machines, and one table of answers.

    design = read_design("designs/o43_reduced.toml")
    run(design, "out/o43", jobs=2)          # again after any interruption: what is there is verified and left alone
    table = collect("out/o43")
"""

from sweeps.collecting import Table, collect
from sweeps.designs import Design, read_design
from sweeps.running import Outcome, run

__all__ = ["Design", "Outcome", "Table", "collect", "read_design", "run"]
