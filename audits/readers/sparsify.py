"""sparsify: cfg.json and sae.safetensors, a TopK SAE.

Its forward pass, in our letters: P = (x - b_dec) W_enc + c, the k largest of max(P, 0), reconstruction a W_dec + b_dec.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from audits import sae
from audits.encoders import TopK
from audits.readers.common import configuration, oriented, sized, taken, tensors, whole
from audits.sae import SAE
from testbed.errors import InputError

WEIGHTS = "sae.safetensors"


def recognises(path: Path) -> bool:
    """Whether the folder is one that sparsify writes."""
    return path.is_dir() and (path / "cfg.json").is_file() and (path / WEIGHTS).is_file()


def read(path: Path) -> SAE:
    """The SAE in a folder; ValueError naming the file for transcoders, skip connections and group-max activations."""
    cfg, held = configuration(path / "cfg.json"), tensors(path / WEIGHTS)
    for name in ("transcode", "skip_connection"):
        if cfg.get(name):
            raise InputError(f"{path / 'cfg.json'}: {name} is set: not a dictionary of its own input")
    if cfg.get("activation", "topk") != "topk":
        raise InputError(f"{path / 'cfg.json'}: activation {cfg['activation']!r} is not read; known is topk")
    W_dec, W_enc, c, b = taken(path / WEIGHTS, held, ("W_dec", "encoder.weight", "encoder.bias", "b_dec"))
    d = whole(path / "cfg.json", cfg, "d_in") if "d_in" in cfg else len(b)
    b, m = sized(path / WEIGHTS, "b_dec", b, d), len(c)
    W_dec = oriented(path / WEIGHTS, "W_dec", W_dec, (m, d))
    if W_enc.shape != (m, d):
        raise InputError(f"{path / WEIGHTS}: encoder.weight must have shape {(m, d)}; its shape is {W_enc.shape}")
    D, norms, dead = sae.fold(str(path / WEIGHTS), W_dec)
    return SAE("sparsify", "topk", D, b.astype(np.float64), np.ascontiguousarray(W_enc.T), c, b,
               TopK(whole(path / "cfg.json", cfg, "k", 1)), norms, dead, None,
               "TopK has no penalty", ("b_dec is subtracted from the input",
                                       "decoder norms are folded into the codes after TopK has chosen"))
