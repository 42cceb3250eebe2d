"""The files of the prune that are installed on a host, and its program."""
