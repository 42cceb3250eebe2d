"""Prometheus of a host: the scrape job in its configuration file, and the reload of the file."""
