"""One host: its snapshot, when to take it, its services, and transactions on its files."""
