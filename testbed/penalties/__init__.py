"""What codes cost: one penalty a module, each with its value, slope, curvature and prox, and what it claims of codes.

    parse("mcp(lam=0.1, gamma=4)") == MCP(lam=0.1, gamma=4)

All but L1 are for nonnegative codes.
"""

from testbed.penalties.base import Penalty
from testbed.penalties.energy import Energy
from testbed.penalties.l0 import L0
from testbed.penalties.l1 import L1
from testbed.penalties.log import Log
from testbed.penalties.mcp import MCP
from testbed.penalties.reading import PENALTIES, as_penalty, parse
from testbed.penalties.topk import TopK

__all__ = ["L0", "L1", "MCP", "PENALTIES", "Energy", "Log", "Penalty", "TopK", "as_penalty", "parse"]
