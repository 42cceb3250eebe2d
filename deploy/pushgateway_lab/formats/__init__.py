"""Parsers and writers for the formats of Prometheus, the Pushgateway and the kernel. Pure functions."""
