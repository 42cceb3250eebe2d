"""A report shown: in a terminal, as JSON, as JUnit XML, as a page, and as files of a directory.

Nothing here looks at a host: each function makes a text of a `pushgateway_lab.lab.results.Report`.
What comes from hosts is text to all of them, whatever it holds.
"""
