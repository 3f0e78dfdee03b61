"""SAELens: cfg.json and sae_weights.safetensors (versions 4 to 6; architectures standard, topk, jumprelu, gated).

Their forward pass, in our letters: P = (x - b_dec) W_enc + b_enc (the subtraction only with apply_b_dec_to_input),
activations a of P, reconstruction a W_dec + b_dec. BatchTopK and Matryoshka SAEs saved for inference are JumpReLUs;
saved in training, BatchTopK's forward pass depends on its batch, and its running threshold stands in for it.

Their loss is the squared error summed over d, averaged over samples, plus l1_coefficient sum_j a_j |W_dec_j|: twice
ours, so lam = l1_coefficient / 2.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from audits import sae
from audits.encoders import Gated, JumpReLU, TopK, relu
from audits.readers.common import coefficient, configuration, oriented, sized, taken, tensors, whole
from audits.sae import SAE
from testbed.errors import InputError

WEIGHTS = "sae_weights.safetensors"
INPUTS = {"none", "expected_average_only_in"}  # normalize_activations that leave the problem as it is once folded


def recognises(path: Path) -> bool:
    """Whether the folder is one that SAELens writes."""
    return path.is_dir() and (path / "cfg.json").is_file() and (path / WEIGHTS).is_file()


def read(path: Path) -> SAE:
    """The SAE in a folder. Raises ValueError naming the file for what is not one, or is not a dictionary of its input:
    transcoders, skip connections, hook_z reshaping, layer_norm and whitened inputs, penalties that are not L1."""
    cfg, held = configuration(path / "cfg.json"), tensors(path / WEIGHTS)
    architecture = _architecture(path / "cfg.json", cfg)
    W_dec, W_enc, b_dec = taken(path / WEIGHTS, held, ("W_dec", "W_enc", "b_dec"))
    d = len(b_dec) if b_dec.ndim == 1 else 0
    if W_dec.ndim != 2 or d not in W_dec.shape:
        raise InputError(f"{path / WEIGHTS}: W_dec must have a side of b_dec's {d} entries; its shape is {W_dec.shape}")
    m = W_dec.shape[0] if W_dec.shape[1] == d else W_dec.shape[1]
    W_dec = oriented(path / WEIGHTS, "W_dec", W_dec, (m, d))
    W_enc = oriented(path / WEIGHTS, "W_enc", W_enc, (d, m))
    D, norms, dead = sae.fold(str(path / WEIGHTS), W_dec)
    said = [f"decoder rows of norm {norms[~dead].min(initial=np.inf):.4g} to {norms.max():.4g} are folded into the "
            "codes"]
    rescaled = bool(cfg.get("rescale_acts_by_decoder_norm")) and architecture == "topk"
    if rescaled:  # a is divided by the norms again before it is decoded
        said.append("which latents survive TopK is chosen by activation times decoder norm "
                    "(rescale_acts_by_decoder_norm)")
    centred = bool(cfg.get("apply_b_dec_to_input", True))
    said.append("b_dec is subtracted from the input" if centred else "b_dec is not subtracted from the input")
    said += _input(path / "cfg.json", cfg)
    c, activation = _encoder(path, cfg, held, architecture, m, norms.astype(W_enc.dtype) if rescaled else None, said)
    lam, source = _penalty(path / "cfg.json", cfg)
    return SAE("sae_lens", _trained_as(cfg, architecture), D, b_dec.astype(np.float64), W_enc, c,
               b_dec if centred else np.zeros_like(b_dec), activation,
               np.where(dead, 0.0, 1.0) if rescaled else norms, dead, lam, source, tuple(said))


def _architecture(where: Path, cfg: Mapping[str, Any]) -> str:
    """standard, topk, jumprelu, gated or batchtopk; versions before 6 say topk by an activation function."""
    if "d_out" in cfg or cfg.get("hook_name_out") or "transcoder" in str(cfg.get("architecture", "")):
        raise InputError(f"{where}: a transcoder is not a dictionary of its own input")
    if str(cfg.get("reshape_activations", "none")) not in ("none", "None"):
        raise InputError(f"{where}: reshape_activations {cfg['reshape_activations']!r} is not undone here; give the "
                         "SAE and its activations in the reshaped space")
    name = str(cfg.get("architecture", "standard"))
    if name == "standard" and str(cfg.get("activation_fn_str", cfg.get("activation_fn", "relu"))) == "topk":
        return "topk"
    known = {"standard", "topk", "jumprelu", "gated", "batchtopk"}
    if name not in known:
        raise InputError(f"{where}: architecture {name!r} is not read; known are {', '.join(sorted(known))}")
    return name


def _trained_as(cfg: Mapping[str, Any], architecture: str) -> str:
    """What it was trained as, where the file says: a BatchTopK or Matryoshka SAE is saved as a JumpReLU."""
    metadata = cfg.get("metadata")
    trained = metadata.get("training_architecture") if isinstance(metadata, Mapping) else None
    return architecture if trained in (None, architecture) else f"{trained} saved as {architecture}"


def _input(where: Path, cfg: Mapping[str, Any]) -> list[str]:
    """What is said of the normalisation of activations; ValueError where the problem would be another one."""
    way = str(cfg.get("normalize_activations", "none"))
    if way not in INPUTS:
        raise InputError(f"{where}: normalize_activations {way!r} makes another problem of every sample; audit it with "
                         "activations normalised in the same way, and the configuration set to 'none'")
    if way == "none":
        return ["normalize_activations is none: a scale folded in at the end of training leaves no trace, and the "
                "penalty in the configuration is then that of scaled data"]
    return ["normalize_activations is expected_average_only_in: activations must come scaled as in training, to mean "
            "norm sqrt(d)"]


def _encoder(path: Path, cfg: Mapping[str, Any], held: Mapping[str, np.ndarray], architecture: str, m: int,
             norms: np.ndarray | None, said: list[str]) -> tuple[np.ndarray, Any]:
    """Encoder bias and activation."""
    weights = path / WEIGHTS
    if architecture == "gated":
        r, gate, magnitude = (sized(weights, name, vector, m) for name, vector in zip(
            ("r_mag", "b_gate", "b_mag"), taken(weights, held, ("r_mag", "b_gate", "b_mag")), strict=True))
        return np.zeros_like(gate), Gated(r, gate, magnitude)
    c = sized(weights, "b_enc", taken(weights, held, ("b_enc",))[0], m)
    if architecture == "standard":
        return c, relu
    if architecture == "topk":
        older = cfg.get("activation_fn_kwargs") if "k" not in cfg else None
        return c, TopK(whole(path / "cfg.json", older if isinstance(older, Mapping) else cfg, "k", 1), norms)
    if architecture == "jumprelu":
        return c, JumpReLU(sized(weights, "threshold", taken(weights, held, ("threshold",))[0], m))
    (level,) = taken(weights, held, ("topk_threshold",))
    said.append("saved in training, its forward pass depends on the batch: the running topk_threshold stands in for it")
    return c, JumpReLU(np.full(m, level.item() if level.size == 1 else np.nan, c.dtype))


def _penalty(where: Path, cfg: Mapping[str, Any]) -> tuple[float | None, str]:
    """lam = l1_coefficient / 2, where the SAE was trained with one."""
    metadata = cfg.get("metadata")
    details = metadata.get("training_architecture_details") if isinstance(metadata, Mapping) else None
    for holder in (cfg, details):
        if isinstance(holder, Mapping) and "l1_coefficient" in holder:
            power = coefficient(where, "lp_norm", holder.get("lp_norm", 1.0))
            if power != 1:
                raise InputError(f"{where}: lp_norm {power:g} is not the L1 penalty that the statements are about")
            c = coefficient(where, "l1_coefficient", holder["l1_coefficient"])
            return (c / 2 or None), f"half the configuration's l1_coefficient {c:g}"
    return None, "its configuration names no L1 penalty"
