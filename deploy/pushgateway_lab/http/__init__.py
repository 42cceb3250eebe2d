"""Clients of both HTTP APIs, over the SSH connection to a host, with limits and authentication."""
