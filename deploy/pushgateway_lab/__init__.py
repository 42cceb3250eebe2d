"""Prepare, bootstrap and verify Prometheus Pushgateway lab hosts with pyinfra."""

__version__ = "0.1.0"
