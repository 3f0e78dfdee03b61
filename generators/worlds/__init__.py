"""The worlds themselves, one a file or a few that belong together, each with its exact answer where theory knows it.

`generators` offers their constructors by name; a new one is imported there and listed in `generators.registry`.
"""
