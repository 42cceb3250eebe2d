"""Texts and answers in the formats of Prometheus and the Pushgateway. Pure functions."""
