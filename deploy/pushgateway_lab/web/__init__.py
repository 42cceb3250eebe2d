"""The files with which a host's Pushgateway asks for passwords and speaks TLS, and Prometheus gets in: what they should be."""
