"""Prometheus of a host: the scrape job in its configuration file, and that the file is loaded."""
