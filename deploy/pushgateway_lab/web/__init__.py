"""The wanted files of a host for TLS and passwords."""
