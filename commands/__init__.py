"""What a person types: the command line `testbed`, also `python -m commands`.

One module a command, named as it is typed, with `arguments(parser)` and `run(arguments) -> exit status`. A new one is a
file and a line here. Modules import what computes inside functions, so that help does not wait for it.
"""

COMMANDS = {
    "worlds": "list the worlds, with their parameters",
    "generate": "draw a sample from a world, with its ground truth",
    "fit": "train a dictionary to a verified optimum",
    "check": "every property: residual, tolerance, verdict, worst place",
    "audit": "a dictionary that someone else trained: how far from optimal, and why",
    "conjecture": "a statement of yours: search for an optimum that breaks it, and make it small",
    "theory": "list the statements, or print one with its derivation and evidence",
    "figures": "regenerate figures, interactive pages and the gallery page",
    "sweep": "a design of many fits, computed by many processes, taken up again where it stood",
    "collect": "the finished cells of a sweep as one table",
    "demo": "list the live notebooks, or start one",
}
