"""Clients of both HTTP APIs, through a host's own connection, with limits and authentication."""
