"""dictionary_learning: a trainer's folder with config.json and ae.pt, read without torch (audits.readers.pickles).

Their forward pass, in our letters: P = (x - b) W_enc + c, a = max(P, 0) or its k largest, reconstruction a W_dec + b.
Their loss is the squared error summed over d, averaged over samples, plus l1_penalty sum_j a_j at unit norm: twice
ours, so lam = l1_penalty / 2. Where activations were normalised in training the factor is not saved: lam is then that
times the factor.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from audits import sae
from audits.encoders import Encoder, JumpReLU, TopK, relu
from audits.readers import pickles
from audits.readers.common import coefficient, configuration, oriented, sized, taken, whole, working
from audits.sae import SAE
from testbed.errors import InputError

KINDS = {"AutoEncoder": "standard", "AutoEncoderTopK": "topk", "BatchTopKSAE": "batchtopk", "JumpReluAutoEncoder":
         "jumprelu"}


def recognises(path: Path) -> bool:
    """Whether the folder is a trainer's, or holds a single trainer's folder."""
    return _folder(path) is not None


def _folder(path: Path) -> Path | None:
    for home in (path, *sorted(path.glob("trainer_*"))[:1]) if path.is_dir() else ():
        if (home / "config.json").is_file() and (home / "ae.pt").is_file():
            return home
    return None


def read(path: Path) -> SAE:
    """The SAE in a folder; ValueError naming the file for classes that are not read."""
    home = _folder(path)
    assert home is not None
    if home != path and len(sorted(path.glob("trainer_*"))) > 1:
        raise InputError(f"{path}: holds several trainers; name one of them, such as {home}")
    weights, where = home / "ae.pt", home / "config.json"
    trainer = configuration(where).get("trainer")
    if not isinstance(trainer, Mapping):
        raise InputError(f"{where}: trainer is missing")
    kind = str(trainer.get("dict_class"))
    if kind not in KINDS:
        raise InputError(f"{where}: dict_class {kind} is not read; known are {', '.join(KINDS)}")
    held = {name: working(f"{weights}: {name}", np.asarray(value)) for name, value in pickles.load(weights).items()}
    W_enc, W_dec, c, b = _matrices(weights, kind, held)
    D, norms, dead = sae.fold(str(weights), W_dec)
    said = ["the decoder's bias is subtracted from the input", "decoder norms are folded into the codes",
            "a factor that activations were divided by in training is not saved: they must come in the SAE's own units"]
    activation = _activation(weights, kind, held, len(c), said)
    subtracted = b
    if kind == "JumpReluAutoEncoder" and not bool(trainer.get("apply_b_dec_to_input", False)):
        subtracted, said[0] = np.zeros_like(b), "the decoder's bias is not subtracted from the input"
    lam, source = _penalty(where, trainer)
    return SAE("dictionary_learning", KINDS[kind], D, b.astype(np.float64), W_enc, c, subtracted, activation, norms,
               dead, lam, source, tuple(said))


def _matrices(path: Path, kind: str, held: Mapping[str, np.ndarray]) -> tuple[np.ndarray, ...]:
    """W_enc (d, m), W_dec (m, d), c (m,), b (d,)."""
    if kind == "JumpReluAutoEncoder":
        W_enc, W_dec, c, b = taken(path, held, ("W_enc", "W_dec", "b_enc", "b_dec"))
        d, m = len(b), len(c)
    else:
        name = "bias" if "bias" in held else "b_dec"
        W_enc, W_dec, c, b = taken(path, held, ("encoder.weight", "decoder.weight", "encoder.bias", name))
        d, m = len(b), len(c)
        if W_enc.shape != (m, d) or W_dec.shape != (d, m):
            raise InputError(f"{path}: encoder.weight and decoder.weight must have shapes {(m, d)} and {(d, m)}; they "
                             f"have {W_enc.shape} and {W_dec.shape}")
        W_enc, W_dec = np.ascontiguousarray(W_enc.T), np.ascontiguousarray(W_dec.T)
    return (oriented(path, "encoder", W_enc, (d, m)), oriented(path, "decoder", W_dec, (m, d)),
            sized(path, "encoder bias", c, m), sized(path, "bias", b, d))


def _activation(path: Path, kind: str, held: Mapping[str, np.ndarray], m: int, said: list[str]) -> Encoder:
    if kind == "AutoEncoder":
        return relu
    if kind == "AutoEncoderTopK":
        (k,) = taken(path, held, ("k",))
        return TopK(whole(path, {"k": int(k.item()) if k.size == 1 else None}, "k", 1))
    (threshold,) = taken(path, held, ("threshold",))
    if kind == "BatchTopKSAE":
        said.append("its forward pass in training depends on the batch: the saved threshold stands in for it")
        threshold = np.full(m, threshold.item() if threshold.size == 1 else np.nan, np.float32)
    return JumpReLU(sized(path, "threshold", threshold, m))


def _penalty(where: Path, trainer: Mapping[str, Any]) -> tuple[float | None, str]:
    if "l1_penalty" not in trainer:
        return None, "its configuration names no L1 penalty"
    c = coefficient(where, "l1_penalty", trainer["l1_penalty"])
    return (c / 2 or None), f"half the configuration's l1_penalty {c:g}"
