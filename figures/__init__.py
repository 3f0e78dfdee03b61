"""Pictures of the theory at true optima, and the command line.

Kept light: the command line answers --help without importing anything that computes.
"""
