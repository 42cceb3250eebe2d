"""The prune's program, which runs on a host: only Python 3.9 and its standard library.

`pushgateway_lab.pruning.bundle` makes one file of these modules and the shared modules of the package.
"""
