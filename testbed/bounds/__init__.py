"""What no dictionary can beat: the convex programme of any width, certificates, gaps, merging.

All of it works on one thread: its programmes are small, and proofs must not depend on how BLAS shares work.
"""
