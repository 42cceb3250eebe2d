"""The program that a host runs to prune: Python 3.9 and its standard library.

`pushgateway_lab.pruning.bundle` makes one file of these modules and those that they share with the package.
"""
