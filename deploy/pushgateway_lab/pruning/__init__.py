"""The files of the prune that a host gets."""
