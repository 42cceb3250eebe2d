"""Passwords, their hashes, and certificates on the machine that runs pyinfra."""
