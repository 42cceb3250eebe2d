"""The Pushgateway of a host: its service with the wanted flags, and a client of its API."""
