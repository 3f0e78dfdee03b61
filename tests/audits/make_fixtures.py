"""Makes tests/audits/fixtures: SAEs that other libraries train and save, and what those libraries answer to 200 rows.

    pip install torch sae-lens==6.54.12 dictionary-learning==0.1.0 eai-sparsify==1.3.3 numba
    PYTHONPATH=. python tests/audits/make_fixtures.py

Small SAEs (20 latents) of the project's tree world, turned into 40 dimensions. Each folder holds what its library
writes, and forward.npz: 200 rows X, the activations z and reconstructions y that the library itself computes.
versions.json says which versions made them. They are committed, so that no test needs these libraries.
"""

from __future__ import annotations

import json
import platform
import shutil
import sys
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
import torch

from generators import tree

HERE = Path(__file__).parent / "fixtures"
D, M, SAMPLES, ROWS, BATCH, STEPS, RATE = 40, 20, 20_000, 200, 500, 3000, 3e-3
L1 = 0.2  # their coefficient: lam = 0.1


def batches(X: torch.Tensor, seed: int = 0) -> Iterator[torch.Tensor]:
    """Batches of rows without end."""
    pick = torch.Generator().manual_seed(seed)
    while True:
        yield X[torch.randint(len(X), (BATCH,), generator=pick)]


def answered(home: Path, X: torch.Tensor, z: torch.Tensor, y: torch.Tensor) -> None:
    """Write forward.npz."""
    arrays = {name: value.detach().numpy().astype(np.float32) for name, value in (("X", X), ("z", z), ("y", y))}
    np.savez_compressed(home / "forward.npz", **arrays)  # type: ignore[arg-type]


def from_sae_lens(X: torch.Tensor) -> None:
    """Six architectures, saved for inference; one with normalised activations, one saved in training."""
    from sae_lens import SAE, saes
    from sae_lens.config import SAETrainerConfig
    from sae_lens.training.sae_trainer import SAETrainer

    d = X.shape[1]
    kinds: dict[str, tuple[str, dict[str, Any]]] = {
        "standard": ("Standard", {"l1_coefficient": L1}),
        "standard_norm": ("Standard", {"l1_coefficient": 4 * L1, "normalize_activations": "expected_average_only_in"}),
        "topk": ("TopK", {"k": 3}),
        "jumprelu": ("JumpReLU", {"l0_coefficient": 0.1, "jumprelu_bandwidth": 0.1}),
        "gated": ("Gated", {"l1_coefficient": L1}),
        "batchtopk": ("BatchTopK", {"k": 3}),
        "matryoshka": ("MatryoshkaBatchTopK", {"k": 3, "matryoshka_widths": [8, M]}),
    }
    for name, (kind, options) in kinds.items():
        torch.manual_seed(0)
        training = getattr(saes, f"{kind}TrainingSAE")
        sae = training(getattr(saes, f"{kind}TrainingSAEConfig")(d_in=d, d_sae=M, **options))
        settings = SAETrainerConfig(total_training_samples=STEPS * BATCH, train_batch_size_samples=BATCH, lr=RATE,
                                    lr_end=RATE / 10, lr_decay_steps=STEPS // 5, n_batches_for_norm_estimate=50)
        SAETrainer(cfg=settings, sae=sae, data_provider=batches(X)).fit()
        home = HERE / name
        sae.save_inference_model(home)
        loaded = SAE.load_from_disk(home)
        with torch.no_grad():
            z = loaded.encode(X[:ROWS])
            answered(home, X[:ROWS], z.to_dense(), loaded.decode(z))
        if name == "topk":
            sae.save_model(HERE / "topk_training")
            (HERE / "topk_training" / "sparsity.safetensors").unlink(missing_ok=True)
            with torch.no_grad():
                z = sae.encode(X[:ROWS])
                answered(HERE / "topk_training", X[:ROWS], z.to_dense(), sae.decode(z))


def from_dictionary_learning(X: torch.Tensor) -> None:
    """A ReLU and a TopK autoencoder."""
    from dictionary_learning.trainers import StandardTrainer, TopKTrainer
    from dictionary_learning.training import trainSAE

    common = {"steps": STEPS, "activation_dim": X.shape[1], "dict_size": M, "layer": 0, "lm_name": "tree", "seed": 0,
              "device": "cpu", "warmup_steps": 100, "decay_start": STEPS * 4 // 5, "lr": RATE}
    kinds: dict[str, dict[str, Any]] = {
        "dl_standard": {"trainer": StandardTrainer, "l1_penalty": L1, "sparsity_warmup_steps": 100},
        "dl_topk": {"trainer": TopKTrainer, "k": 3}}
    for name, options in kinds.items():
        home = HERE / name
        trainSAE(batches(X), [common | options], steps=STEPS, save_dir=str(home), device="cpu")
        from dictionary_learning.utils import load_dictionary

        loaded, _ = load_dictionary(str(home / "trainer_0"), device="cpu")
        with torch.no_grad():
            z = loaded.encode(X[:ROWS])
            answered(home, X[:ROWS], z, loaded.decode(z))


def from_sparsify(X: torch.Tensor) -> None:
    """A TopK coder, with a loop of our own around its loss: its trainer wants a language model."""
    from sparsify import SparseCoder, SparseCoderConfig

    torch.manual_seed(0)
    coder = SparseCoder(X.shape[1], SparseCoderConfig(num_latents=M, k=3))
    optimiser, source = torch.optim.Adam(coder.parameters(), lr=RATE), batches(X)
    coder.b_dec.data = X.mean(dim=0)
    for _ in range(STEPS):
        optimiser.zero_grad()
        coder(next(source)).fvu.backward()
        optimiser.step()
        coder.set_decoder_norm_to_unit_norm()
    home = HERE / "sparsify_topk"
    coder.save_to_disk(home)
    with torch.no_grad():
        found = coder(X[:ROWS])
        z = torch.zeros(ROWS, M).scatter(1, found.latent_indices, found.latent_acts)
        answered(home, X[:ROWS], z, found.sae_out)


def main() -> None:
    """Replace every fixture."""
    torch.set_num_threads(1)
    turn, _ = np.linalg.qr(np.random.default_rng(0).standard_normal((D, D)))
    X = tree().sample(SAMPLES, 3).X
    X = torch.from_numpy((X @ turn[: X.shape[1]]).astype(np.float32))
    makers = {"sae-lens": from_sae_lens, "dictionary-learning": from_dictionary_learning, "eai-sparsify": from_sparsify}
    for package in sys.argv[1:] or makers:
        makers[package](X)
    packages = ("torch", "numpy", *makers)
    HERE.joinpath("versions.json").write_text(json.dumps(
        {"python": platform.python_version(), **{name: metadata.version(name) for name in packages}}, indent=1) + "\n")
    for folder in HERE.rglob("__pycache__"):
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
