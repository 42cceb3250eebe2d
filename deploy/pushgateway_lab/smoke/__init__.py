"""The push that proves that a host works."""
