"""Dictionaries that others trained: read them, and ask how far from optimal they are and why.

    from audits import audit, read_sae
    sae = read_sae("path/to/folder")          # SAELens, dictionary_learning, sparsify, or plain arrays
    print(audit(sae, activations))            # the split of its excess, implied prices, statements, pairs

`train` makes an amortised SAE of our own, `to_sae_lens` a folder that SAELens loads, `batches` of a
world what its trainer takes.
"""

from audits.accounting import Mean
from audits.amortised import Trained, train
from audits.auditing import audit
from audits.export import batches, to_sae_lens
from audits.findings import Audit
from audits.readers import read_sae
from audits.sae import SAE

__all__ = ["SAE", "Audit", "Mean", "Trained", "audit", "batches", "read_sae", "to_sae_lens", "train"]
