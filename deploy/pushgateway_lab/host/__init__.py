"""One host: its snapshot, when to look at it, and files on it that are replaced as one transaction."""
