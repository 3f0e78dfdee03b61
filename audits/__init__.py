"""Dictionaries that others trained: read them, and ask how far from optimal they are and why.

    from audits import read_sae
    sae = read_sae("path/to/folder")          # SAELens, dictionary_learning, sparsify, or plain arrays
    sae.encode(X)                             # its own codes, on atoms of unit norm
"""

from audits.readers import read_sae
from audits.sae import SAE

__all__ = ["SAE", "read_sae"]
