"""Compiled code of the exact answers: quadrature over scalar laws, and two atoms in a plane. No validation here."""
