"""One reader a format; `read_sae` recognises which one a path asks for.

    sae_lens             a folder with cfg.json and sae_weights.safetensors
    dictionary_learning  a folder with config.json and ae.pt (read without torch, by a list of five allowed names)
    sparsify             a folder with cfg.json and sae.safetensors
    plain                one .npz or .safetensors with D or W_dec, and optionally b, W_enc, b_enc, threshold, k

A reader is a module with `recognises(path)` and `read(path)`.
"""

from __future__ import annotations

from pathlib import Path

from audits.readers import dictionary_learning, plain, sae_lens, sparsify
from audits.sae import SAE
from testbed.errors import InputError

READERS = (sae_lens, dictionary_learning, sparsify, plain)


def read_sae(path: str | Path) -> SAE:
    """The SAE at a path, by the reader that recognises it.

    Raises ValueError in one sentence that names the file for everything that is not such an SAE: missing keys, wrong
    orientation, entries that are not finite, truncated or hostile files; OSError where nothing is.
    """
    path = Path(path)
    if not path.exists():
        raise FileNotFoundError(2, "No such file or folder", str(path))
    for reader in READERS:
        if reader.recognises(path):
            return reader.read(path)
    held = ", ".join(sorted(item.name for item in path.iterdir())[:8]) if path.is_dir() else path.name
    raise InputError(f"{path}: no SAE is recognised there (it holds {held or 'nothing'}); expected cfg.json beside "
                     "sae_weights.safetensors or sae.safetensors, config.json beside ae.pt, or a .npz or .safetensors")
