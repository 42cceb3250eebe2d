"""The installation of packages on a host, and the checks before it."""
