"""The Pushgateway of a host: its flags, its address, and that it runs as it should."""
