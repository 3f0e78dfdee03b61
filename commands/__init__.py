"""What a person types: the command line `testbed`, also `python -m commands`."""
