"""Exact codes for a dictionary: one module per way of coding."""
