"""Two features and two atoms in a plane: every minimum, its regimes and their boundaries."""
