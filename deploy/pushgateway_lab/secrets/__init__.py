"""Secrets of settings: fetched on the machine that runs pyinfra, once for a run."""

from pushgateway_lab.secrets.resolve import secret_of

__all__ = ["secret_of"]
