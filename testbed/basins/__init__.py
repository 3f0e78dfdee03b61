"""Beyond the minimum at hand: moves between basins, search, paths in the penalty and in the width."""
