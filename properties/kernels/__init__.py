"""Compiled code of the statements. No validation here."""
