"""What codes cost: one penalty a module, each with its value, its slope, and what it claims of optimal codes."""

from testbed.penalties.l1 import L1

__all__ = ["L1"]
