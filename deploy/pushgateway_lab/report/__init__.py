"""Formats of a report: a table for a terminal, JSON, JUnit XML, an HTML page, and files of a directory.

Each module turns a `pushgateway_lab.lab.results.Report` into a text, and escapes the texts of hosts for its
format. None of them talks to a host.
"""
