"""A dictionary as arrays in one .npz or .safetensors: D or W_dec (m, d), and optionally b, W_enc, b_enc, threshold, k.

Without W_enc the encoder is D^T with a threshold that is not known, so none is assumed: only exact codes are audited.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from audits import sae
from audits.encoders import Encoder, JumpReLU, TopK, relu
from audits.readers.common import oriented, sized, taken, tensors, whole, working
from audits.sae import SAE
from testbed import files
from testbed.errors import InputError


def recognises(path: Path) -> bool:
    """Whether it is one file of arrays."""
    return path.is_file() and path.suffix.lower() in (".npz", ".safetensors")


def read(path: Path) -> SAE:
    """The dictionary in a file; ValueError naming it for missing arrays and shapes that do not fit."""
    if path.suffix.lower() == ".npz":
        held = {name: working(f"{path}: {name}", value) for name, value in files.load_npz(path).items()
                if value.dtype.kind in "iuf"}
    else:
        held = tensors(path)
    name = "D" if "D" in held else "W_dec"
    (decoder,) = taken(path, held, (name,))
    if decoder.ndim != 2:
        raise InputError(f"{path}: {name} must have 2 dimensions; its shape is {decoder.shape}")
    b = held.get("b", held.get("b_dec"))
    said = [f"{name} is read with a row an atom"]
    if b is not None and b.ndim == 1 and len(b) == decoder.shape[0] != decoder.shape[1]:
        decoder, said = np.ascontiguousarray(decoder.T), [f"{name} is read with a column an atom, as b has its rows"]
    m, d = decoder.shape
    b = np.zeros(d) if b is None else sized(path, "b", b, d)
    D, norms, dead = sae.fold(str(path), decoder)
    lam = float(held["lam"].item()) if "lam" in held and held["lam"].size == 1 and held["lam"].item() > 0 else None
    source = "the file's own lam" if lam else "the file names no penalty"
    if "W_enc" not in held:
        return SAE("plain", "none", D, b.astype(np.float64), np.zeros((d, 0)), np.zeros(0), np.zeros(d), relu, norms,
                   dead, lam, source, (*said, "no encoder: exact codes alone are audited"))
    W = oriented(path, "W_enc", held["W_enc"], (d, m))
    c = sized(path, "b_enc", held["b_enc"], m) if "b_enc" in held else np.zeros(m, W.dtype)
    activation: Encoder = relu
    architecture = "standard"
    if "k" in held:
        activation, architecture = TopK(whole(path, {"k": int(held["k"])}, "k", 1)), "topk"
    elif "threshold" in held:
        activation, architecture = JumpReLU(sized(path, "threshold", held["threshold"], m)), "jumprelu"
    return SAE("plain", architecture, D, b.astype(np.float64), W, c, b.astype(W.dtype), activation, norms, dead, lam,
               source, (*said, "b is subtracted from the input", "decoder norms are folded into the codes"))
