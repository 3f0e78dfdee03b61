"""Compiled code only: no validation, positional arguments, the same bits for any number of threads."""
