"""`testbed generate`: a sample of a world with its ground truth, as one .npz."""

from __future__ import annotations

import argparse

from commands.outcome import target


def arguments(parser: argparse.ArgumentParser) -> None:
    """World, size, parameters, seed, target."""
    parser.add_argument("world", metavar="WORLD", help="a name from 'testbed worlds'")
    parser.add_argument("--n", type=int, help="number of samples; without it, the world's exact weighted support")
    parser.add_argument("--set", action="append", default=[], metavar="K=V", help="a parameter of the world")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", required=True, metavar="FILE.npz")


def run(arguments: argparse.Namespace) -> int:
    """Draw and write X, weights, codes, features, offset."""
    from generators import make, parse_parameters
    from testbed import InputError, checks, files

    out = target(arguments.out, ".npz")
    world = make(arguments.world, **parse_parameters(arguments.set))
    seed = checks.integer("generate", "--seed", arguments.seed)
    if arguments.n is not None:
        sample = world.sample(checks.count("generate", "--n", arguments.n), seed)
    elif world.finite:
        sample = world.exact()
    else:
        raise InputError(f"generate: {arguments.world} has no finite support, so it needs --n")
    files.save_npz(out, {"X": sample.X, "weights": sample.weights, "codes": sample.codes, "features": sample.features,
                         "offset": sample.offset})
    n, d = sample.X.shape
    what = "samples" if arguments.n is not None else "weighted points, its exact distribution"
    print(f"{out}: {n} {what}; {d} dimensions, {len(sample.features)} true features")
    return 0
